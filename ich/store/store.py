"""Reads a prepared store: its tables, and slices straight into a batch."""

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ich.dicom.files import without_dots
from ich.errors import DataError
from ich.store.settings import FORMAT, STORE_FILE

WHOLE = {"of": 1, "missing": []}  # what `shards` says in a store made in one go
MOST_OPEN = 512  # arrays a process keeps open; each costs a few KB and no file handle while idle


class Store:
    """A prepared store, opened for reading.

    Attributes:
        path: its folder.
        source: name of the data set.
        size: rows and columns of a slice, pixels.
        hash: over settings and content.
        settings: what it was made with.
        content: everything that `store.json` says.
    """

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path = path
        self.content = content
        self.settings: dict[str, Any] = content["settings"]
        self.source: str = content["source"]
        self.size: int = self.settings["size"]
        self.hash: str = content["hash"]
        self._arrays: dict[str, Any] = {}
        self._process = os.getpid()

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open a store.

        Raises:
            DataError: there is none, it isn't complete, or its format is another.
        """
        path = Path(path)
        way_out = f"make it with: python prepare.py data=NAME data.root=DIR store.path={path}"
        if not (path / STORE_FILE).is_file():
            found = "no such folder" if not path.exists() else "a folder without it"
            raise DataError(f"store.path={path}: expected store.json, found {found}; {way_out}")
        try:
            content = json.loads((path / STORE_FILE).read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(
                f"store.path={path}: expected a readable store.json, found a damaged one; {way_out}"
            ) from error
        if content.get("format") != FORMAT:
            raise DataError(
                f"store.path={path}: expected store format {FORMAT}, found {content.get('format')} "
                f"(written by ich {content.get('code_version')}); use that version, or {way_out}"
            )
        check_whole(path, content)
        return cls(without_dots(path), content)

    @cached_property
    def studies(self) -> pd.DataFrame:
        """A row a study: study, patient, fold, n_slices, six labels (float32, nan unknown), facts."""
        return pd.read_parquet(self.path / "studies.parquet")

    @cached_property
    def slices(self) -> pd.DataFrame:
        """A row a slice: study, index, position_mm, sop_uid, six labels; a study's rows together, feet first."""
        return pd.read_parquet(self.path / "slices.parquet")

    def read_slice(self, study: str, index: int, *, out: np.ndarray | None = None) -> np.ndarray:
        """One slice in HU.

        Args:
            study: its key.
            index: counted from the feet, 0-based.
            out: int16 (size, size), contiguous, as a row of a batch; made where none is given.

        Returns:
            `out`, int16 (size, size).

        Raises:
            DataError: no such study in the store, or its array is damaged.
            IndexError: no such slice.
        """
        array = self._array(study)
        if not 0 <= index < array.shape[0]:
            raise IndexError(f"slice {index} of a study with {array.shape[0]}")
        if out is None:
            out = np.empty((self.size, self.size), dtype=np.int16)
        self._unpack(array, index, study=study, out=out)
        return out

    def read_study(self, study: str) -> np.ndarray:
        """All slices of a study, feet to head, int16 (S, size, size).

        Raises:
            DataError: no such study in the store, or its array is damaged.
        """
        array = self._array(study)
        hu = np.empty(array.shape, dtype=np.int16)
        for index in range(len(hu)):
            self._unpack(array, index, study=study, out=hu[index])
        return hu

    def facts(self, study: str) -> dict[str, Any]:
        """Everything known about a study: series, geometry, warnings, uids, labels."""
        try:
            return json.loads((self.path / "studies" / f"{study}.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise self._no_such(study) from error

    def _unpack(self, array: Any, index: int, *, study: str, out: np.ndarray) -> None:
        try:
            array.schunk.decompress_chunk(index, dst=out)
        except RuntimeError as error:
            raise self._damaged(study) from error

    def _array(self, study: str) -> Any:
        """The open array of a study; handles are kept, and opened anew after a fork."""
        if self._process != os.getpid():
            self._arrays, self._process = {}, os.getpid()
        array = self._arrays.get(study)
        if array is None:
            import blosc2

            try:
                array = blosc2.open(str(self.path / "studies" / f"{study}.b2nd"), mode="r", dparams={"nthreads": 1})
            except FileNotFoundError as error:
                raise self._no_such(study) from error
            except RuntimeError as error:
                raise self._damaged(study) from error
            if len(self._arrays) >= MOST_OPEN:
                self._arrays.pop(next(iter(self._arrays)))
            self._arrays[study] = array
        return array

    def _no_such(self, study: str) -> DataError:
        return DataError(
            f"study={study}: expected a study of {self.path}, found none of that key; see its studies.parquet"
        )

    def _damaged(self, study: str) -> DataError:
        file = self.path / "studies" / f"{study}.b2nd"
        return DataError(
            f"study={study}: expected a readable array, found a damaged one; remove {file} and run prepare.py as before"
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_arrays": {}}


def check_whole(path: Path, content: Mapping[str, Any]) -> None:
    """Raise while shards of a store are still to be done.

    Args:
        path: the store.
        content: what its `store.json` says.

    Raises:
        DataError: says how many, and how to do the next one.
    """
    shards = content.get("shards", WHOLE)
    missing, n_shards = shards["missing"], shards["of"]
    if not missing:
        return
    if n_shards == 1:
        raise DataError(f"store.path={path}: expected a whole store, found one left halfway; run prepare.py as before")
    raise DataError(
        f"store.path={path}: expected all shards of the store, found {n_shards - len(missing)} of {n_shards}; "
        f"run prepare.py as before with shard={missing[0]} shards={n_shards}"
    )
