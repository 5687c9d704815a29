from pathlib import Path

from ich.learn.run_files import BEST_FILE, CHECKPOINTS
from ich.nets.weights import BEST_OF_RUN


def test_a_net_that_starts_from_a_run_looks_where_a_training_keeps_its_best():
    assert Path(CHECKPOINTS) / BEST_FILE == BEST_OF_RUN
