"""Deals the studies of a store out to shards, and keeps what each shard has done."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from ich.errors import ConfigError
from ich.sources.source import RejectedFile
from ich.store.files import write_json
from ich.store.settings import StoreSettings, digest

FOLDER = "shards"
MOST_SHARDS = 9999  # four digits in names


class _Study(Protocol):
    @property
    def study(self) -> str: ...

    def fingerprint(self, settings: StoreSettings) -> str: ...


@dataclass(frozen=True)
class Share:
    """One of several equal shares of the work, counted from 0."""

    number: int = 0
    of: int = 1

    def holds(self, study: str) -> bool:
        """Whether a study belongs to this share, by its key: the same in every shard."""
        return self.of == 1 or int(study[1:], 16) % self.of == self.number


@dataclass(frozen=True)
class ShardReport:
    """What a shard has done.

    Attributes:
        state: hash of its studies as they should be; another one means that there is something to do again.
        failed: rejected files by study of which nothing could be read.
    """

    state: str
    failed: dict[str, tuple[RejectedFile, ...]]


def share_of(shard: int | None, shards: int) -> Share:
    """The share that `shard=` and `shards=` mean.

    Raises:
        ConfigError: no such shard.
    """
    if not 1 <= shards <= MOST_SHARDS:
        raise ConfigError(f"shards={shards}: expected 1 to {MOST_SHARDS}, found another number; 1 does all at once")
    if shard is None and shards > 1:
        raise ConfigError(f"shards={shards}: expected shard=0 to {shards - 1} beside it, found none; name each once")
    if shard is not None and not 0 <= shard < shards:
        raise ConfigError(f"shard={shard}: expected 0 to {shards - 1}, found another number; shards={shards}")
    return Share(shard or 0, shards)


def state_of(studies: Sequence[_Study], share: Share, *, settings: StoreSettings) -> str:
    """Hash of the studies of a share as they should be."""
    wanted = [f"{one.study} {one.fingerprint(settings)}" for one in studies if share.holds(one.study)]
    return digest(settings.hash.encode(), "\n".join(wanted).encode())


def write_report(path: Path, share: Share, *, report: ShardReport) -> None:
    """Say in the store that a share is done."""
    (path / FOLDER).mkdir(exist_ok=True)
    failed = {study: [asdict(file) for file in files] for study, files in report.failed.items()}
    write_json(_place(path, share), {"state": report.state, "failed": failed})


def read_reports(path: Path, studies: Sequence[_Study], *, of: int, settings: StoreSettings) -> dict[int, ShardReport]:
    """The reports of all shards that have done what is to be done now, by their number."""
    reports: dict[int, ShardReport] = {}
    for number in range(of):
        share = Share(number, of)
        report = _read(_place(path, share))
        if report is not None and report.state == state_of(studies, share, settings=settings):
            reports[number] = report
    return reports


def remove_other_reports(path: Path, *, of: int) -> None:
    """Take away what shards of another number have said, once the store is whole."""
    for file in (path / FOLDER).glob("shard-*.json"):
        if of == 1 or not file.stem.endswith(f"-of-{of:04d}"):
            file.unlink(missing_ok=True)
    if (path / FOLDER).is_dir() and not any((path / FOLDER).iterdir()):
        (path / FOLDER).rmdir()


def _read(place: Path) -> ShardReport | None:
    if not place.is_file():
        return None
    content: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    failed = {study: tuple(RejectedFile(**file) for file in files) for study, files in content["failed"].items()}
    return ShardReport(content["state"], failed)


def _place(path: Path, share: Share) -> Path:
    return path / FOLDER / f"shard-{share.number:04d}-of-{share.of:04d}.json"
