"""Prints how far study logits of 1 mm scans, read as slabs, lie from those of 5 mm scans of the same made heads.

python benchmarks/thin_slices.py ENSEMBLE
python benchmarks/thin_slices.py ENSEMBLE --heads 30 --seed 18

Each head is scanned at 1 mm and twice at 5 mm, each scan with noise of its own, written as DICOM and read back as any
study is. What two 5 mm scans differ by is noise: the slabs of a 1 mm scan should differ by no more. Beside it stands a
1 mm scan that lacks its two lowest slices, so that its slabs lie between the 5 mm slices.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml

from ich.dicom.scan import preprocess_scan
from ich.ensemble.ensemble import ICHEnsemble
from ich.phantom.dicom_writer import encode_study, name_study
from ich.phantom.grid import Grid
from ich.phantom.options import Difficulty, Prevalence, Scanner
from ich.phantom.rescan import scan_again, see_head, thicker
from ich.phantom.storage import Storage, draw_storage
from ich.phantom.study import draw_study, study_generator

DIFFICULTY = Path(__file__).parents[1] / "conf" / "difficulty" / "clear.yaml"
FACTOR = 5  # thin slices of 1 mm to a thick one
N_SLICES = (28, 34)  # of 5 mm, as `Scanner` draws them
N_RESAMPLES = 10_000
CUT = 2  # lowest thin slices left out, so that slabs lie elsewhere
SCANS = ("5 mm", "5 mm again", "1 mm", "1 mm, cut")


def main() -> None:
    """Make heads, scan, read and score them; print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("checkpoint", type=Path, help="ensemble.ckpt")
    arguments.add_argument("--heads", type=int, default=30, help="made heads")
    arguments.add_argument("--seed", type=int, default=18, help="of the heads, their noise and the resamples")
    options = arguments.parse_args()
    model = ICHEnsemble.load_from_checkpoint(options.checkpoint, device="cpu")
    heads = [scored_head(model, options.seed, number) for number in range(options.heads)]
    tilts = np.degrees([tilt for tilt, _ in heads])
    for level in ("cnn", "ensemble"):
        print(f"\n{level} of {options.checkpoint.name}, {len(heads)} heads, seed {options.seed}")
        print_differences({name: np.stack([logits[name][level] for _, logits in heads]) for name in SCANS}, tilts)


def scored_head(model: ICHEnsemble, seed: int, number: int) -> tuple[float, dict[str, dict[str, np.ndarray]]]:
    """Gantry tilt in radians, and study logits, float32 (6,), by scan and level."""
    found = {}
    tilt = 0.0
    for name, grid, hu, storage in scans_of(seed, number):
        tilt = grid.tilt
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), hu, grid, storage=storage)
            logits = model.predict(preprocess_scan(folder)).logits
        found[name] = {level: logits[level].max(axis=0) for level in ("cnn", "ensemble")}
    return tilt, found


def scans_of(seed: int, number: int) -> Iterator[tuple[str, Grid, np.ndarray, Storage]]:
    """Name, geometry, int16 HU (S, R, C) and storage of each scan of one head."""
    rng = study_generator(seed, number)
    n_thin = FACTOR * int(rng.integers(N_SLICES[0], N_SLICES[1] + 1))
    difficulty = yaml.safe_load(DIFFICULTY.read_text(encoding="utf-8"))
    difficulty.pop("_target_")
    drawn = draw_study(
        rng,
        difficulty=Difficulty(**difficulty),
        scanner=Scanner(thickness_mm=5.0 / FACTOR, n_slices=(n_thin, n_thin)),
        prevalence=Prevalence(),
    )
    storage = draw_storage(rng)
    thin = see_head(drawn, rng)
    thick = thicker(thin, FACTOR)
    del drawn
    yield SCANS[0], thick.grid, scan_again(thick, rng), storage
    yield SCANS[1], thick.grid, scan_again(thick, rng), storage
    hu = scan_again(thin, rng)
    yield SCANS[2], thin.grid, hu, storage
    yield SCANS[3], thin.grid, hu[CUT:], storage


def write(folder: Path, hu: np.ndarray, grid: Grid, *, storage: Storage) -> None:
    """Write a scan as DICOM; what is cut off is missing at the feet."""
    first = grid.n_slices - len(hu)
    grid = grid if first == 0 else _from(grid, first)
    names = name_study(0, 0, n_slices=grid.n_slices)
    for sop_uid, content in zip(names.sop_uids, encode_study(hu, grid, names=names, storage=storage), strict=True):
        (folder / f"{sop_uid}.dcm").write_bytes(content)


def _from(grid: Grid, first: int) -> Grid:
    """The geometry without its lowest slices."""
    scale = np.eye(4)
    scale[0, 3] = first
    return Grid(
        n_slices=grid.n_slices - first,
        size=grid.size,
        pixel_mm=grid.pixel_mm,
        spacing_mm=grid.spacing_mm,
        tilt=grid.tilt,
        to_scanner=grid.to_scanner @ scale,
        to_head=grid.to_head @ scale,
    )


def print_differences(logits: dict[str, np.ndarray], tilts: np.ndarray) -> None:
    """Mean absolute differences of study logits (heads, 6), their bounds over heads, and the verdict."""
    first, second = logits["5 mm"], logits["5 mm again"]
    noise = np.abs(first - second).mean(axis=1)  # (heads,)
    rows = {"5 mm to 5 mm": noise}
    for name in SCANS[2:]:
        rows[f"{name} to 5 mm"] = (np.abs(logits[name] - first) + np.abs(logits[name] - second)).mean(axis=1) / 2
    print(
        f"{'mean |difference| of study logits':36}{'mean':>8}{'95 % bound':>12}{'upright':>9}{'tilted':>8}{'signed':>8}"
    )
    upright = tilts == 0
    for name, differences in rows.items():
        parts = [differences[upright], differences[~upright]]
        upright_mean, tilted_mean = (float(part.mean()) if part.size else np.nan for part in parts)
        other = second if name.startswith("5 mm") else logits[name.removesuffix(" to 5 mm")]
        signed = float((other - first).mean())
        bound = upper_bound(differences)
        print(f"{name:36}{differences.mean():8.4f}{bound:12.4f}{upright_mean:9.4f}{tilted_mean:8.4f}{signed:8.4f}")
    met = rows["1 mm to 5 mm"].mean() <= upper_bound(noise)
    print(f"1 mm studies score like 5 mm ones: {'yes' if met else 'NO'}")


def upper_bound(values: np.ndarray, level: float = 0.95) -> float:
    """Upper one-sided bound of the mean: its quantile over resampled heads."""
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, len(values), (N_RESAMPLES, len(values)))].mean(axis=1)
    return float(np.quantile(means, level))


if __name__ == "__main__":
    main()
