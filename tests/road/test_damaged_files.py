"""Thousands of damaged files, and decoders that kill or stall: each costs its file, no more.

pytest -s -n0 tests/road/test_damaged_files.py    prints the seed, the counts by outcome and by reason, the memory
"""

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydicom import config, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from benchmarks.prepare import peak_of_workers
from ich.phantom.make import make_studies
from ich.phantom.options import Difficulty, Prevalence, Scanner
from ich.sources.folder import Folder
from ich.store.prepare import prepare_store

ROOT = Path(__file__).parents[2]
SEED = 18
HEADER_SHARE = 0.75  # of the files that are hit before their pixels
N_STUDIES, N_SLICES = 100, 20  # made: 2,000 files
COPIES = 20  # of each real slice
DIFFICULTY = yaml.safe_load((ROOT / "conf" / "difficulty" / "clear.yaml").read_text(encoding="utf-8"))
DIFFICULTY.pop("_target_")

LONG_LENGTHS = ("OB", "OW", "OF", "SQ", "UN", "UT", "OD", "OL", "UC", "UR")  # four bytes; PS3.5 7.1.2
MATRIX = range(0x00280002, 0x00280104)  # samples, frames, rows, columns, bits


@dataclass(frozen=True)
class Element:
    """Where an element lies in its file, in bytes from the start."""

    tag: int
    tag_at: int
    length_at: int
    n_length_bytes: int
    value_at: int


@dataclass(frozen=True)
class Sound:
    """A file before it is damaged, where its pixels begin, and its elements before them."""

    content: bytes
    pixels_at: int
    elements: tuple[Element, ...]


def sound(content: bytes) -> Sound:
    stream = io.BytesIO(content)
    with config.disable_value_validation():
        dataset = dcmread(stream, stop_before_pixels=True, force=True)
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax == DeflatedExplicitVRLittleEndian:
        return Sound(content, len(content) // 2, ())
    raw = [dataset.get_item(tag) for tag in dataset.keys()]  # noqa: SIM118  (iterating a data set converts its values)
    is_implicit = syntax == ImplicitVRLittleEndian
    elements = [element_of(one, is_implicit=is_implicit) for one in raw if hasattr(one, "value_tell")]
    return Sound(content, min(stream.tell(), len(content) - 1), tuple(elements))


def element_of(raw, *, is_implicit: bool) -> Element:
    at = raw.value_tell
    if is_implicit:
        return Element(int(raw.tag), at - 8, at - 4, 4, at)
    if raw.VR in LONG_LENGTHS:
        return Element(int(raw.tag), at - 12, at - 4, 4, at)
    return Element(int(raw.tag), at - 8, at - 2, 2, at)


def with_flipped_bits(file: Sound, rng: np.random.Generator, *, start: int, end: int) -> bytes:
    content = bytearray(file.content)
    for at in rng.integers(start, end, size=rng.integers(1, 17)):
        content[at] ^= 1 << int(rng.integers(8))
    return bytes(content)


def cut_off(file: Sound, rng: np.random.Generator, *, start: int, end: int) -> bytes:
    return file.content[: rng.integers(start, end)]


def with_swapped_tags(file: Sound, rng: np.random.Generator) -> bytes:
    content = bytearray(file.content)
    one, other = (file.elements[i].tag_at for i in rng.choice(len(file.elements), 2, replace=False))
    content[one : one + 4], content[other : other + 4] = content[other : other + 4], content[one : one + 4]
    return bytes(content)


def with_absurd_size(file: Sound, rng: np.random.Generator) -> bytes:
    """A matrix, frames or bits that no slice has, or an element that claims another length than it has."""
    content = bytearray(file.content)
    matrix = [element for element in file.elements if element.tag in MATRIX]
    if matrix and rng.random() < 0.5:
        at = matrix[rng.integers(len(matrix))].value_at
        struct.pack_into("<H", content, at, int(rng.choice([0, 1, 255, 4096, 0x8000, 0xFFFF])))
        return bytes(content)
    element = file.elements[rng.integers(len(file.elements))]
    most = (1 << 8 * element.n_length_bytes) - 1
    length = int(rng.choice([most, most - 1, most // 2, 0, 1]))
    struct.pack_into({2: "<H", 4: "<I"}[element.n_length_bytes], content, element.length_at, length)
    return bytes(content)


def damaged(file: Sound, rng: np.random.Generator) -> bytes:
    """The file with one kind of damage, three times in four before its pixels."""
    if rng.random() >= HEADER_SHARE:
        tool = (with_flipped_bits, cut_off)[rng.integers(2)]
        return tool(file, rng, start=file.pixels_at, end=len(file.content))
    kind = rng.integers(4 if len(file.elements) > 1 else 2)
    if kind < 2:
        return (with_flipped_bits, cut_off)[kind](file, rng, start=0, end=file.pixels_at)
    return (with_swapped_tags, with_absurd_size)[kind - 2](file, rng)


def make_heads(folder: Path, n_studies: int) -> Path:
    """Made studies of 64 px; their files lie in the folder that is returned."""
    scanner = Scanner(size=64, n_slices=(N_SLICES, N_SLICES))
    difficulty = Difficulty(**DIFFICULTY)
    make_studies(
        folder, n_studies, seed=0, difficulty=difficulty, scanner=scanner, prevalence=Prevalence(), processes=1
    )
    return folder / "dicom"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = make_heads(tmp_path_factory.mktemp("made"), N_STUDIES)
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@pytest.fixture(scope="module")
def real(realdata: Path) -> list[bytes]:
    """Each slice in another transfer syntax as a study of many slices, each odd file many times as it is."""
    files = []
    for archive in ("syntaxes", "odd"):
        with zipfile.ZipFile(realdata / "formats" / f"{archive}.zip") as members:
            contents = [members.read(name) for name in sorted(members.namelist())]
        copies = stacked if archive == "syntaxes" else repeated
        files += [copy for content in contents for copy in copies(content)]
    return files


def repeated(content: bytes) -> list[bytes]:
    return [content] * (COPIES // 4)


def stacked(content: bytes) -> Iterator[bytes]:
    """The slice again and again, 5 mm higher each time, as a study of its own."""
    with config.disable_value_validation():
        dataset = dcmread(io.BytesIO(content))
        study = f"{dataset.StudyInstanceUID}.{len(content)}"
        for index in range(COPIES):
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.1"
            dataset.SOPInstanceUID = f"{study}.1.{index}"
            dataset.ImagePositionPatient = [0, 0, 5 * index]
            stream = io.BytesIO()
            dataset.save_as(stream)
            yield stream.getvalue()


def prepared(contents: Iterator[bytes], folder: Path):
    """The summary of a store of these files, and the most memory that a worker took."""
    (folder / "dicom").mkdir(parents=True)
    for number, content in enumerate(contents):
        (folder / "dicom" / f"{number:05d}").write_bytes(content)
    with peak_of_workers() as peaks:
        summary = prepare_store(
            Folder(folder / "dicom"),
            folder / "store",
            size=64,
            n_folds=2,
            test_share=0.0,
            seed=0,
            slab_mm=5.0,
            processes=2,
        )
    return summary, max(peaks.values())


@pytest.mark.slow
@pytest.mark.parametrize("origin", ["made", "real"])
def test_each_damaged_file_ends_in_one_of_three_places(request, tmp_path, monkeypatch, origin):
    monkeypatch.setenv("ICH_HASH_KEY", "a key for damaged files, nothing is kept")
    contents = request.getfixturevalue(origin)
    rng = np.random.default_rng(SEED)

    _, usual = prepared(contents, tmp_path / "sound")
    summary, most = prepared((damaged(sound(content), rng) for content in contents), tmp_path / "damaged")

    print(f"\n{len(contents)} {origin} files damaged, seed {SEED}: {dict(summary.files)}")
    print(f"not chosen {summary.not_chosen}\nrejected {summary.rejected}")
    print(f"most memory of a worker: {most >> 20} MB, with the sound files {usual >> 20} MB")
    used, not_chosen, rejected = (summary.files[name] for name in ("used", "not_chosen", "rejected"))
    assert used + not_chosen + rejected == summary.files["found"] == len(contents)
    assert min(used, not_chosen, rejected) > 0
    assert most <= 2 * usual


OPTIONS = ("store.size=64", "store.path=store", "processes=2")
PLANTED = """
import os, signal, time
import numpy as np
from pydicom.pixels.decoders import RLELosslessDecoder as decoder
from ich.store.writing import guards

guards.SECONDS, guards.SECONDS_A_SLICE = 2.0, 0.0

def is_available(uid):
    return True

def decode(frame, runner):
    if frame.startswith(b"kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if frame.startswith(b"wait"):
        time.sleep(600)
    np.ones(1 << 40)

for plugin in ("pylibjpeg", "pydicom", "gdcm"):
    if plugin in decoder.available_plugins:
        decoder.remove_plugin(plugin)
decoder.add_plugin("planted", ("sitecustomize", "decode"))
"""


def plant(path: Path, frame: bytes) -> None:
    dataset = dcmread(path)
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.save_as(path)


@pytest.mark.slow
def test_a_decoder_that_kills_stalls_or_fills_its_worker_costs_only_its_file(tmp_path):
    files = sorted(make_heads(tmp_path / "heads", 3).iterdir())
    planted = {files[3]: b"kill", files[25]: b"wait", files[26]: b"fill", files[50]: b"kill"}
    for path, frame in planted.items():
        plant(path, frame)
    (tmp_path / "sitecustomize.py").write_text(PLANTED)

    road = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "ICH_HASH_KEY": "a key for planted files, nothing is kept"}
    done = subprocess.run(
        [sys.executable, ROOT / "prepare.py", "data=folder", "data.root=heads/dicom", *OPTIONS],
        cwd=tmp_path,
        env={**os.environ, **road},
        text=True,
        capture_output=True,
        timeout=200,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    rejected = pd.read_csv(tmp_path / "store" / "rejected.csv").set_index("file")["code"].to_dict()
    codes = {b"kill": "decoder_crashed", b"wait": "decoder_timeout", b"fill": "out_of_memory"}
    assert rejected == {path.name: codes[frame] for path, frame in planted.items()}
    counts = json.loads((tmp_path / "store" / "store.json").read_text())["counts"]["files"]
    assert counts["used"] == len(files) - len(planted)
