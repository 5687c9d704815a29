"""How run folders are handed to processes, and what comes back."""

import re

import pytest

from ich.commands.configuration.config import compose_checked
from ich.commands.run_folders.files import write_config
from ich.commands.run_folders.lock import RANK_LOCK, held
from ich.commands.training.agent import meeting_name
from ich.commands.training.launch import RankFailedError, check_machines, command_line, launch, torchrun_line, trust_of
from ich.errors import EXIT_STOPPED, ConfigError, IchError


@pytest.fixture
def run_without_store(tmp_path):
    """A run folder whose store is not there: its process meets what a user can mend."""
    words = [f"store.path={tmp_path / 'nowhere'}", "model=tiny", "logger=none", "trainer.gpus=0", "trainer.threads=1"]
    write_config(compose_checked("train", words), tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.slow
def test_what_a_user_can_mend_comes_back_in_the_words_of_the_process(run_without_store):
    with pytest.raises(IchError, match=r"expected store\.json, found no such folder"):
        launch([run_without_store], processes=1)


@pytest.mark.slow
def test_a_process_that_fails_otherwise_says_why_in_one_sentence(tmp_path):
    (tmp_path / "config.yaml").write_text("model: {stage: slice}\n")

    with pytest.raises(RankFailedError, match=r"rank 0 met \w+: .*; more stands in .*run\.log") as caught:
        launch([tmp_path], processes=1)

    assert caught.value.code == 1
    assert "\n" not in str(caught.value)
    assert "Traceback" in (tmp_path / "run.log").read_text()


def test_a_run_that_has_its_result_is_not_trained_again(tmp_path):
    (tmp_path / "config.yaml").write_text("nothing a rank could train\n")
    (tmp_path / "result.json").write_text('{"best": "best.ckpt"}')

    assert launch([tmp_path], processes=1) == [{"best": "best.ckpt"}]


def test_a_run_whose_ranks_are_still_at_work_is_not_started_a_second_time(tmp_path):
    (tmp_path / "config.yaml").touch()

    with held(tmp_path, RANK_LOCK), pytest.raises(ConfigError, match="found a training at work in it"):
        launch([tmp_path], processes=1)


def test_the_line_for_several_machines_names_module_run_and_configuration(tmp_path):
    (tmp_path / "config.yaml").touch()

    line = torchrun_line(tmp_path, processes=4, nodes=2)

    assert "--nnodes=2 --nproc-per-node=4" in line
    assert line.endswith(f"-m ich.commands.training.rank {tmp_path} {trust_of(tmp_path)}")


def test_several_machines_need_a_cluster_job(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)

    with pytest.raises(ConfigError, match=r"trainer\.nodes=2: expected a SLURM job, found none; add launch=false"):
        check_machines(2)


@pytest.mark.parametrize(("nodes", "job"), [(1, None), (2, "7")], ids=["one machine", "in a job"])
def test_one_machine_or_a_cluster_job_is_all_right(nodes, job, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    if job is not None:
        monkeypatch.setenv("SLURM_JOB_ID", job)

    check_machines(nodes)


def test_under_slurm_an_agent_is_started_on_each_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "12345")
    (tmp_path / "config.yaml").touch()

    words = command_line(tmp_path, processes=4, nodes=2, position=0)

    assert words[:4] == ["srun", "--nodes=2", "--ntasks=2", "--ntasks-per-node=1"]
    assert words[-3:-1] == ["4", "2"]
    assert words[-1].endswith(":31820")


def test_runs_side_by_side_on_several_machines_meet_at_places_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "12345")
    runs = [tmp_path / "0", tmp_path / "1"]
    for run in runs:
        run.mkdir()
        (run / "config.yaml").write_text(f"run: {run}\n")

    places = {command_line(run, processes=4, nodes=2, position=number)[-1] for number, run in enumerate(runs)}
    lines = [torchrun_line(run, processes=4, nodes=2, position=number) for number, run in enumerate(runs)]

    assert len(places) == 2
    for option in ("--rdzv-id=", "--rdzv-endpoint="):
        assert len({next(word for word in line.split() if word.startswith(option)) for line in lines}) == 2
    assert meeting_name(runs[0]) != meeting_name(runs[1])
    assert meeting_name(runs[0]) in lines[0]


@pytest.fixture
def asked_while_at_work(tmp_path, monkeypatch):
    """Launches runs whose process is a shell; the first asks the command to stop and then does what is given."""

    def launched(script, *, n_runs=1, **how):
        monkeypatch.setattr(
            "ich.commands.training.launch.command_line", lambda run, **_: ["sh", "-c", f"cd '{run}'; {script}"]
        )
        runs = [tmp_path / str(number) for number in range(n_runs)]
        for run in runs:
            run.mkdir()
        return launch(runs, processes=1, **how)

    return launched


ASK = "trap '' TERM; kill -TERM $PPID; sleep 0.1; "


def test_who_was_asked_to_stop_and_stopped_is_told_how_to_go_on(asked_while_at_work, capsys):
    with pytest.raises(SystemExit) as caught:
        asked_while_at_work(f"{ASK} exit {EXIT_STOPPED}")

    assert caught.value.code == EXIT_STOPPED
    assert "stopped; go on with: python train.py resume=" in capsys.readouterr().out


def test_a_training_that_fails_while_it_stops_says_why(asked_while_at_work, capsys):
    with pytest.raises(IchError, match="no space left on the disk"):
        asked_while_at_work(f"{ASK} echo no space left on the disk > error.txt; exit 2")

    assert "go on with" not in capsys.readouterr().out


def test_a_process_that_breaks_while_it_stops_is_no_stop(asked_while_at_work):
    with pytest.raises(RankFailedError, match="rank 0 met OSError"):
        asked_while_at_work(f"{ASK} echo rank 0 met OSError > failure.txt; exit 1")


@pytest.mark.parametrize(("left", "raised"), [("error.txt", IchError), ("failure.txt", RankFailedError)])
@pytest.mark.parametrize("asked", ["", ASK], ids=["nobody asked", "asked"])
def test_a_stop_that_an_error_of_another_rank_caused_is_that_error(asked, left, raised, asked_while_at_work, capsys):
    with pytest.raises(raised, match="expected a readable array"):
        asked_while_at_work(f"{asked} echo expected a readable array > {left}; exit {EXIT_STOPPED}")

    assert "go on with" not in capsys.readouterr().out


def test_a_training_that_is_done_before_it_can_stop_is_done(asked_while_at_work, capsys):
    assert asked_while_at_work(f"{ASK} echo '[1]' > result.json") == [[1]]
    assert "go on with" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("how", "on"), [({"n_runs": 2}, "python train.py resume=.*1"), ({"more_follows": True}, "the same command")]
)
def test_a_stop_that_one_training_was_too_fast_for_ends_those_after_it(how, on, asked_while_at_work, tmp_path, capsys):
    with pytest.raises(SystemExit):
        asked_while_at_work(f"{ASK} echo '[1]' > result.json", **how)

    assert re.search(f"stopped; go on with: {on}\n", capsys.readouterr().out)
    assert not (tmp_path / "1" / "result.json").exists()
