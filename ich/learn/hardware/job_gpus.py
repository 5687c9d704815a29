"""The GPUs of one job of a sweep: what `trainer.gpus` says, of those that no other job on this machine has."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ich.learn.hardware.devices import gpu_names, resolve_devices
from ich.learn.hardware.own_gpus import own_gpus


@contextmanager
def gpus_of_job(
    gpus: str | int | Sequence[int],
    *,
    auto_is_one: bool,
    option: str = "trainer.gpus",
    names: Sequence[str] | None = None,
    folder: Path | None = None,
) -> Iterator[list[int]]:
    """Give one job of a sweep GPUs that no other job on this machine has while the block runs.

    Args:
        gpus: "auto", a count of any that are free, or numbers; waits until they are free.
        auto_is_one: whether "auto" means one GPU, where jobs run side by side, or all there are.
        option: what the user types for it.
        names: of the GPUs; None: of those that this process sees.
        folder: of the locks; None: this user's own.

    Yields:
        Their numbers as seen by this process; none on a machine without, or for 0.

    Raises:
        ConfigError: none of these forms, or more or other GPUs than there are.
    """
    names = gpu_names() if names is None else names
    if gpus == "auto":
        wanted: int | Sequence[int] = min(1, len(names)) if auto_is_one else len(names)
    else:
        resolve_devices(gpus, available=len(names), option=option)
        assert not isinstance(gpus, str)
        wanted = gpus
    with own_gpus(wanted, names, folder=folder) as numbers:
        yield numbers
