"""What the debug pages show at their end: batches learned by heart, and where the time went."""

from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ich.commands.configuration.typed import typed_keys
from ich.commands.terminal import say, table

LEARNED_SHARE = 0.1  # of the prevalence answer's log loss, below which a few batches count as learned by heart


def is_debug(config: DictConfig) -> bool:
    """Whether a training only looks for a fault: its net is none to go on with, so no next command is recommended."""
    if OmegaConf.select(config, "trainer.overfit_batches") is not None:
        return True
    return "debug" in typed_keys(config)


def say_debug(named: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Say of each training, by name, what its result holds for a person who looks for a fault; mostly nothing."""
    for name, result in named:
        prevalence = result["metrics"].get("prevalence_log_loss")
        if prevalence is not None:
            _say_few_batches(name, result["metrics"].get("log_loss"), prevalence=prevalence)
        if result.get("part_seconds"):
            _say_parts(name, result["part_seconds"], n_steps=result["timed_steps"])


def _say_few_batches(name: str, log_loss: float | None, *, prevalence: float) -> None:
    if log_loss is None:
        say("train", f"{name}: no slice of the few batches has labels, so nothing could be learned")
        return
    say(
        "train",
        f"{name}: log loss {log_loss:.4f} of the batches learned by heart; {prevalence:.4f} by prevalence alone",
    )
    if log_loss > LEARNED_SHARE * prevalence:
        say("train", "that is not near zero: look at the labels, the windows, the net and optimizer.lr")


def _say_parts(name: str, seconds: Mapping[str, float], *, n_steps: int) -> None:
    """A row a part, with its share of the whole."""
    whole = sum(seconds.values())
    parts = [*seconds.items(), ("sum", whole)]
    rows = [
        [part, f"{taken:.2f} s", f"{1000 * taken / max(n_steps, 1):.1f} ms", f"{taken / max(whole, 1e-9):.1%}"]
        for part, taken in parts
    ]
    print(table(rows, heads=[f"{name}, {n_steps} steps", "time", "a step", "share"]))
