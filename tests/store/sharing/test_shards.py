"""Shares of the work, and what shards report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.errors import ConfigError
from ich.sources.source import RejectedFile
from ich.store.keys import HashKey
from ich.store.settings import StoreSettings
from ich.store.sharing.shards import (
    ShardReport,
    Share,
    read_reports,
    remove_other_reports,
    share_of,
    state_of,
    write_report,
)

SETTINGS = StoreSettings("a", 64, None, "k")


class Study:
    def __init__(self, study, content):
        self.study, self.content = study, content

    def fingerprint(self, settings):
        return self.content


STUDIES = [Study(f"s{number:016x}", "as it was") for number in range(6)]


def report(path, number, *, studies=STUDIES):
    share = Share(number, 2)
    failed = {"s1": (RejectedFile("a.dcm", "truncated", "ends early"),)}
    write_report(path, share, report=ShardReport(state_of(studies, share, settings=SETTINGS), failed))


@given(st.text(), st.integers(1, 12))
def test_each_study_belongs_to_exactly_one_share(uid, of):
    study = HashKey(b"secret key", "file").study("a", uid, patient_id="p")

    assert sum(Share(number, of).holds(study) for number in range(of)) == 1


@pytest.mark.parametrize(
    ("shard", "shards", "sentence"),
    [
        (None, 4, "shards=4: expected shard=0 to 3 beside it, found none"),
        (4, 4, "shard=4: expected 0 to 3, found another number"),
        (-1, 4, "shard=-1: expected 0 to 3"),
        (0, 0, "shards=0: expected 1 to 9999"),
    ],
    ids=["no number", "too high", "negative", "no shards"],
)
def test_a_shard_that_cannot_be_is_refused(shard, shards, sentence):
    with pytest.raises(ConfigError, match=sentence):
        share_of(shard, shards)


def test_a_report_counts_as_long_as_its_studies_are_to_be_what_they_were(tmp_path):
    report(tmp_path, 0)
    report(tmp_path, 1)
    changed = [*STUDIES[:5], Study(STUDIES[5].study, "with another label")]

    assert sorted(read_reports(tmp_path, STUDIES, of=2, settings=SETTINGS)) == [0, 1]
    assert sorted(read_reports(tmp_path, changed, of=2, settings=SETTINGS)) == [0]
    assert read_reports(tmp_path, STUDIES, of=3, settings=SETTINGS) == {}


def test_what_could_not_be_read_is_reported_file_by_file(tmp_path):
    report(tmp_path, 0)

    failed = read_reports(tmp_path, STUDIES, of=2, settings=SETTINGS)[0].failed

    assert failed == {"s1": (RejectedFile("a.dcm", "truncated", "ends early"),)}


def test_reports_of_another_number_of_shards_go_once_the_store_is_whole(tmp_path):
    report(tmp_path, 0)

    remove_other_reports(tmp_path, of=2)
    assert read_reports(tmp_path, STUDIES, of=2, settings=SETTINGS)

    remove_other_reports(tmp_path, of=1)
    assert not (tmp_path / "shards").exists()
