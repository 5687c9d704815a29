"""Prints what preparing a store costs a slice beside the least that it could cost, and what a second worker gains.

python benchmarks/prepare.py
python benchmarks/prepare.py --data FOLDER_OF_DICOM

Made heads of 512 px, uncompressed. `floor` does with the same slices, study by study, what can't be left out: dcmread,
decode, one cv2 area resize to the store's size, one write through the store's codec. `ours` is `prepare_store` in this
process from nothing: headers, series, order, HU, resize, write, facts, folds, tables. Both with one thread a library,
in turn, in CPU seconds. Then seconds on the clock of one and of two workers, and the most memory that a worker took.
"""

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import blosc2
import cv2
import numpy as np
import yaml
from pydicom import dcmread

from ich.dicom.files import DicomFile, find_files
from ich.dicom.header import SliceHeader, read_headers
from ich.sources.folder import Folder
from ich.sources.phantom import Phantom
from ich.sources.source import Source
from ich.store.prepare import prepare_store
from ich.store.store import Store
from ich.store.workers import Worker

CONF = Path(__file__).parents[1] / "conf"
SIZE = yaml.safe_load((CONF / "store" / "default.yaml").read_text(encoding="utf-8"))["size"]
PACKING = {"codec": blosc2.Codec.ZSTD, "clevel": 5, "filters": [blosc2.Filter.BITSHUFFLE], "nthreads": 1}
MB = 1 << 20
KB_IN_STATUS = 1 << 10  # proc(5): sizes in /proc/PID/status count these


def main() -> None:
    """Make heads where none are given, take each road in turn, print what each took."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, help="folder of DICOM to read instead of made heads")
    arguments.add_argument("--studies", type=int, default=32, help="made studies")
    arguments.add_argument("--rounds", type=int, default=3, help="times that each road is taken")
    options = arguments.parse_args()
    cv2.setNumThreads(1)
    os.environ.setdefault("ICH_HASH_KEY", "benchmark of the preparation, nothing is kept")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        Worker().stop()  # or the phantom starts the server that workers are forked from, and imports less into it
        source = _made_heads(folder / "heads", options.studies) if options.data is None else Folder(options.data)
        with peak_of_workers() as peaks:
            _prepare(source, folder / "store", processes=1)
        studies = _used_files(source, Store.open(folder / "store"))
        n_slices = sum(map(len, studies))
        print(f"{n_slices} slices of {len(studies)} studies, store of {SIZE} px, {os.cpu_count()} cores")
        _print_cost(source, studies, folder=folder, rounds=options.rounds)
        _print_gain(source, n_slices, folder=folder, rounds=options.rounds)
        _print_memory(peaks, studies)


@contextmanager
def peak_of_workers() -> Iterator[dict[int, int]]:
    """The most memory, bytes, of each worker while the block runs, looked up every 20 ms.

    Workers are children of the server that they are forked from, which is a child of this process.
    """
    peaks: dict[int, int] = {}
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            for worker in (worker for child in _children(os.getpid()) for worker in _children(child)):
                peaks[worker] = max(peaks.get(worker, 0), _high_water(worker))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peaks
    finally:
        done.set()
        watcher.join()


def _made_heads(folder: Path, n_studies: int) -> Phantom:
    difficulty = yaml.safe_load((CONF / "difficulty" / "clear.yaml").read_text(encoding="utf-8"))
    difficulty.pop("_target_")
    source = Phantom(folder, n_studies, seed=0, difficulty=difficulty, scanner={"size": 512})
    source.check()
    return source


def _prepare(source: Source, path: Path, *, processes: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    prepare_store(
        source, path, size=SIZE, n_folds=5, test_share=0.2, seed=0, slab_mm=None, processes=processes
    )  # fmt: skip


def _used_files(source: Source, store: Store) -> list[list[DicomFile]]:
    """The files that the store's slices came from, study by study."""
    found = [header for file in find_files(source.root) for header in read_headers(file)]
    files = {header.sop_uid: header.file for header in found if isinstance(header, SliceHeader)}
    slices = store.slices[["study", "sop_uid"]]
    return [[files[uid] for uid in uids] for _, uids in slices.groupby("study")["sop_uid"]]


def _floor(studies: Sequence[Sequence[DicomFile]], path: Path) -> None:
    for files in studies:
        planes = [_read_plainly(file) for file in files]
        volume = np.stack([cv2.resize(plane, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for plane in planes])
        chunk = (1, SIZE, SIZE)
        blosc2.asarray(volume, urlpath=str(path), mode="w", chunks=chunk, blocks=chunk, cparams=PACKING)


def _read_plainly(file: DicomFile) -> np.ndarray:
    with file.open() as stream:
        return dcmread(stream).pixel_array


def _print_cost(source: Source, studies: Sequence[Sequence[DicomFile]], *, folder: Path, rounds: int) -> None:
    """CPU of this process a slice, both roads in each round, and their ratio round by round."""
    n_slices = sum(map(len, studies))
    pairs = [
        (
            _cpu_seconds(lambda: _floor(studies, folder / "floor.b2nd")),
            _cpu_seconds(lambda: _prepare(source, folder / "store", processes=0)),
        )
        for _ in range(rounds)
    ]
    floor, ours = (1000 * statistics.median(column) / n_slices for column in zip(*pairs, strict=True))
    print(f"{'CPU ms a slice':24} floor {floor:.2f}, ours {ours:.2f}")
    print(f"{'ours / floor':24} {_spread([ours / floor for floor, ours in pairs])} (target: at most 1.3)")


def _print_gain(source: Source, n_slices: int, *, folder: Path, rounds: int) -> None:
    """Slices a second of one and of two workers, in turn, and their ratio round by round."""
    pairs = []
    for _ in range(rounds):
        one, two = (_wall_seconds(lambda n=n: _prepare(source, folder / "store", processes=n)) for n in (1, 2))
        pairs.append((one, two))
    one, two = (n_slices / statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{'slices a second':24} one worker {one:.0f}, two {two:.0f}")
    print(f"{'two / one':24} {_spread([one / two for one, two in pairs])} (target: at least 1.8)")


def _print_memory(peaks: dict[int, int], studies: Sequence[Sequence[DicomFile]]) -> None:
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KB_IN_STATUS
    largest = max(map(len, studies)) * 512 * 512 * 2
    print(
        f"{'peak of a worker':24} {max(peaks.values()) / MB:.0f} MB; the largest study has {largest / MB:.0f} MB of HU"
    )
    print(f"{'peak of this process':24} {mine / MB:.0f} MB")


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _cpu_seconds(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _wall_seconds(work: Callable[[], None]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _children(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children")
    try:
        return [int(child) for child in children.read_text().split()]
    except OSError:  # it has ended
        return []


def _high_water(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return sum(int(line.split()[1]) * KB_IN_STATUS for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
