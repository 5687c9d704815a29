"""Times label join, index and folds at the size of RSNA 2019, 752,803 images, each stage in a process of its own.

python benchmarks/rsna_size.py TABLES
python benchmarks/rsna_size.py TABLES --images 40000      (a part of the set)
python benchmarks/rsna_size.py TABLES --folds-only        (the table of folds of the real studies, nothing timed)

TABLES holds rsna_studies.csv.xz (the real studies and patients) and rsna_positives.csv.xz (every real positive image).
The rest is made: ids of negative images in the real form, which image lies in which study (20 to 60 a study, each
positive in a study that has its labels), a label file in no order with 24 rows that repeat, and headers and facts as a
preparation leaves them. No pixels: what is timed is all that `prepare.py` does beside them. Budget: 60 s and 2 GB.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import yaml

from ich.dicom.files import DicomFile, find_files
from ich.labels import LABELS, SUBTYPES
from ich.phantom.options import Difficulty
from ich.progress import Progress, quiet
from ich.sources.phantom import Phantom
from ich.sources.rsna import read_long_labels
from ich.sources.source import LabelTable
from ich.store.gathering.folds import TEST_FOLD, FoldOptions, place_patients
from ich.store.keys import HashKey, find_hash_key
from ich.store.listing.headers import file_table, load_headers, read_header_table, save_headers, with_keys
from ich.store.listing.inventory import list_studies
from ich.store.prepare import prepare_store
from ich.store.settings import StoreSettings

DIFFICULTY = Path(__file__).parents[1] / "conf" / "difficulty" / "clear.yaml"
N_IMAGES = 752_803
FEWEST, MOST = 20, 60  # slices a study
N_REPEATED = 4  # images whose six rows stand in the label file twice
FOLDS = FoldOptions(n_folds=5, test_share=0.2, seed=0)
SIZE = 256
HOLDS = 0.6  # share of slices that show brain, so that their pixels are hashed
PART = "stage_2_train"


@dataclass(frozen=True)
class MadeRsna:
    """The made set as a source; its files are members of one archive that is never opened."""

    root: Path
    name: str = "rsna"
    part: str = "train"
    keeps_every_slice: bool = True
    public: bool = True
    series: tuple[str, ...] = ()
    expected: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def check(self, *, progress: Progress = quiet) -> None:
        """Nothing to see to."""

    def files(self) -> list[DicomFile]:
        """One a line of files.txt."""
        archive = self.root / "rsna.zip"
        return [DicomFile(archive, name) for name in (self.root / "files.txt").read_text().splitlines()]

    def labels(self) -> LabelTable | None:
        """Read from the label file."""
        return read_long_labels(self.root / f"{PART}.csv")

    def key(self) -> HashKey:
        """The documented one."""
        return find_hash_key(self.root, public=True)


@dataclass(frozen=True)
class Images:
    """The images of the set, in the order of their names.

    Attributes:
        names: `ID_` and nine hexadecimal digits.
        studies: row of the table of studies, int64.
        labels: int8 (images, 6).
        positions: number of each within its study, int64.
    """

    names: np.ndarray
    studies: np.ndarray
    labels: np.ndarray
    positions: np.ndarray


def main() -> None:
    """Make the set, time the stages, print them and the folds of the real studies."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tables", type=Path, help="folder of the real tables")
    arguments.add_argument("--images", type=int, default=N_IMAGES, help="images; studies follow")
    arguments.add_argument("--seed", type=int, default=18, help="of what is made")
    arguments.add_argument("--folds-only", action="store_true", help="only the folds of the real studies")
    options = arguments.parse_args()
    studies = pd.read_csv(options.tables / "rsna_studies.csv.xz")
    if not options.folds_only:
        positives = pd.read_csv(options.tables / "rsna_positives.csv.xz")
        with tempfile.TemporaryDirectory() as folder:
            time_stages(Path(folder), studies, positives, n_images=options.images, seed=options.seed)
    print_folds(studies)


def time_stages(folder: Path, studies: pd.DataFrame, positives: pd.DataFrame, *, n_images: int, seed: int) -> None:
    """Make the set below `folder`, then run each stage alone."""
    rng = np.random.default_rng(seed)
    if n_images < N_IMAGES:
        studies = studies.sample(n_images * len(studies) // N_IMAGES, random_state=seed).reset_index(drop=True)
        positives = positives.sample(n_images * len(positives) // N_IMAGES, random_state=seed)
    images = make_images(studies, positives, n_images=n_images, rng=rng)
    write_set(folder, images, studies, rng=rng)
    write_facts(folder, images, rng=rng)
    n_positive = int(images.labels[:, -1].sum())
    print(f"{n_images:,} images ({n_positive:,} positive) of {len(studies):,} studies, seed {seed}\n")
    print(f"{'stage':58}{'s':>7}{'cpu s':>8}{'peak MB':>9}")
    run("nothing (imports)", nothing, folder)
    run("label file read", read_labels, folder)
    run("headers, label join, choices, index", index, folder)
    run("folds of all studies", split, folder)
    run("the whole of prepare.py but pixels (budget 60 s, 2,000 MB)", prepare, folder)


def run(name: str, stage: Callable[[Path], str], folder: Path) -> None:
    """Run a stage in a new process; print its time and the most memory the process ever had."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        seconds, cpu, peak, found = alone.submit(measured, stage, folder).result()
    print(f"{name:58}{seconds:7.1f}{cpu:8.1f}{peak:9,.0f}  {found}", flush=True)


def measured(stage: Callable[[Path], str], folder: Path) -> tuple[float, float, float, str]:
    """Seconds, seconds of CPU, peak MB, and what the stage found."""
    started, cpu = time.perf_counter(), time.process_time()
    found = stage(folder)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return seconds, cpu, peak_mb(), found


def peak_mb() -> float:
    """Most memory of this process since its start (Linux; getrusage would begin with the parent's)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def nothing(_: Path) -> str:
    """What a process of this script weighs before any work."""
    return ""


def read_labels(folder: Path) -> str:
    """The label file alone."""
    table = MadeRsna(folder).labels()
    assert table is not None
    return f"{len(table.frame):,} images; {'; '.join(table.notes)}"


def index(folder: Path) -> str:
    """From known headers and the label file to the studies that can be read."""
    source = MadeRsna(folder)
    inventory = list_studies(source, path=folder / "store", find_key=source.key, processes=0)
    return f"{len(inventory.studies):,} studies; {'; '.join(inventory.notes)}"


def split(folder: Path) -> str:
    """Folds alone, from the label file's studies."""
    studies = pd.read_parquet(folder / "studies.parquet")
    folds = place_patients(studies, {}, options=FOLDS, placed={})
    return f"{len(folds.by_patient):,} patients"


def prepare(folder: Path) -> str:
    """Everything: all studies are there already, so that only tables, folds and accounts are left to do."""
    found = prepare_store(
        MadeRsna(folder),
        folder / "store",
        size=SIZE,
        n_folds=FOLDS.n_folds,
        test_share=FOLDS.test_share,
        seed=FOLDS.seed,
        slab_mm=5.0,
        processes=0,
    )
    assert found.n_made == 0, "a study was made: the set doesn't fit the store any more"
    return f"{found.n_slices:,} slices of {found.n_studies:,} studies of {found.n_patients:,} patients"


def make_images(studies: pd.DataFrame, positives: pd.DataFrame, *, n_images: int, rng: np.random.Generator) -> Images:
    """Draw which image lies in which study."""
    counts = draw_counts(studies["slices"].to_numpy(), n_images, rng=rng)
    labels = positives[list(LABELS)].to_numpy(np.int8)
    owners = place_positives(labels, studies[list(SUBTYPES)].to_numpy(bool), counts, rng=rng)
    left = counts - np.bincount(owners, minlength=len(counts))
    owners = np.concatenate([owners, rng.permutation(np.repeat(np.arange(len(counts)), left))])
    names = np.concatenate([positives["image"].to_numpy(str), made_names(positives["image"], n_images, rng=rng)])
    labels = np.concatenate([labels, np.zeros((n_images - len(labels), len(LABELS)), np.int8)])
    order = np.argsort(names, kind="stable")
    names, owners, labels = names[order], owners[order], labels[order]
    by_study = np.argsort(owners, kind="stable")
    positions = np.empty(n_images, dtype=np.int64)
    positions[by_study] = np.arange(n_images) - np.repeat(np.cumsum(counts) - counts, counts)
    return Images(names, owners, labels, positions)


def draw_counts(known: np.ndarray, n_images: int, *, rng: np.random.Generator) -> np.ndarray:
    """Slices of each study: as known, else drawn from the known ones; together `n_images`, each 20 to 60."""
    counts = np.where(np.isnan(known), rng.choice(known[~np.isnan(known)], len(known)), known).astype(np.int64)
    while missing := n_images - int(counts.sum()):
        step = int(np.sign(missing))
        free = np.flatnonzero(np.isnan(known) & (counts + step >= FEWEST) & (counts + step <= MOST))
        counts[rng.choice(free, min(abs(missing), len(free)), replace=False)] += step
    return counts


def place_positives(
    labels: np.ndarray, studies: np.ndarray, counts: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """A study for each image that has all its labels, int64 (images,); rare combinations choose first."""
    bits = 1 << np.arange(len(SUBTYPES))
    of_image, of_study = labels[:, : len(SUBTYPES)] @ bits, studies @ bits
    patterns = sorted(set(of_image.tolist()), key=lambda pattern: int(((of_study & pattern) == pattern).sum()))
    room = counts.copy()
    owners = np.empty(len(labels), dtype=np.int64)
    for pattern in patterns:
        images, fitting = np.flatnonzero(of_image == pattern), np.flatnonzero((of_study & pattern) == pattern)
        places = rng.permutation(np.repeat(fitting, room[fitting]))[: len(images)]
        owners[images] = places
        room -= np.bincount(places, minlength=len(room))
    return owners


def made_names(taken: pd.Series, n_images: int, *, rng: np.random.Generator) -> np.ndarray:
    """As many further names in the real form as are missing."""
    n_missing = n_images - len(taken)
    drawn = {f"ID_{number:09x}" for number in rng.integers(0, 16**9, n_missing + 1_000)} - set(taken)
    return np.array(sorted(drawn))[rng.permutation(len(drawn))[:n_missing]]


def write_set(folder: Path, images: Images, studies: pd.DataFrame, *, rng: np.random.Generator) -> None:
    """The label file, the list of files, and the headers as an earlier run keeps them."""
    write_labels(folder / f"{PART}.csv", images, rng=rng)
    (folder / "rsna.zip").write_bytes(b"")
    (folder / "files.txt").write_text("\n".join(f"{PART}/{name}.dcm" for name in images.names))
    source = MadeRsna(folder)
    (folder / "store").mkdir()
    table = header_like(folder, len(images.names))
    listed = file_table(source.files(), folder)
    uids = studies["StudyInstanceUID"].to_numpy()[images.studies]
    columns = {
        **{name: listed[name] for name in listed.column_names},
        "sop_uid": pa.array(images.names, pa.string()),
        "study_uid": pa.array(uids, pa.string()),
        "series_uid": pa.array(uids + "_s", pa.string()),
        "patient_id": pa.array(studies["PatientID"].to_numpy()[images.studies], pa.string()),
        "position_z": pa.array(images.positions * 5.0),
    }
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), values)
    save_headers(folder / "store" / "headers.parquet", with_keys(table, source=source.name, key=source.key()))


def write_labels(path: Path, images: Images, *, rng: np.random.Generator) -> None:
    """`ID,Label`, six rows an image in a row, images in no order, four of them a second time further down."""
    order = rng.permutation(len(images.names))
    for image in order[:N_REPEATED]:
        place = rng.integers(len(order) // 2, len(order))
        order = np.insert(order, place, image)
    ids = np.char.add(
        np.repeat(images.names[order], len(LABELS)), np.tile([f"_{label}" for label in LABELS], len(order))
    )
    table = pa.table({"ID": pa.array(ids), "Label": pa.array(images.labels[order].ravel())})
    pa_csv.write_csv(table, path, pa_csv.WriteOptions(quoting_style="none", quoting_header="none"))


def made_study(folder: Path) -> Path:
    """A store of one tiny made head, for headers and facts in the form that a preparation leaves."""
    if not (folder / "template").exists():
        difficulty = yaml.safe_load(DIFFICULTY.read_text(encoding="utf-8"))
        difficulty.pop("_target_")
        scanner = {"size": 32, "n_slices": [8, 8]}
        source = Phantom(
            folder / "template_heads", 1, seed=0, difficulty=Difficulty(**difficulty), scanner=scanner, processes=1
        )
        prepare_store(source, folder / "template", size=32, n_folds=2, test_share=0.0, seed=0, slab_mm=5.0, processes=0)
    return folder / "template"


def header_like(folder: Path, n_rows: int) -> pa.Table:
    """The header of one made slice, as often as is asked for."""
    made_study(folder)
    files = find_files(folder / "template_heads" / "dicom")[:1]
    table = read_header_table(files, listed=file_table(files, folder), processes=0)
    return table.take(pa.array(np.zeros(n_rows, dtype=np.int64)))


def write_facts(folder: Path, images: Images, *, rng: np.random.Generator) -> None:
    """The facts of every study as a preparation leaves them, and an empty array beside each."""
    source = MadeRsna(folder)
    settings = StoreSettings.of(source, size=SIZE, slab_mm=None, key_id=source.key().id)
    template = json.loads(next((made_study(folder) / "studies").glob("*.json")).read_text())
    inventory = list_studies(source, path=folder / "store", find_key=source.key, processes=0)
    headers = load_headers(folder / "store" / "headers.parquet")
    assert headers is not None
    uids = headers["series_uid"].to_pylist()
    (folder / "store" / "studies").mkdir()
    rows: list[dict[str, Any]] = []
    for one in inventory.studies:
        assert one.chosen is not None
        chosen = one.chosen.rows[np.argsort(images.positions[one.chosen.rows])]
        labels = images.labels[chosen].astype(float)
        facts = template | {
            "study": one.study,
            "patient": one.patient,
            "source": source.name,
            "study_uid": one.chosen.study_uid,
            "series_uid": uids[chosen[0]],
            "n_slices": len(chosen),
            "positions_mm": (images.positions[chosen] * 5.0).tolist(),
            "sop_uids": images.names[chosen].tolist(),
            "labels": labels.tolist(),
            "study_labels": labels.max(axis=0).tolist(),
            "pixels": pixel_hashes(len(chosen), rng),
            "files": template["files"] | {"used": len(chosen)},
            "settings": settings.hash,
            "fingerprint": one.fingerprint(settings),
            "hash": rng.bytes(16).hex(),
        }
        (folder / "store" / "studies" / f"{one.study}.json").write_text(json.dumps(facts))
        (folder / "store" / "studies" / f"{one.study}.b2nd").touch()
        rows.append({"study": one.study, "patient": one.patient} | dict(zip(LABELS, labels.max(axis=0), strict=True)))
    pd.DataFrame(rows).to_parquet(folder / "studies.parquet")


def pixel_hashes(n_slices: int, rng: np.random.Generator) -> list[str | None]:
    """A hash for slices that show brain, None for the others."""
    return [rng.bytes(16).hex() if shows else None for shows in rng.random(n_slices) < HOLDS]


def print_folds(studies: pd.DataFrame) -> None:
    """Patients and studies of each part of the real studies, as markdown; how far epidural lies from its share."""
    studies = studies.rename(columns={"PatientID": "patient"})
    by_patient = place_patients(studies, {}, options=FOLDS, placed={}).by_patient
    parts = studies.assign(part=studies["patient"].map(by_patient)).groupby("part")
    share = dict.fromkeys(range(FOLDS.n_folds), (1 - FOLDS.test_share) / FOLDS.n_folds)
    share[TEST_FOLD] = FOLDS.test_share
    total = int(studies["epidural"].sum())
    print("\n| part | patients | studies | " + " | ".join(LABELS) + " | epidural's share |")
    print("|---" * (4 + len(LABELS)) + "|")
    for part, rows in parts:
        cells = [rows["patient"].nunique(), len(rows), *rows[list(LABELS)].sum().astype(int)]
        name = "test" if part == TEST_FOLD else f"fold {part}"
        print(f"| {name} | " + " | ".join(f"{cell:,}" for cell in cells) + f" | {total * share[part]:.1f} |")


if __name__ == "__main__":
    main()
