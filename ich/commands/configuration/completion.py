"""Completes groups whose pages lie in folders, which Hydra completes as nobody may type them: `experiment/demo=cnn`."""

from collections.abc import Sequence

from ich.commands.configuration.config import choices, config_folder


def completed(line: str, found: Sequence[str]) -> list[str]:
    """What may stand where the last word of a command line was begun.

    Args:
        line: as typed so far.
        found: what Hydra says.
    """
    begun = "" if line.endswith(" ") else line.rpartition(" ")[2]
    group, is_chosen, _ = begun.partition("=")
    if is_chosen and group in _groups_in_folders():
        return [f"{group}={choice}" for choice in choices(group) if f"{group}={choice}".startswith(begun)]
    return [f"{word[:-1]}=" if word.removesuffix("/") in _groups_in_folders() else word for word in found]


def _groups_in_folders() -> set[str]:
    folders = [folder for folder in config_folder().iterdir() if folder.is_dir() and folder.name != "hydra"]
    return {folder.name for folder in folders if any(child.is_dir() for child in folder.iterdir())}
