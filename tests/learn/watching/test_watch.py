"""What is remembered of a training and reported when it has ended."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ich.labels import LABELS
from ich.learn.loop.metrics import Rows
from ich.learn.watching.watch import Watch


class Recorder:
    """Stands for a W&B run: keeps what it is told."""

    def __init__(self) -> None:
        self.summary: dict = {}
        self.config = SimpleNamespace(update=lambda told, **_: vars(self.config).update(told))
        self.logged: dict = {}

    def log(self, values: dict) -> None:
        self.logged.update(values)


def rows(seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    labels = (rng.random((12, len(LABELS))) < 0.5).astype(np.float32)
    return Rows(np.arange(12), rng.normal(size=(12, len(LABELS))), labels)


def go_through(watch: Watch, losses: list[float | None]) -> Watch:
    for epoch, loss in enumerate(losses):
        scores = {} if loss is None else {"log_loss": loss, "auc_any": 0.5 + epoch / 10}
        module = SimpleNamespace(validation=SimpleNamespace(latest=rows(epoch)), scores=scores)
        watch.on_validation_end(SimpleNamespace(current_epoch=epoch), module)
    return watch


@pytest.fixture
def watch() -> Watch:
    return Watch(Recorder(), n_worst=3, pictures=False)


def report(watch, store, cnn_run):
    watch.report(store=store, slice_checkpoint=cnn_run[1].best, shown_path="a/checkpoints/best.ckpt")
    return watch.run


def test_data_sets_and_their_shares_are_told_and_nothing_else_of_the_stores(watch):
    stores = [{"source": "rsna", "hash": "1a", "share": 0.25}, {"source": "own", "hash": "2b", "share": 0.75}]

    watch.on_fit_start(None, SimpleNamespace(facts={"stores": stores}))

    assert watch.run.config.stores == ["rsna", "own"]
    assert watch.run.config.store_shares == [0.25, 0.75]
    assert len(vars(watch.run.config)) == 3  # `update` is the third


def test_the_epoch_of_the_lowest_log_loss_is_reported(watch, store, cnn_run):
    run = report(go_through(watch, [0.5, 0.3, 0.4]), store, cnn_run)

    assert run.summary["best/log_loss"] == 0.3
    assert run.summary["best/auc_any"] == 0.6
    assert run.summary["best/epoch"] == 2


def test_the_last_epoch_is_reported_where_its_net_is_the_one_kept(store, cnn_run):
    watch = Watch(Recorder(), n_worst=3, pictures=False, choose="last")

    run = report(go_through(watch, [0.5, 0.3, 0.4]), store, cnn_run)

    assert run.summary["best/log_loss"] == 0.4
    assert run.summary["best/epoch"] == 3


def test_without_labels_only_the_checkpoint_is_reported(watch, store, cnn_run):
    run = report(go_through(watch, [None, None]), store, cnn_run)

    assert run.summary == {"checkpoint": "a/checkpoints/best.ckpt"}
    assert run.logged == {}


def test_what_was_best_before_a_stop_is_reported_after_it(watch, store, cnn_run):
    stopped = go_through(Watch(Recorder(), n_worst=3, pictures=False), [0.5, 0.2])
    kept = torch.load(_saved(stopped.state_dict()), weights_only=True)
    watch.load_state_dict(kept)

    run = report(go_through(watch, [0.4]), store, cnn_run)

    assert run.summary["best/log_loss"] == 0.2
    assert watch.best == stopped.best


def _saved(state):
    import io

    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return buffer


def test_the_table_of_the_worst_has_pictures_only_where_they_are_allowed(watch, store, cnn_run):
    without = report(go_through(watch, [0.5]), store, cnn_run).logged["worst_slices"]
    shown = go_through(Watch(Recorder(), n_worst=3, pictures=True), [0.5])
    with_pictures = report(shown, store, cnn_run).logged["worst_slices"]

    assert with_pictures.columns == ["slice", "heat-map", *without.columns]
    assert len(without.data) == len(with_pictures.data) == 3


def test_a_process_that_does_not_report_remembers_nothing():
    assert go_through(Watch(None, n_worst=3, pictures=True), [0.5]).best is None
