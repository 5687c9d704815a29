"""Made heads: drawn on first use, then read as any DICOM."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from ich.dicom.files import DicomFile, find_files, without_dots
from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.phantom.make import make_studies
from ich.phantom.options import Difficulty, Prevalence, Scanner
from ich.progress import Progress, quiet
from ich.sources.source import LabelTable

Options = TypeVar("Options", Difficulty, Scanner, Prevalence)


class Phantom:
    """Heads that this package makes; no patient is behind them.

    `dicom/*.dcm` under names in no order, `labels.csv` with a row a slice, `phantom.json` with the settings.
    Licence: as this package.
    """

    series: tuple[str, ...] = ()
    keeps_every_slice = True
    part = ""
    public = True
    expected: Mapping[str, int] = MappingProxyType({})

    def __init__(
        self,
        root: str | Path,
        n_studies: int,
        *,
        seed: int,
        difficulty: Difficulty | Mapping[str, Any],
        scanner: Scanner | Mapping[str, Any] | None = None,
        prevalence: Prevalence | Mapping[str, Any] | None = None,
        masks: bool = False,
        processes: int | None = None,
        name: str = "phantom",
    ) -> None:
        self.root = without_dots(root)
        self.name = name
        self.n_studies = n_studies
        self.seed = seed
        self.difficulty = _options(Difficulty, difficulty, subject="difficulty")
        self.scanner = _options(Scanner, scanner, subject="data.scanner")
        self.prevalence = _options(Prevalence, prevalence, subject="data.prevalence")
        self.masks = masks
        self.processes = processes or len(os.sched_getaffinity(0))

    def check(self, *, progress: Progress = quiet) -> None:
        """Make the heads if the root isn't there, else see that they are the ones asked for.

        Raises:
            DataError: the root holds something else, or heads made with other settings.
        """
        if self.root.exists() and (not self.root.is_dir() or any(self.root.iterdir())):
            self._check_settings()
            return
        make_studies(
            self.root,
            self.n_studies,
            seed=self.seed,
            difficulty=self.difficulty,
            scanner=self.scanner,
            prevalence=self.prevalence,
            masks=self.masks,
            processes=self.processes,
            progress=progress,
        )

    def files(self) -> list[DicomFile]:
        """Every DICOM file made."""
        return find_files(self.root / "dicom")

    def labels(self) -> LabelTable | None:
        """Six labels a slice: what its bleeds' contrast makes visible."""
        table = pd.read_csv(self.root / "labels.csv", dtype={"sop_uid": str}, usecols=["sop_uid", *LABELS])
        return LabelTable(table.set_index("sop_uid")[list(LABELS)].astype(np.float32))

    def _check_settings(self) -> None:
        way_out = "choose another data.root, or remove this one"
        try:
            found = json.loads((self.root / "phantom.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(
                f"data.root={self.root}: expected made heads or nothing, found other things; {way_out}"
            ) from error
        asked = json.loads(
            json.dumps(
                {
                    "n_studies": self.n_studies,
                    "seed": self.seed,
                    "difficulty": asdict(self.difficulty),
                    "scanner": asdict(self.scanner),
                    "prevalence": asdict(self.prevalence),
                }
            )
        )
        for name, value in asked.items():
            if found.get(name) != value:
                expected, other = _first_difference(value, found.get(name))
                raise DataError(
                    f"data.root={self.root}: expected heads made with {name} {expected}, found {other}; {way_out}"
                )
        if self.masks and not found.get("masks"):
            raise DataError(f"data.root={self.root}: expected heads made with masks, found none; {way_out}")


def _options(kind: type[Options], given: Options | Mapping[str, Any] | None, *, subject: str) -> Options:
    """The options as their dataclass, defaults where nothing is given.

    Raises:
        ConfigError: a key that the dataclass doesn't have, or lacks.
    """
    if isinstance(given, Difficulty | Scanner | Prevalence):
        return cast(Options, given)
    values = {key: value for key, value in (given or {}).items() if key != "_target_"}
    names = {field.name for field in fields(kind)}
    if set(values) - names:
        raise ConfigError(f"{subject}.{min(set(values) - names)}: no such option; choices: {', '.join(sorted(names))}")
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigError(
            f"{subject}: expected {', '.join(sorted(names))}, found {', '.join(sorted(values))}; add what is missing"
        ) from error


def _first_difference(asked: Any, found: Any) -> tuple[Any, Any]:
    """The first entry in which two settings differ, or both as they are."""
    if not (isinstance(asked, dict) and isinstance(found, dict)):
        return asked, found
    name = next(key for key in sorted({*asked, *found}) if asked.get(key) != found.get(key))
    return f"{name} {asked.get(name)}", found.get(name)
