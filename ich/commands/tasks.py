"""Finds the function that does a command's work."""

from collections.abc import Callable
from importlib import import_module

from omegaconf import DictConfig

Task = Callable[[DictConfig], int]


def task_of(command: str) -> Task:
    """The function of `ich.commands.<command>` that does the work; it is imported only here, when it is needed."""
    task: Task = getattr(import_module(f"ich.commands.{command}"), command)
    return task
