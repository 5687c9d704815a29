"""Prints how often made heads bleed, their HU inside the skull and what one number finds, beside RSNA's figures.

python benchmarks/made_heads.py
python benchmarks/made_heads.py --real FOLDER_OF_DICOM    (HU of real studies in a row below those of the made ones)

Heads of 256 px as hard as conf/difficulty/clear.yaml says, written as DICOM into a temporary folder and read back.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from ich.dicom.resize import resize_hu
from ich.dicom.scan import Scan
from ich.dicom.studies import read_studies
from ich.labels import LABELS
from ich.metrics.one_number import RULES, one_number_rules, skull_cavity
from ich.metrics.ranking import roc_auc
from ich.phantom.make import make_studies
from ich.phantom.options import Difficulty, Prevalence, Scanner

DIFFICULTY = Path(__file__).parents[1] / "conf" / "difficulty" / "clear.yaml"
SIZE = 256  # pixels a side; the rules' erosion and blur are counted in these
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
MIN_CAVITY = 500  # pixels; below this a slice holds hardly any brain

# RSNA 2019, training part, in the order of LABELS. Slices: sums of the challenge's stage_2_train.csv (Flanders et al.,
# Radiology: AI 2020;2(3):e190211). Studies: the same labels, a study being positive where one of its slices is.
RSNA_STUDIES, RSNA_SLICES = 21_744, 752_803
RSNA_POSITIVE_STUDIES = np.array([354, 5_321, 3_692, 3_932, 3_812, 8_882])
RSNA_POSITIVE_SLICES = np.array([3_145, 36_118, 26_205, 35_675, 47_166, 107_933])


def main() -> None:
    """Make heads, read them and, if given, real ones; print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--studies", type=int, default=120, help="made studies")
    arguments.add_argument("--seed", type=int, default=4021, help="of the made studies")
    arguments.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), help="all cores without it")
    arguments.add_argument("--real", type=Path, help="folder of DICOM")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        heads = Path(folder) / "heads"
        _make(heads, options.studies, seed=options.seed, processes=options.processes)
        labels = pd.read_csv(heads / "labels.csv", usecols=["sop_uid", *LABELS]).set_index("sop_uid")
        made = read_slices(heads / "dicom").join(labels, on="sop_uid", validate="one_to_one")
    print(f"seed {options.seed}: {made['study'].nunique()} made studies, {len(made)} slices")
    _print_prevalence(made)
    tables = {"made": made} if options.real is None else {"made": made, "real": read_slices(options.real)}
    _print_hu(tables)
    _print_rules(made)


def _make(folder: Path, n_studies: int, *, seed: int, processes: int) -> None:
    difficulty = yaml.safe_load(DIFFICULTY.read_text(encoding="utf-8"))
    difficulty.pop("_target_")
    make_studies(
        folder,
        n_studies,
        seed=seed,
        difficulty=Difficulty(**difficulty),
        scanner=Scanner(size=SIZE),
        prevalence=Prevalence(),
        processes=processes,
    )


def read_slices(folder: Path) -> pd.DataFrame:
    """A row a slice of every study: `study`, `sop_uid`, the rules' scores, HU percentiles of the cavity.

    Raises:
        DataError: a study that can't be read as a head CT.
    """
    rows = []
    for outcome in read_studies(folder, slab_mm=None).outcomes():
        if not isinstance(outcome, Scan):
            raise outcome.reason
        for sop_uid, hu in zip(outcome.sop_uids, resize_hu(outcome.hu, SIZE), strict=True):
            facts = {**one_number_rules(hu), **cavity_percentiles(hu)}
            rows.append({"study": outcome.study_uid, "sop_uid": sop_uid, **facts})
    return pd.DataFrame(rows)


def cavity_percentiles(hu: np.ndarray) -> dict[str, float]:
    """Percentiles of int16 HU (R, C) inside the skull, named `hu_1` and so on; nan where the cavity is small."""
    inside = hu[skull_cavity(hu)]
    values = np.percentile(inside, PERCENTILES) if inside.size >= MIN_CAVITY else [np.nan] * len(PERCENTILES)
    return {f"hu_{percentile}": float(value) for percentile, value in zip(PERCENTILES, values, strict=True)}


def _print_prevalence(made: pd.DataFrame) -> None:
    of_studies = made.groupby("study")[list(LABELS)].max()
    n_studies, n_slices = of_studies.sum().to_numpy(), made[list(LABELS)].sum().to_numpy()
    shares = n_studies / len(of_studies)
    made_a_study = np.divide(n_slices, n_studies, out=np.full(len(LABELS), np.nan), where=n_studies > 0)
    _print_row("", [label[:12] for label in LABELS])
    _print_row("share of studies, made", [f"{share:.4f}" for share in shares])
    half_widths = 1.96 * np.sqrt(shares * (1 - shares) / len(of_studies))
    _print_row("  95 % half-width", [f"{width:.4f}" for width in half_widths])
    _print_row("share of studies, RSNA", [f"{n / RSNA_STUDIES:.4f}" for n in RSNA_POSITIVE_STUDIES])
    _print_row("share of slices, made", [f"{n / len(made):.4f}" for n in n_slices])
    _print_row("share of slices, RSNA", [f"{n / RSNA_SLICES:.4f}" for n in RSNA_POSITIVE_SLICES])
    _print_row("slices a study, made", [f"{n:.1f}" for n in made_a_study])
    _print_row("slices a study, RSNA", [f"{n:.1f}" for n in RSNA_POSITIVE_SLICES / RSNA_POSITIVE_STUDIES])


def _print_hu(tables: dict[str, pd.DataFrame]) -> None:
    names = [f"hu_{percentile}" for percentile in PERCENTILES]
    _print_row("HU inside the skull", [f"{percentile} %" for percentile in PERCENTILES])
    for name, slices in tables.items():
        found = slices[names].dropna()
        _print_row(f"{name}, {len(found)} slices", [f"{value:.1f}" for value in found.median()])


def _print_rules(made: pd.DataFrame) -> None:
    _print_row("AUC for any, slices", list(RULES))
    areas = [roc_auc(made["any"].to_numpy(float), made[rule].to_numpy()).value for rule in RULES]
    _print_row("made", ["-" if area is None else f"{area:.3f}" for area in areas])


def _print_row(name: str, cells: list[str]) -> None:
    print(f"{name:26}" + "".join(f"{cell:>14}" for cell in cells))


if __name__ == "__main__":
    main()
