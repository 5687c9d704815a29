"""Finishes a preparation: says which shards are missing, or gathers tables, folds and store.json once none is."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ich.errors import DataError
from ich.numerals import those_found
from ich.sources.source import RejectedFile, positive_counts
from ich.store.files import remove_leftovers
from ich.store.gathering.account import FileAccount, account_files, replaced_studies
from ich.store.gathering.assign import assign_folds, folds_from_file, remember_folds, remembered_folds
from ich.store.gathering.changes import change_notes, series_notes
from ich.store.gathering.folds import Folds, group_patients
from ich.store.gathering.gather import (
    earlier_studies,
    pixels_by_patient,
    read_facts,
    series_of_studies,
    slice_table,
    study_table,
    write_rejected,
    write_tables,
    write_unmatched,
)
from ich.store.gathering.overview import overview
from ich.store.gathering.record import Asked, mark_unfinished, write_whole
from ich.store.gathering.summary import (
    PreparedSummary,
    ShardSummary,
    count_folds,
    count_warnings,
    expected_sentence,
    positives,
)
from ich.store.keys import HashKey
from ich.store.listing.header_parts import remove_parts
from ich.store.listing.inventory import Inventory
from ich.store.settings import digest
from ich.store.sharing.shards import ShardReport, Share, read_reports, remove_other_reports, state_of, write_report
from ich.store.writing.write import StudyWritten


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
        before, earlier = remembered_folds(path), series_of_studies(earlier_studies(path))
        placed = self._place(studies, pixels=pixels)
        studies.insert(2, "fold", studies["patient"].map(placed.by_patient).astype("int64"))
        files = account_files(facts, self.inventory, failed=failed)
        write_rejected(path, files.rejected)
        write_unmatched(path, self.inventory.unmatched)
        write_tables(path, studies, slices=slices)
        together = _together(sorted(pixels), pixels) if asked.folds is None else ()
        changes = change_notes(asked, before=before, after=placed.by_patient)
        series = series_notes(earlier, series_of_studies(studies))
        kept = (*self._left_over(len(facts)), *self._without_files(facts))
        notes = (*self.inventory.notes, *placed.notes, *together, *changes, *series, *kept)
        summary = self._summary(facts, files, studies=studies, slices=slices, n_failed=len(failed), notes=notes)
        write_whole(path, asked, summary=summary)
        remove_parts(path)
        remove_other_reports(path, of=asked.share.of)
        return summary

    def _summary(
        self,
        facts: Sequence[dict[str, Any]],
        files: FileAccount,
        *,
        studies: pd.DataFrame,
        slices: pd.DataFrame,
        n_failed: int,
        notes: tuple[str, ...],
    ) -> PreparedSummary:
        asked = self.asked
        found = {"studies": len(studies), "patients": studies["patient"].nunique(), "slices": len(slices)}
        by_slice, by_study = positives(slices), positives(studies)
        labelled = {**positive_counts("slices", by_slice), **positive_counts("studies", by_study)}
        return PreparedSummary(
            path=self.path,
            source=asked.source.name,
            n_studies=found["studies"],
            n_patients=found["patients"],
            n_slices=found["slices"],
            n_made=sum(not one.failed for one in self.made),
            n_failed=n_failed,
            positive_slices=by_slice,
            positive_studies=by_study,
            n_labelled_slices=int(slices["any"].notna().sum()),
            n_labelled_studies=int(studies["any"].notna().sum()),
            folds=count_folds(studies),
            files=asdict(files.counts),
            rejected=dict(Counter(one.code for one in files.rejected).most_common()),
            not_chosen=files.not_chosen,
            warnings=count_warnings(facts),
            notes=notes,
            facts=overview(facts),
            expected=expected_sentence(asked.source.expected, found={**found, **labelled}),
            hash=digest(asked.settings.hash.encode(), *(one["hash"].encode() for one in facts)),
            seconds=time.monotonic() - asked.started,
        )

    def _facts(self) -> list[dict[str, Any]]:
        """Of every study of the store; those that are read otherwise now are taken out of it."""
        facts = list(read_facts(self.path, settings=self.asked.settings))
        replaced = replaced_studies(facts, self.inventory)
        for study in replaced:
            for suffix in (".json", ".b2nd"):
                (self.path / "studies" / f"{study}{suffix}").unlink(missing_ok=True)
        return [one for one in facts if one["study"] not in replaced]

    def _place(self, studies: pd.DataFrame, *, pixels: Mapping[str, Sequence[str]]) -> Folds:
        asked = self.asked
        if asked.folds is None:
            forget = asked.earlier_split != asked.split
            return assign_folds(self.path, studies, pixels=pixels, options=asked.options, forget=forget)
        patients = sorted(set(studies["patient"]))
        placed = folds_from_file(asked.folds, patients, source=asked.source.name, key=self.key, pixels=pixels)
        remember_folds(self.path, placed.by_patient)
        return placed

    def _without_files(self, facts: Sequence[dict[str, Any]]) -> tuple[str, ...]:
        n_kept = len({one["study"] for one in facts} - {one.study for one in self.inventory.studies})
        sentence = (
            "study|studies of an earlier run stays|stay in the store though its|their files are not among these; for a "
            "store without it|them choose another store.path"
        )
        return tuple(those_found([(n_kept, sentence)]))

    def _left_over(self, n_studies: int) -> tuple[str, ...]:
        n_others = len(list((self.path / "studies").glob("*.json"))) - n_studies
        sentence = "study|studies was|were made with other settings and is|are not among the files any more; left out"
        return tuple(those_found([(n_others, sentence)]))


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
    return tuple(those_found([(n_groups, "group|groups of patients shares|share identical slices: kept together")]))
