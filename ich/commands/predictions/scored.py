"""What has been said of each study of a prediction so far: a file a study, which shards and later starts share."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ich.dicom.contents import StudyFiles
from ich.store.files import write_json
from ich.store.settings import digest
from ich.store.sharing.shards import FOLDER, Share


@dataclass(frozen=True)
class Scored:
    """One study, done.

    Attributes:
        state: hash of the study and of what it was scored with; another one means that it is to be scored again.
        row: its row of worklist.csv; None where it could not be read.
        unread: why it could not be read; None where it was.
        left_out: rows of not_used.csv: its files and series that were not scored.
    """

    state: str
    row: dict[str, Any] | None
    unread: str | None
    left_out: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class StudyToScore:
    """A study of the input.

    Attributes:
        name: of its folder, the same in every shard.
        files: what it is made of.
        state: as in `Scored`.
    """

    name: str
    files: StudyFiles
    state: str

    def is_of(self, share: Share) -> bool:
        """Whether a share of the work holds it, by its uid."""
        return share.holds(f"s{digest(self.files.study_uid.encode())}")


def studies_to_score(studies: Sequence[StudyFiles], *, root: Path, settings: Mapping[str, Any]) -> list[StudyToScore]:
    """The studies of an input with their names and states.

    Args:
        studies: in the order of their uids.
        root: absolute, of the input.
        settings: plain values of all that changes a study's scores or page.
    """
    said = json.dumps(settings, sort_keys=True).encode()
    return [
        StudyToScore(f"study-{number:03d}", files, _state(files, root, said))
        for number, files in enumerate(studies, start=1)
    ]


def write_scored(folder: Path, study: StudyToScore, *, scored: Scored) -> None:
    """Say that a study is done; its folder is written before."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    write_json(_place(folder, study), asdict(scored))


def read_scored(folder: Path, studies: Sequence[StudyToScore]) -> dict[str, Scored]:
    """The studies that are done, by name."""
    return dict(_done(folder, studies))


def remove_scored(folder: Path) -> None:
    """Take the files away, once nobody needs them."""
    for file in (folder / FOLDER).glob("study-*.json"):
        file.unlink(missing_ok=True)
    if (folder / FOLDER).is_dir() and not any((folder / FOLDER).iterdir()):
        (folder / FOLDER).rmdir()


def is_shared(folder: Path) -> bool:
    """Whether shards have written here."""
    return (folder / FOLDER).is_dir()


def _done(folder: Path, studies: Sequence[StudyToScore]) -> Iterator[tuple[str, Scored]]:
    for study in studies:
        place = _place(folder, study)
        if not place.is_file():
            continue
        content = json.loads(place.read_text(encoding="utf-8"))
        scored = Scored(**{**content, "left_out": tuple(map(tuple, content["left_out"]))})
        if scored.state == study.state and (scored.row is None or (folder / study.name / "page.html").is_file()):
            yield study.name, scored


def _state(files: StudyFiles, root: Path, said: bytes) -> str:
    names = sorted({header.file.relative_to(root) for header in files.headers})
    return digest(said, files.study_uid.encode(), "\n".join(names).encode())


def _place(folder: Path, study: StudyToScore) -> Path:
    return folder / FOLDER / f"{study.name}.json"
