"""Times one training sample of 256 px: ours, the road a user would otherwise take, and the floor, in one run.

python benchmarks/loader.py
python benchmarks/loader.py --data FOLDER_OF_DICOM        (real slices instead of made ones)

Budget: reading at least 20 times as fast as the naive road; with light augmentation at most 0.4 ms a core and at least
8 times as fast. One process, one thread; files are in the page cache; rounds take turns and the median is printed.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import cv2
import numpy as np
import torch
import yaml

from ich.data.augment import Light
from ich.data.sampling import Item
from ich.data.slice_dataset import SliceDataset
from ich.data.strong import Strong
from ich.dicom.files import find_files
from ich.sources.folder import Folder
from ich.sources.phantom import Phantom
from ich.store.prepare import prepare_store
from ich.store.store import Store

SIZE = 256
BATCH = 32
ROUNDS = 7
WINDOWS = ((40, 80), (80, 200), (40, 380))  # centre and width, HU
MEAN = np.array([0.1738, 0.1433, 0.1970], dtype=np.float32)
STD = np.array([0.3161, 0.2850, 0.3111], dtype=np.float32)
CONF = Path(__file__).parents[1] / "conf"


def main() -> None:
    """Make or take studies, prepare them, time the roads, print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, help="folder of DICOM; made heads of 512 px without it")
    arguments.add_argument("--studies", type=int, default=6, help="made studies")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        store, files = _prepare(Path(folder), options)
        roads = _roads(store, files)
        times = _time(roads)
    print(f"{len(files)} files, {len(store.slices)} slices of {SIZE} px stored, batches of {BATCH}, median of {ROUNDS}")
    _print_table(times)


def _prepare(folder: Path, options: argparse.Namespace) -> tuple[Store, list[Path]]:
    """A store and the paths of the DICOM files behind it."""
    if options.data is None:
        difficulty = yaml.safe_load((CONF / "difficulty" / "clear.yaml").read_text())
        source = Phantom(folder / "heads", options.studies, seed=0, difficulty=difficulty, scanner={"size": 512})
        root = folder / "heads" / "dicom"
    else:
        source, root = Folder(options.data), options.data
    os.environ.setdefault("ICH_HASH_KEY", "benchmark of the loader, nothing is kept")
    prepare_store(
        source, folder / "store", size=SIZE, n_folds=2, test_share=0, seed=0, slab_mm=None, processes=1
    )  # fmt: skip
    return Store.open(folder / "store"), [file.path for file in find_files(root) if not file.member]


def _roads(store: Store, files: Sequence[Path]) -> dict[str, Callable[[np.ndarray], object]]:
    """Each road takes the numbers of a batch and leaves it ready for the net's device."""
    studies = store.studies["study"].tolist()
    reading, augmented = SliceDataset(store, studies), SliceDataset(store, studies, augment=Light())
    strong = SliceDataset(store, studies, augment=Strong())
    naive = _Naive(files)
    return {
        "floor: decompress + copy": _floor(store),
        "ours, reading": lambda numbers: reading.__getitems__([Item(int(n)) for n in numbers % len(reading)]),
        "ours, light augmentation": lambda numbers: augmented.__getitems__(
            [Item(int(n)) for n in numbers % len(augmented)]
        ),
        "ours, strong augmentation": lambda numbers: strong.__getitems__([Item(int(n)) for n in numbers % len(strong)]),
        "naive, reading": lambda numbers: np.stack([naive.read(n) for n in numbers % len(files)]),
        "naive, augmentation": lambda numbers: np.stack([naive.augment(naive.read(n)) for n in numbers % len(files)]),
    }


def _floor(store: Store) -> Callable[[np.ndarray], object]:
    """The same bytes by blosc2 alone: handles open, one buffer, one copy into the batch."""
    import blosc2

    studies = store.studies["study"]
    arrays = [
        blosc2.open(str(store.path / "studies" / f"{study}.b2nd"), mode="r", dparams={"nthreads": 1})
        for study in studies
    ]
    chunks = [(array, index) for array in arrays for index in range(array.shape[0])]  # an array keeps its chunks alive
    buffer, batch = np.empty((SIZE, SIZE), np.int16), np.empty((BATCH, SIZE, SIZE), np.int16)

    def read(numbers: np.ndarray) -> object:
        for place, number in enumerate(numbers % len(chunks)):
            array, index = chunks[number]
            array.schunk.decompress_chunk(index, dst=buffer)
            batch[place] = buffer
        return batch

    return read


class _Naive:
    """What most public code of this task does for every sample of every epoch."""

    def __init__(self, files: Sequence[Path]) -> None:
        import albumentations

        self.files = files
        self.transform = albumentations.Compose(
            [
                albumentations.HorizontalFlip(p=0.5),
                albumentations.Affine(translate_percent=(-0.0625, 0.0625), scale=(0.9, 1.1), rotate=(-15, 15), p=0.5),
                albumentations.RandomBrightnessContrast(p=0.5),
            ]
        )

    def read(self, number: int) -> np.ndarray:
        """float32 (256, 256, 3) windows in 0..1."""
        import pydicom

        dataset = pydicom.dcmread(self.files[number])
        hu = dataset.pixel_array.astype(np.float32) * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        windows = [np.clip((hu - centre + width / 2) / width, 0, 1) for centre, width in WINDOWS]
        return cv2.resize(np.stack(windows, axis=-1), (SIZE, SIZE), interpolation=cv2.INTER_AREA)

    def augment(self, image: np.ndarray) -> np.ndarray:
        """float32 (3, 256, 256), augmented and normalised."""
        return np.ascontiguousarray(((self.transform(image=image)["image"] - MEAN) / STD).transpose(2, 0, 1))


def _time(roads: dict[str, Callable[[np.ndarray], object]]) -> dict[str, float]:
    """Milliseconds a sample of each road, rounds taking turns so that a busy machine is busy for all of them."""
    rng = np.random.default_rng(0)
    seconds: dict[str, list[float]] = {name: [] for name in roads}
    for round_ in range(ROUNDS + 1):
        for name, road in roads.items():
            batches = [rng.integers(0, 2**31, BATCH) for _ in range(1 if name.startswith("naive") else 8)]
            started = time.process_time()
            for numbers in batches:
                road(numbers)
            if round_:  # the first round opens files and warms caches
                seconds[name].append((time.process_time() - started) / (len(batches) * BATCH))
    return {name: 1e3 * statistics.median(values) for name, values in seconds.items()}


def _print_table(times: dict[str, float]) -> None:
    naive, floor = times["naive, augmentation"], times["floor: decompress + copy"]
    print(f"{'road':28}{'ms a sample, one core':>24}{'times the naive road':>24}{'times the floor':>18}")
    for name, milliseconds in times.items():
        print(f"{name:28}{milliseconds:24.3f}{naive / milliseconds:24.1f}{milliseconds / floor:18.2f}")
    reading, light = times["ours, reading"], times["ours, light augmentation"]
    print(f"reading: {naive / reading:.1f} times the naive road (at least 20): {_verdict(naive / reading >= 20)}")
    print(f"light augmentation: {light:.2f} ms a core (at most 0.4): {_verdict(light <= 0.4)}")
    print(f"light augmentation: {naive / light:.1f} times the naive road (at least 8): {_verdict(naive / light >= 8)}")


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "NOT MET"


if __name__ == "__main__":
    main()
