"""Shards of a preparation as processes of their own: at the same time, and after one was killed."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ich.sources.folder import Folder
from ich.store.prepare import prepare_store
from ich.store.sharing import claims
from ich.store.store import Store

ROOT = Path(__file__).parents[2]
OPTIONS = {"size": 32, "n_folds": 3, "test_share": 0.2, "seed": 0, "slab_mm": 5.0, "processes": 0}
SHARD = """
import sys, time
from pathlib import Path
from ich.sources.folder import Folder
from ich.store.listing import headers
from ich.store.prepare import prepare_store
root, store, number, slow = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
real = headers.read_headers
headers.read_headers = lambda file: (time.sleep(slow), real(file))[1]
options = {options}
prepare_store(Folder(root), store, **options, shard=number, shards=2)
"""


def start(root, store, number, *, slow=0.0):
    program = SHARD.replace("{options}", repr(OPTIONS))
    arguments = [str(root), str(store), str(number), str(slow)]
    return subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=ROOT)


@pytest.fixture
def root(command, tmp_path):
    """Nine made heads, one a patient."""
    tiny = ("data.n_studies=9", "data.scanner.size=32", "data.scanner.n_slices=[6,6]", "store.size=32")
    made = command("prepare", "data=phantom", "data.root=heads", *tiny, "processes=0", "data.processes=1")
    assert made.returncode == 0, made.stderr
    return tmp_path / "heads" / "dicom"


def test_two_shards_at_the_same_time_make_the_store_that_one_run_makes(root, tmp_path):
    alone = prepare_store(Folder(root), tmp_path / "some" / "alone", **OPTIONS)

    processes = [start(root, tmp_path / "some" / "store", number, slow=0.02) for number in (0, 1)]

    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    together = Store.open(tmp_path / "some" / "store")
    assert together.hash == alone.hash
    assert together.studies.equals(Store.open(tmp_path / "some" / "alone").studies)
    assert sorted(file.name for file in (tmp_path / "some" / "store").iterdir()) == [
        "folds.csv", "headers.parquet", "rejected.csv", "shards", "slices.parquet", "store.json", "studies",
        "studies.parquet",
    ]  # fmt: skip


def test_headers_that_a_killed_shard_was_reading_are_read_by_the_other(root, tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "STALE_SECONDS", 1.0)
    killed = start(root, tmp_path / "some" / "store", 0, slow=30.0)
    claim = tmp_path / "some" / "store" / "headers" / "part-0000-of-0002.claim"
    deadline = time.monotonic() + 60
    while not claim.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    assert claim.exists()

    first = prepare_store(Folder(root), tmp_path / "some" / "store", **OPTIONS, shard=1, shards=2)
    whole = prepare_store(Folder(root), tmp_path / "some" / "store", **OPTIONS, shard=0, shards=2)

    assert first.missing == (0,)
    assert (whole.n_studies, first.n_made + whole.n_made) == (9, 9)
    assert not (tmp_path / "some" / "store" / "headers").exists()
