import pytest

from ich.commands.configuration.config import choices, compose_checked, remember_start
from ich.commands.training.debug import is_debug, say_debug

RESULT = {"metrics": {"log_loss": 0.3}, "part_seconds": None, "timed_steps": 0}


def test_a_usual_training_says_nothing_more(capsys):
    say_debug([("slice net", RESULT)])

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("log_loss", "learned"), [(0.002, True), (0.15, False)])
def test_batches_learned_by_heart_stand_beside_the_prevalence_answer(log_loss, learned, capsys):
    metrics = {"log_loss": log_loss, "prevalence_log_loss": 0.2}

    say_debug([("slice net", {**RESULT, "metrics": metrics})])

    shown = capsys.readouterr().out
    assert f"log loss {log_loss:.4f} of the batches learned by heart; 0.2000 by prevalence alone" in shown
    assert ("not near zero" in shown) is not learned


def test_parts_of_the_time_add_up(capsys):
    seconds = {"waiting for the loader": 0.5, "forward and loss": 1.5}

    say_debug([("slice net", {**RESULT, "part_seconds": seconds, "timed_steps": 10})])

    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[2][-5:] == ["0.50", "s", "50.0", "ms", "25.0%"]
    assert rows[-1] == ["sum", "2.00", "s", "200.0", "ms", "100.0%"]


@pytest.mark.parametrize("model", ["tiny", "lstm", "pca_lstm"])
@pytest.mark.parametrize("page", choices("debug"))
def test_a_debug_page_goes_with_both_stages_and_logs_nowhere(page, model):
    config = compose_checked("train", [f"model={model}", f"debug={page}"])

    assert not any("_target_" in logger for logger in config.logger.values())


@pytest.mark.parametrize(
    ("typed", "looks_for_a_fault"),
    [
        (["model=tiny"], False),
        (["trainer.profile=true"], False),
        (["debug=fast"], True),
        (["+debug=profile"], True),
        (["trainer.overfit_batches=2"], True),
    ],
)
def test_a_net_of_a_debug_page_is_none_to_go_on_with(typed, looks_for_a_fault):
    options = [word for word in typed if not word.startswith("+")]
    config = remember_start("train", compose_checked("train", options), typed=typed)

    assert is_debug(config) is looks_for_a_fault
