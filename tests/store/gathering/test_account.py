"""Every file in one place."""

from types import SimpleNamespace

import pyarrow as pa
import pytest

from ich.sources.source import RejectedFile
from ich.store.gathering.account import FileCounts, account_files, replaced_studies

BAD = RejectedFile("bad.dcm", "truncated", "ends early")


def listed(study, n_files):
    return SimpleNamespace(study=study, n_files=n_files)


def facts(study, *, used=5, not_chosen=(), rejected=(), **others):
    files = {"used": used, "not_chosen": sum(one[1] for one in not_chosen), "rejected": len(rejected)}
    return {"study": study, "files": files, "not_chosen": not_chosen, "rejected": rejected, **others}


def test_used_not_chosen_and_rejected_files_add_up():
    inventory = SimpleNamespace(studies=[listed("s1", 8), listed("s2", 3)], rejected=(BAD,), n_files=12)
    stored = [facts("s1", not_chosen=[("1.3", 2, "thin", "is thin")], rejected=[vars(BAD) | {"file": "worse.dcm"}])]

    account = account_files(stored, inventory, failed={"s2": [BAD]})

    assert account.counts == FileCounts(found=12, used=5, not_chosen=4, rejected=3)
    assert account.not_chosen == {"thin": 2, "study_failed": 2}


def test_files_of_a_study_that_stays_though_they_are_gone_are_counted_as_found():
    inventory = SimpleNamespace(studies=[listed("s1", 5)], rejected=(), n_files=5)

    account = account_files([facts("s1"), facts("gone", used=7)], inventory, failed={})

    assert account.counts == FileCounts(found=12, used=12, not_chosen=0, rejected=0)


def test_counts_that_do_not_add_up_cannot_be_made():
    with pytest.raises(AssertionError):
        FileCounts(found=3, used=1, not_chosen=1, rejected=0)


@pytest.mark.parametrize("uid", ["1.2", "1.2/1.2.3"], ids=["together", "apart"])
def test_a_study_whose_files_are_read_otherwise_now_is_replaced_and_one_whose_files_are_gone_stays(uid):
    headers = pa.table({"study_uid": ["1.2", "1.9"], "patient": ["p1", ""]})
    inventory = SimpleNamespace(studies=[listed("s1", 5)], headers=headers)

    def replaced(patient, uid):
        return replaced_studies([{"study": "s2", "patient": patient, "study_uid": uid}], inventory)

    assert replaced("p1", uid) == {"s2"}
    assert replaced("p9", "1.9") == {"s2"}  # without a PatientID
    assert replaced("p2", uid) == frozenset()
    assert replaced("p1", "1.4") == frozenset()
