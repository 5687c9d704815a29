"""The random states of all processes of a training, kept in its checkpoint and put back at its first step."""

import random
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
import torch.distributed as dist
from pytorch_lightning.callbacks import Callback

State = dict[str, Any]
NUMPY_GENERATOR = "MT19937"  # of numpy's global state, which is never another


def random_state() -> State:
    """The global random states of this process as tensors and plain values, which load without unpickling."""
    _, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    version, internal, next_gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None,
        "numpy": [torch.from_numpy(np.asarray(keys).astype(np.int64)), int(position), int(has_gauss), float(gauss)],
        "python": [version, list(internal), next_gauss],
    }


def set_random_state(state: State) -> None:
    """Put back what `random_state` gave."""
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    keys, position, has_gauss, gauss = state["numpy"]
    np.random.set_state((NUMPY_GENERATOR, keys.numpy().astype(np.uint32), position, has_gauss, gauss))
    version, internal, next_gauss = state["python"]
    random.setstate((version, tuple(internal), next_gauss))


class RandomStates(Callback):
    """Keeps the random states of all processes in the checkpoint.

    They are put back at the first step or validation after a stop and not before: starting up draws from them too.
    """

    def __init__(self) -> None:
        self._pending: list[State] = []

    def state_dict(self) -> dict[str, Any]:
        """The states of all processes, by rank; every process must call this."""
        own = random_state()
        if not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1):
            return {"ranks": [own]}
        ranks: list[Any] = [None] * dist.get_world_size()
        dist.all_gather_object(ranks, own)
        return {"ranks": ranks}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Remember them for the first step."""
        self._pending = state_dict["ranks"]

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Put them back, if this is the first thing after a stop."""
        self._put_back(trainer)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put them back too: behind the last epoch's validation no step follows."""
        self._put_back(trainer)

    def _put_back(self, trainer: pl.Trainer) -> None:
        """This process' own state, once; more processes than before take the first ones' again."""
        if self._pending:
            set_random_state(self._pending[trainer.global_rank % len(self._pending)])
            self._pending = []
