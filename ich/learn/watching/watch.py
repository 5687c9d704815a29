"""Looks on while a net learns, and tells a W&B run of the best epoch: scores, curves, the worst slices."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from ich.labels import LABELS
from ich.learn.checkpoint import load_net, read_checkpoint
from ich.learn.loop.metrics import Rows
from ich.learn.loop.module import NetModule
from ich.learn.watching.curves import Point, precision_recall_points, roc_points
from ich.learn.watching.worst_slices import WorstSlice, show_slices, worst_slices
from ich.metrics.probability import probability_of
from ich.store.store import Store

if TYPE_CHECKING:
    import wandb

# W&B's own drawing of one line a class, by its name on their server.
CURVE_DRAWING = "wandb/area-under-curve/v0"


@dataclass(frozen=True)
class BestEpoch:
    """What is shown of the epoch whose net is kept as the best: plain values that travel in `last.ckpt`."""

    epoch: int
    scores: Mapping[str, float]
    precision_recall: Sequence[Point]
    roc: Sequence[Point]
    worst: Sequence[WorstSlice]


class Watch(Callback):
    """Remembers the best epoch's answers, and reports them to a W&B run when the training has ended."""

    def __init__(self, run: "wandb.Run | None", *, n_worst: int, pictures: bool, choose: str = "best") -> None:
        """Say what is reported.

        Args:
            run: W&B run; None on processes that only train.
            n_worst: slices in the table of the worst ones.
            pictures: the table shows the slices, and where the slice net saw something.
            choose: which epoch's net is kept, as for `ich.learn.stopping.keeping.BestAndLast`: the same epoch is
                reported.
        """
        self.run, self.n_worst, self.pictures, self.choose = run, n_worst, pictures, choose
        self.best: BestEpoch | None = None

    def on_fit_start(self, trainer: pl.Trainer, pl_module: NetModule) -> None:  # type: ignore[override]
        """Tell the run which data sets are learned from, and their shares of an epoch; no folder's name."""
        if self.run is not None:
            stores = pl_module.facts["stores"]
            told = {"stores": [one["source"] for one in stores], "store_shares": [one["share"] for one in stores]}
            self.run.config.update(told, allow_val_change=True)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: NetModule) -> None:  # type: ignore[override]
        """Take the answers of an epoch whose net will be kept; all processes hold the same ones, one reports them."""
        answers, loss = pl_module.validation.latest, pl_module.scores.get("log_loss")
        if self.run is None or answers is None or loss is None:
            return
        if self.choose == "last" or self.best is None or loss < self.best.scores["log_loss"]:
            self.best = self._seen(trainer.current_epoch, pl_module.scores, answers)

    def state_dict(self) -> dict[str, Any]:
        """What goes on after a stop: plain values."""
        return {"best": None if self.best is None else asdict(self.best)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where a stopped training was."""
        if state_dict["best"] is not None:
            best = dict(state_dict["best"])
            self.best = BestEpoch(**{**best, "worst": [WorstSlice(**one) for one in best["worst"]]})

    def report(self, *, store: Store, slice_checkpoint: Path, shown_path: str) -> None:
        """Send the best epoch's scores, curves and worst slices.

        Args:
            store: the slices are read from it.
            slice_checkpoint: slice net whose heat is drawn: the one trained, or the one behind a sequence net.
            shown_path: the best checkpoint's path as it may be shown.
        """
        if self.run is None:
            return
        self.run.summary["checkpoint"] = shown_path
        if self.best is None:
            return
        self.run.summary.update({f"best/{name}": value for name, value in self.best.scores.items()})
        self.run.summary["best/epoch"] = self.best.epoch + 1
        self.run.log({**self._curves(), "worst_slices": self._worst(store, slice_checkpoint)})

    def _seen(self, epoch: int, scores: Mapping[str, float], answers: Rows) -> BestEpoch:
        probabilities = probability_of(answers.logits)
        return BestEpoch(
            epoch=epoch,
            scores=dict(scores),
            precision_recall=precision_recall_points(answers.labels, probabilities),
            roc=roc_points(answers.labels, probabilities),
            worst=worst_slices(answers, self.n_worst),
        )

    def _curves(self) -> dict[str, Any]:
        assert self.best is not None
        return {
            "curves/precision_recall": _drawn(self.best.precision_recall, ("recall", "precision")),
            "curves/roc": _drawn(self.best.roc, ("1 - specificity", "sensitivity")),
        }

    def _worst(self, store: Store, slice_checkpoint: Path) -> "wandb.Table":
        """Slices, worst first: row of the store's table, loss, costliest label, all labels, and pictures if allowed."""
        import wandb

        assert self.best is not None
        rows: list[list[Any]] = [
            [one.row, one.loss, one.label, *one.probabilities, *one.truth] for one in self.best.worst
        ]
        heads: list[str | int] = [
            "row",
            "loss",
            "label",
            *(f"probability {label}" for label in LABELS),
            *(f"truth {label}" for label in LABELS),
        ]
        if self.pictures:
            net: Any = load_net(read_checkpoint(slice_checkpoint, kind="slice"))
            heads = ["slice", "heat-map", *heads]
            pictures = show_slices(self.best.worst, store, net=net)
            rows = [[*map(wandb.Image, pair), *row] for pair, row in zip(pictures, rows, strict=True)]
        return wandb.Table(columns=heads, data=rows)


def _drawn(points: Sequence[Point], axes: tuple[str, str]) -> Any:
    import wandb

    table = wandb.Table(columns=["label", *axes], data=[list(point) for point in points])
    return wandb.plot_table(
        CURVE_DRAWING, table, {"x": axes[0], "y": axes[1], "class": "label"}, {"title": f"{axes[1]} over {axes[0]}"}
    )
