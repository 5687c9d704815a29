"""Several stores read as one: their patients, slices and folds side by side, for a training on all of them."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ich.errors import ConfigError, DataError, LeakError
from ich.labels import LABELS
from ich.store.settings import digest
from ich.store.store import Store


class StoreGroup(Store):
    """Stores of one size with strangers to each other, or with the same patients in the same folds.

    Study and patient keys are keyed hashes that include the data set's name, so that those of different sets differ.

    Attributes:
        stores: the stores, in the order named.
        share: of an epoch's slices, each store's; they add up to 1. None: each slice as often as any other.
        path: folder of the first; `store.stores` has them all.
        source: names of their data sets, joined by "+".
        hash: over the hashes of all.
    """

    def __init__(self, stores: Sequence[Store], *, share: Sequence[float] | None = None) -> None:
        """Check that the stores go together.

        Args:
            stores: two or more.
            share: relative weight of each store's slices in an epoch.

        Raises:
            ConfigError: shares that don't fit the stores.
            DataError: stores of different sizes, without labels of slices, or with the same studies.
            LeakError: a patient in different folds, or patients who can't be compared.
        """
        self.stores = tuple(stores)
        self.share = _shares(share, len(self.stores))
        first = self.stores[0]
        _check_sizes(self.stores)
        _check_keys(self.stores)
        sources = list(dict.fromkeys(store.source for store in self.stores))
        super().__init__(
            first.path,
            {
                "settings": {"size": first.size},
                "source": "+".join(sources),
                "hash": digest(*(store.hash.encode() for store in self.stores)),
            },
        )
        _check_labels(self.stores)
        _check_patients(self.stores)

    @cached_property
    def studies(self) -> pd.DataFrame:
        """A row a study, store by store: what all stores' tables have, and `source`."""
        return _joined([store.studies.assign(source=store.source) for store in self.stores])

    @cached_property
    def slices(self) -> pd.DataFrame:
        """A row a slice, store by store; a study's rows together, feet first."""
        return _joined([store.slices for store in self.stores])

    def read_slice(self, study: str, index: int, *, out: np.ndarray | None = None) -> np.ndarray:
        """One slice in HU, int16 (size, size), as `Store.read_slice`."""
        return self._of(study).read_slice(study, index, out=out)

    def read_study(self, study: str) -> np.ndarray:
        """All slices of a study in HU, int16 (S, size, size), as `Store.read_study`."""
        return self._of(study).read_study(study)

    def facts(self, study: str) -> dict[str, Any]:
        """Everything known about a study, as `Store.facts`."""
        return self._of(study).facts(study)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """For each study the number of its store."""
        return {study: number for number, store in enumerate(self.stores) for study in store.studies["study"]}

    def _of(self, study: str) -> Store:
        number = self.numbers.get(study)
        if number is None:
            raise self._no_such(study)
        return self.stores[number]


def open_stores(paths: Path | str | Sequence[Path | str], *, share: Sequence[float] | None = None) -> Store:
    """Open one store, or several as one.

    Args:
        paths: a folder or a list of them.
        share: of several, how much of an epoch each one's slices are.

    Raises:
        ConfigError: no store named, one named twice, or shares that don't fit.
        DataError: as `Store.open` and `StoreGroup`.
        LeakError: as `StoreGroup`.
    """
    listed = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    if not listed:
        raise ConfigError("store.path=[]: expected a store or a list of them, found none; name one")
    if len({path.resolve() for path in listed}) < len(listed):
        raise ConfigError(f"store.path={_named(listed)}: expected each store once, found one twice; name it once")
    stores = [Store.open(path) for path in listed]
    if len(stores) > 1:
        return StoreGroup(stores, share=share)
    if share is not None:
        raise ConfigError(f"store.share={list(share)}: expected null for one store, found shares; name several stores")
    return stores[0]


def stores_of(store: Store) -> tuple[Store, ...]:
    """The stores behind a store: itself, or those of a group."""
    return store.stores if isinstance(store, StoreGroup) else (store,)


def patients_of(store: Store, studies: Sequence[str], *, sources: Sequence[str]) -> set[str]:
    """Patient keys of some studies, as far as they are from one of these data sets."""
    chosen = store.studies[store.studies["study"].isin(studies)]
    if isinstance(store, StoreGroup):
        return set(chosen.loc[chosen["source"].isin(sources), "patient"])
    return set(chosen["patient"]) if store.source in sources else set()


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all tables under the columns that all of them have."""
    columns = [name for name in tables[0].columns if all(name in table.columns for table in tables)]
    return pd.concat([table[columns] for table in tables], ignore_index=True)


def _shares(share: Sequence[float] | None, n_stores: int) -> tuple[float, ...] | None:
    if share is None:
        return None
    if len(share) != n_stores or not all(0 < one < float("inf") for one in share):
        raise ConfigError(
            f"store.share={list(share)}: expected a number above 0 for each of {n_stores} stores, or null; "
            "set one a store, in the order of store.path"
        )
    total = float(sum(share))
    return tuple(float(one) / total for one in share)


def _check_sizes(stores: Sequence[Store]) -> None:
    if len({store.size for store in stores}) > 1:
        found = ", ".join(f"{store.path.name} {store.size} px" for store in stores)
        raise DataError(f"store.path: expected stores of one size, found {found}; prepare them with one store.size")


def _check_labels(stores: Sequence[Store]) -> None:
    for store in stores:
        if not store.slices[list(LABELS)].notna().to_numpy().any():
            raise DataError(
                f"store.path={store.path}: expected labels of slices in each store to train on, found none in this "
                "one; leave it out"
            )


def _check_keys(stores: Sequence[Store]) -> None:
    """Patients of one data set can be told apart only where one key hashed them."""
    for one, other in _pairs(stores):
        keys = {store.settings.get("key_id") for store in (one, other)}
        if one.source == other.source and len(keys) > 1:
            raise LeakError(
                f"store.path={_named([one.path, other.path])}: expected patients of {one.source} under one key, found "
                "two keys, so that nobody could say who stands in both; prepare both with the same ICH_HASH_KEY"
            )


def _check_patients(stores: Sequence[Store]) -> None:
    for one, other in _pairs(stores):
        named = _named([one.path, other.path])
        twice = set(one.studies["study"]) & set(other.studies["study"])
        if twice:
            raise DataError(
                f"store.path={named}: expected each study in one store, found {len(twice)} in both; leave one store out"
            )
        folds = [store.studies.drop_duplicates("patient").set_index("patient")["fold"] for store in (one, other)]
        both = folds[0].index.intersection(folds[1].index)
        apart = int((folds[0][both] != folds[1][both]).sum())
        if apart:
            raise LeakError(
                f"store.path={named}: expected each patient in one fold, found {apart} in different folds of these "
                "stores; prepare them with one table store.folds=FILE"
            )


def _pairs(stores: Sequence[Store]) -> Iterator[tuple[Store, Store]]:
    for number, one in enumerate(stores):
        for other in stores[number + 1 :]:
            yield one, other


def _named(paths: Sequence[Path]) -> str:
    return f"[{','.join(str(path) for path in paths)}]"
