"""The text of `--help`, read from the YAML files: what a command does, its groups with their choices, its options."""

import re
from collections.abc import Sequence
from pathlib import Path

from ich.commands.configuration.config import choices, config_folder

COMMENTED_KEY = re.compile(r"^(?P<indent> *)(?P<key>[a-z_0-9]+): *(?P<value>[^#]*?) *(?:# *(?P<comment>.*))?$")
# Files whose keys every user meets: group, file, prefix of its keys. The others are named with their choices.
SHOWN_FILES = (
    ("data", "rsna", "data."),
    ("loading", "default", "data."),
    ("store", "default", "store."),
    ("trainer", "default", "trainer."),
    ("optimizer", "adam", "optimizer."),
    ("model", "seresnext", "model."),
)
NOT_TYPED = ("name", "stage", "licence", "backbone", "windows")  # facts of a choice, not a user's to set


def help_text(command: str, typed: Sequence[str] = ()) -> str:
    """Help of one command, as printed.

    Args:
        command: its name.
        typed: what stands beside the flag; options are shown of the choices among it.
    """
    chosen = dict(word.split("=", 1) for word in typed if "=" in word)
    page = config_folder() / f"{command}.yaml"
    lines = page.read_text(encoding="utf-8").splitlines()
    head = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    parts = [head[0], "", "Examples:", *(f"  {line}" for line in head[1:]), "", *_groups(lines)]
    parts += ["", "Options (key=value; every key stands in conf/ with what it means):", *_options(page, "")]
    for group, choice, prefix in SHOWN_FILES:
        if _default(lines, group):
            wanted = chosen.get(group, choice)
            shown = wanted if wanted in choices(group) else choice
            parts += ["", *_options(config_folder() / group / f"{shown}.yaml", prefix)]
    parts += [
        "",
        "Flags: -m (a run for each: key=a,b), --cfg job (print the configuration), --help (of choices beside it)",
    ]
    parts += ["       -sc install=bash (completion of choices and keys in the shell; also zsh, fish)"]
    return "\n".join(parts)


def _default(lines: list[str], group: str) -> str | None:
    for line in lines:
        found = re.match(rf"^  - {group}(?:@\w+)?: (.*)$", line)
        if found:
            return found.group(1)
    return None


def _groups(lines: list[str]) -> list[str]:
    rows = []
    for folder in sorted(path for path in config_folder().iterdir() if path.is_dir()):
        default = _default(lines, folder.name)
        names = choices(folder.name)
        if default is not None and (len(names) > 1 or default == "null") and names:
            rows.append(f"  {folder.name + '=':<14}{', '.join(names)}   (default {default})")
    return ["Choices (group=name):", *rows] if rows else []


def _options(page: Path, prefix: str) -> list[str]:
    rows = []
    inside_defaults, above = False, ""
    for line in page.read_text(encoding="utf-8").splitlines():
        inside_defaults = line.startswith("defaults:") or (inside_defaults and line.startswith(" "))
        found = COMMENTED_KEY.match(line)
        if not found or inside_defaults or (prefix and found["key"] in NOT_TYPED):
            continue
        if not found["indent"]:
            above = f"{found['key']}."
        if found["comment"] and found["value"]:
            name = f"{prefix}{above if found['indent'] else ''}{found['key']}={found['value']}"
            rows.append(f"  {name:<32} {found['comment']}")
    return rows
