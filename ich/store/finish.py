"""Finishes a preparation: says which shards are missing, or gathers tables, folds and store.json once none is."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ich import __version__
from ich.errors import DataError
from ich.sources.source import RejectedFile, Source
from ich.store.account import account_files, is_replaced
from ich.store.assign import assign_folds, folds_from_file, remember_folds
from ich.store.files import remove_leftovers, write_json
from ich.store.folds import FoldOptions, Folds, group_patients
from ich.store.gather import (
    pixels_by_patient,
    read_facts,
    slice_table,
    study_table,
    write_rejected,
    write_tables,
    write_unmatched,
)
from ich.store.header_parts import remove_parts
from ich.store.inventory import Inventory
from ich.store.keys import HashKey
from ich.store.overview import overview
from ich.store.settings import FORMAT, StoreSettings, digest
from ich.store.shards import ShardReport, Share, read_reports, remove_other_reports, state_of, write_report
from ich.store.summary import (
    PreparedSummary,
    ShardSummary,
    count_folds,
    count_warnings,
    expected_sentence,
    positives,
)
from ich.store.write import StudyWritten


@dataclass(frozen=True)
class Asked:
    """What a preparation was asked to do.

    Attributes:
        source: the data set.
        settings: of the arrays.
        options: of the split.
        folds: a user's own table of folds.
        share: of the work.
        earlier: store.json of the run before.
        started: `time.monotonic()` at the start.
    """

    source: Source
    settings: StoreSettings
    options: FoldOptions
    folds: Path | None
    share: Share
    earlier: Mapping[str, Any] | None
    started: float

    @property
    def split(self) -> dict[str, Any]:
        """What patients are placed by."""
        return {**asdict(self.options), "folds": "rule" if self.folds is None else "file"}

    @property
    def earlier_split(self) -> dict[str, Any] | None:
        """What the patients in folds.csv were placed by."""
        return None if self.earlier is None else self.earlier["split"]


def finish_store(
    path: Path, asked: Asked, *, inventory: Inventory, made: tuple[StudyWritten, ...], key: HashKey
) -> PreparedSummary | ShardSummary:
    """Gather the tables, place the patients and write store.json last; or only say which shards are missing.

    Nothing is locked: whoever comes last finds all reports, and who sees that one came while it wrote looks again.

    Args:
        path: the store, this share's studies written.
        asked: what was to be done.
        inventory: of all files, whichever share.
        made: studies that this run wrote, or failed to.
        key: that patients are hashed with.

    Raises:
        DataError: the user's table of folds lacks a patient, or nothing could be read of any study.
    """
    remove_leftovers(path)
    remove_leftovers(path / "studies")
    state = state_of(inventory.studies, asked.share, settings=asked.settings)
    report = ShardReport(state, {one.study: one.failed for one in made if one.failed})
    run = _Run(path, asked, inventory, made, key)
    if asked.share.of == 1:
        return run.gather({0: report})
    write_report(path, asked.share, report=report)
    while True:
        reports = run.reports()
        missing = tuple(sorted(set(range(asked.share.of)) - set(reports)))
        summary = run.say_missing(reports, missing) if missing else run.gather(reports)
        if set(run.reports()) == set(reports):
            return summary


def mark_unfinished(path: Path, asked: Asked, *, missing: Sequence[int]) -> None:
    """Let store.json say that shards are missing; nobody can open the store then."""
    shards = {"of": asked.share.of, "missing": list(missing)}
    write_json(path / "store.json", {**_heading(asked), "split": asked.earlier_split, "shards": shards}, indent=2)


@dataclass(frozen=True)
class _Run:
    path: Path
    asked: Asked
    inventory: Inventory
    made: tuple[StudyWritten, ...]
    key: HashKey

    def reports(self) -> dict[int, ShardReport]:
        """Of the shards that have done all there is to do; not of one of whose studies an array is gone."""
        of = self.asked.share.of
        reports = read_reports(self.path, self.inventory.studies, of=of, settings=self.asked.settings)
        there = {file.stem for file in (self.path / "studies").glob("*.json")}
        failed = {study for report in reports.values() for study in report.failed}
        gone = [one.study for one in self.inventory.studies if one.study not in there and one.study not in failed]
        return {number: one for number, one in reports.items() if not any(map(Share(number, of).holds, gone))}

    def say_missing(self, reports: Mapping[int, ShardReport], missing: Sequence[int]) -> ShardSummary:
        """Leave the tables to whoever comes last."""
        mark_unfinished(self.path, self.asked, missing=missing)
        share = self.asked.share
        return ShardSummary(
            path=self.path,
            share=share,
            n_studies=sum(share.holds(one.study) for one in self.inventory.studies),
            n_made=sum(not one.failed for one in self.made),
            n_failed=len(reports[share.number].failed) if share.number in reports else 0,
            missing=tuple(missing),
            seconds=time.monotonic() - self.asked.started,
        )

    def gather(self, reports: Mapping[int, ShardReport]) -> PreparedSummary:
        """Write all that follows from the studies."""
        path, asked = self.path, self.asked
        failed = {study: files for report in reports.values() for study, files in report.failed.items()}
        facts = self._facts()
        if not facts:
            raise nothing_readable(failed)
        studies, slices = study_table(facts), slice_table(facts)
        pixels = pixels_by_patient(facts)
        placed = self._place(studies, pixels=pixels)
        studies.insert(2, "fold", studies["patient"].map(placed.by_patient).astype("int64"))
        files = account_files(facts, self.inventory, failed=failed)
        write_rejected(path, files.rejected)
        write_unmatched(path, self.inventory.unmatched)
        write_tables(path, studies, slices=slices)
        found = {"studies": len(studies), "patients": studies["patient"].nunique(), "slices": len(slices)}
        together = _together(sorted(pixels), pixels) if asked.folds is None else ()
        summary = PreparedSummary(
            path=path,
            source=asked.source.name,
            n_studies=found["studies"],
            n_patients=found["patients"],
            n_slices=found["slices"],
            n_made=sum(not one.failed for one in self.made),
            n_failed=len(failed),
            positive_slices=positives(slices),
            positive_studies=positives(studies),
            n_labelled_slices=int(slices["any"].notna().sum()),
            n_labelled_studies=int(studies["any"].notna().sum()),
            folds=count_folds(studies),
            files=asdict(files.counts),
            rejected=dict(Counter(one.code for one in files.rejected).most_common()),
            not_chosen=files.not_chosen,
            warnings=count_warnings(facts),
            notes=(*self.inventory.notes, *placed.notes, *together, *self._left_over(len(facts))),
            facts=overview(facts),
            expected=expected_sentence(asked.source.expected, found=found),
            hash=digest(asked.settings.hash.encode(), *(one["hash"].encode() for one in facts)),
            seconds=time.monotonic() - asked.started,
        )
        write_json(path / "store.json", _content(summary, asked), indent=2)
        remove_parts(path)
        remove_other_reports(path, of=asked.share.of)
        return summary

    def _facts(self) -> list[dict[str, Any]]:
        """Of every study of the store; a study that is read otherwise now is taken out of it."""
        listed = {one.study for one in self.inventory.studies}
        facts = []
        for one in read_facts(self.path, settings=self.asked.settings):
            if one["study"] in listed or not is_replaced(one, self.inventory):
                facts.append(one)
                continue
            for suffix in (".json", ".b2nd"):
                (self.path / "studies" / f"{one['study']}{suffix}").unlink(missing_ok=True)
        return facts

    def _place(self, studies: pd.DataFrame, *, pixels: Mapping[str, Sequence[str]]) -> Folds:
        asked = self.asked
        if asked.folds is None:
            forget = asked.earlier_split != asked.split
            return assign_folds(self.path, studies, pixels=pixels, options=asked.options, forget=forget)
        patients = sorted(set(studies["patient"]))
        placed = folds_from_file(asked.folds, patients, source=asked.source.name, key=self.key, pixels=pixels)
        remember_folds(self.path, placed.by_patient)
        return placed

    def _left_over(self, n_studies: int) -> tuple[str, ...]:
        n_others = len(list((self.path / "studies").glob("*.json"))) - n_studies
        if not n_others:
            return ()
        return (
            f"{n_others} studies were made with other settings and are not among the files any more; they are left out",
        )


def nothing_readable(failed: Mapping[str, Sequence[RejectedFile]]) -> DataError:
    """The error of a data set of which no study can be read.

    Args:
        failed: rejected files of each study.
    """
    files = [file for rejected in failed.values() for file in rejected]
    codes = ", ".join(f"{n} {code}" for code, n in Counter(file.code for file in files).most_common())
    first = files[0].sentence if files else "no file is left"
    return DataError(
        f"studies={len(failed)}: expected readable slices, found none ({codes}): {first}; name another folder"
    )


def _together(patients: Sequence[str], pixels: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What to say of patients who share slices: they stand in one fold."""
    sizes = Counter(group_patients(patients, pixels).values())
    n_groups = sum(size > 1 for size in sizes.values())
    return (f"{n_groups} groups of patients share identical slices: kept together",) if n_groups else ()


def _heading(asked: Asked) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "code_version": __version__,
        "source": asked.source.name,
        "settings": asdict(asked.settings),
        "settings_hash": asked.settings.hash,
    }


def _content(summary: PreparedSummary, asked: Asked) -> dict[str, Any]:
    """What store.json says."""
    return {
        **_heading(asked),
        "hash": summary.hash,
        "split": asked.split,
        "shards": {"of": asked.share.of, "missing": []},
        "counts": {
            "studies": summary.n_studies,
            "patients": summary.n_patients,
            "slices": summary.n_slices,
            "labelled_slices": summary.n_labelled_slices,
            "labelled_studies": summary.n_labelled_studies,
            "positive_slices": summary.positive_slices,
            "positive_studies": summary.positive_studies,
            "files": summary.files,
            "rejected": summary.rejected,
            "not_chosen": summary.not_chosen,
        },
        "folds": [asdict(one) for one in summary.folds],
        "facts": summary.facts,
        "expected": dict(asked.source.expected),
        "differs": summary.expected,
        "warnings": summary.warnings,
        "notes": list(summary.notes),
    }
