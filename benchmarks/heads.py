"""Times the making of heads with DICOM writing: ours by size, what writing alone would take, and the floor, in one run.

python benchmarks/heads.py

Budget: at least 6 studies a second on two cores at 256 px, 1 at 512 px. Our header is encoded once a study; instead
a user would let pydicom encode every slice. The floor is writing the same bytes.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pydicom
import yaml

from ich.phantom.make import make_studies
from ich.phantom.options import Difficulty, Prevalence, Scanner

CONF = Path(__file__).parents[1] / "conf"
SIZES = {256: 40, 512: 12}  # pixels a side: studies


def main() -> None:
    """Make heads of both sizes, write them again in two ways, print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), help="all cores without it")
    options = arguments.parse_args()
    print(f"{options.processes} processes; studies a second")
    print(f"{'pixels':>8}{'studies':>9}{'made and written':>18}{'pydicom writes':>16}{'bytes alone':>13}")
    for size, n_studies in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            heads = Path(folder) / "heads"
            made = _seconds(lambda h=heads, n=n_studies, s=size: _make(h, n, size=s, processes=options.processes))
            files = sorted((heads / "dicom").rglob("*.dcm"))
            again = Path(folder) / "again.dcm"
            encoded = _seconds(lambda f=files, a=again: [pydicom.dcmread(file).save_as(a) for file in f])
            contents = [file.read_bytes() for file in files]
            written = _seconds(lambda c=contents, a=again: [a.write_bytes(content) for content in c])
        rates = [n_studies / seconds for seconds in (made, encoded, written)]
        print(f"{size:>8}{n_studies:>9}{rates[0]:>18.1f}{rates[1]:>16.1f}{rates[2]:>13.1f}")


def _make(folder: Path, n_studies: int, *, size: int, processes: int) -> None:
    difficulty = yaml.safe_load((CONF / "difficulty" / "clear.yaml").read_text(encoding="utf-8"))
    difficulty.pop("_target_")
    make_studies(
        folder,
        n_studies,
        seed=0,
        difficulty=Difficulty(**difficulty),
        scanner=Scanner(size=size),
        prevalence=Prevalence(),
        processes=processes,
    )


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
