import json
import os
from dataclasses import replace

import pytest

from ich.commands.sweeps.job_record import RECORD_FILE, JobRecord, read_records, scores_of, seconds_of, write_record


def record(number, **scores):
    return JobRecord(number, ("seed=0",), 0, "", 2.0, scores)


def test_records_come_back_by_number(tmp_path):
    for number in (10, 9):
        write_record(tmp_path / str(number), record(number, log_loss=0.5))

    assert read_records(tmp_path) == [record(9, log_loss=0.5), record(10, log_loss=0.5)]


def test_records_of_an_earlier_start_can_be_told_apart(tmp_path):
    write_record(tmp_path / "0", replace(record(0), start="before"))
    write_record(tmp_path / "1", replace(record(1), start="now"))
    os.utime(tmp_path / "1" / RECORD_FILE, (1000, 1000))  # by the clock of a file server that is behind

    assert [one.number for one in read_records(tmp_path, start="now")] == [1]


@pytest.mark.parametrize(("scores", "objective"), [({"log_loss": 0.25}, 0.25), ({}, 0.0)])
def test_a_search_makes_the_log_loss_small(scores, objective):
    assert record(0, **scores).objective == objective


def test_scores_of_a_sequence_stage_are_the_mean_of_its_pairs(tmp_path):
    for number, loss in enumerate((0.2, 0.4)):
        (tmp_path / f"pair-{number}").mkdir()
        result = {"seconds": 2.0, "best_log_loss": loss, "metrics": {"auc_any": 0.9, "auc_epidural": None}}
        (tmp_path / f"pair-{number}" / "result.json").write_text(json.dumps(result))

    assert scores_of(tmp_path) == pytest.approx({"log_loss": 0.3, "auc_any": 0.9})
    assert seconds_of(tmp_path) == 4.0
