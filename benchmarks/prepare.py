"""Prints what preparing a store costs a slice beside the least that it could cost, and what a second worker gains.

python benchmarks/prepare.py
python benchmarks/prepare.py --data FOLDER_OF_DICOM

Made heads of 512 px, uncompressed. `floor` does with the same slices, study by study, what can't be left out: dcmread,
decode, one cv2 area resize to the store's size, one write through the store's codec. `ours` is `prepare_store` in this
process from nothing: headers, series, order, HU, resize, write, facts, folds, tables. Both with one thread a library,
in turn, in CPU seconds. Then seconds on the clock of one and of two workers, the same of the floor in a plain pool, and
the most memory that a worker took.
"""

import argparse
import itertools
import multiprocessing
import os
import resource
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.pool import Pool
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
from ich.store.writing.workers import Worker

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
        _print_gain(source, studies, folder=folder, rounds=options.rounds)
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


def _floor(files: Sequence[DicomFile], path: Path) -> None:
    """The least that can be done with a study."""
    planes = [_read_plainly(file) for file in files]
    volume = np.stack([cv2.resize(plane, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for plane in planes])
    chunk = (1, SIZE, SIZE)
    blosc2.asarray(volume, urlpath=str(path), mode="w", chunks=chunk, blocks=chunk, cparams=PACKING)


def _floors(studies: Sequence[Sequence[DicomFile]], folder: Path, *, pool: Pool | None = None) -> None:
    """The floor of all studies, in this process or spread over a pool."""
    tasks = [(files, folder / f"floor{number}.b2nd") for number, files in enumerate(studies)]
    for _ in itertools.starmap(_floor, tasks) if pool is None else pool.starmap(_floor, tasks, chunksize=1):
        pass


def _read_plainly(file: DicomFile) -> np.ndarray:
    with file.open() as stream:
        return dcmread(stream).pixel_array


def _print_cost(source: Source, studies: Sequence[Sequence[DicomFile]], *, folder: Path, rounds: int) -> None:
    """CPU of this process a slice, both roads in each round, and their ratio round by round."""
    n_slices = sum(map(len, studies))
    pairs = [
        (
            _cpu_seconds(lambda: _floors(studies, folder)),
            _cpu_seconds(lambda: _prepare(source, folder / "store", processes=0)),
        )
        for _ in range(rounds)
    ]
    floor, ours = (1000 * statistics.median(column) / n_slices for column in zip(*pairs, strict=True))
    print(f"{'CPU ms a slice':24} floor {floor:.2f}, ours {ours:.2f}")
    print(f"{'ours / floor':24} {_spread([ours / floor for floor, ours in pairs])} (target: at most 1.3)")


def _print_gain(source: Source, studies: Sequence[Sequence[DicomFile]], *, folder: Path, rounds: int) -> None:
    """What a second process gains, ours beside the floor's, which shares nothing: what these cores give at most."""
    context = multiprocessing.get_context("forkserver")
    with context.Pool(1, _one_thread) as one, context.Pool(2, _one_thread) as two:
        roads = {
            "floor, one": lambda: _floors(studies, folder, pool=one),
            "floor, two": lambda: _floors(studies, folder, pool=two),
            "ours, one": lambda: _prepare(source, folder / "store", processes=1),
            "ours, two": lambda: _prepare(source, folder / "store", processes=2),
        }
        _floors(studies, folder, pool=two)  # its processes load their libraries
        seconds: dict[str, list[float]] = {name: [] for name in roads}
        for name, road in [*roads.items()] * rounds:
            seconds[name].append(_wall_seconds(road))
    n_slices = sum(map(len, studies))
    for name in ("floor", "ours"):
        one_by_one, together = seconds[f"{name}, one"], seconds[f"{name}, two"]
        gains = [first / second for first, second in zip(one_by_one, together, strict=True)]
        rates = [f"{n_slices / statistics.median(times):.0f}" for times in (one_by_one, together)]
        print(f"{'two / one, ' + name:24} {_spread(gains)}; {rates[0]} and {rates[1]} slices a second")
    print(f"{'':24} (target: at least 1.8, on cores that nothing else uses)")


def _one_thread() -> None:
    cv2.setNumThreads(1)


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
