"""Composes a command's configuration and refuses what it does not know, before any folder or file is made."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import ich
from ich.commands.configuration.check import complaints, nearest, needed_groups, not_finite
from ich.commands.configuration.options import SCHEMAS
from ich.commands.configuration.plain import plain_dict
from ich.errors import ConfigError, one_line

BRACKETS = {"[": "]", "{": "}", "(": ")"}


def config_folder() -> Path:
    """Folder of the configuration groups: inside an installed package, or beside it in a checkout."""
    package = Path(ich.__file__).parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def compose_checked(command: str, overrides: Sequence[str]) -> DictConfig:
    """Compose `conf/<command>.yaml` with overrides and check every key and type of the outcome.

    Args:
        command: one of `SCHEMAS`.
        overrides: as typed, without flags.

    Returns:
        The configuration with all interpolations resolved.

    Raises:
        ConfigError: all that is wrong with it, a line each.
    """
    typed = parse_overrides(overrides)
    several = [item for item in typed if item.is_sweep_override()]
    if several:
        key, _, found = str(several[0].input_line).partition("=")
        raise ConfigError(
            f"{key}={found}: expected one value, found several; a list is {key}=[{found}], a run for each needs -m"
        )
    typed = [item for item in typed if not (is_group(item) and item.value() is None and _is_unset(command, item))]
    groups = [item for item in typed if is_group(item)]
    values = [item for item in typed if not is_group(item)]
    wrong = [_wrong_choice(item) for item in groups if not _names_a_choice(item.value())]
    wrong += [line for item in groups for line in _twice(item)]
    if wrong:
        raise ConfigError("\n".join(wrong))
    known = _compose(command, groups)
    unknown = list(_unknown_names(known, values))
    if unknown:
        raise ConfigError("\n".join(unknown))
    composed = _compose(command, typed)
    return checked(command, composed, reference=known)


def hydra_settings(command: str, overrides: Sequence[str]) -> DictConfig:
    """Hydra's own settings under overrides of which each is one value: launcher, sweeper, folders.

    Raises:
        ConfigError: they don't compose.
    """
    settings = _compose(command, parse_overrides(overrides), with_hydra=True).hydra
    assert isinstance(settings, DictConfig)
    return settings


def checked(command: str, composed: DictConfig, *, reference: DictConfig | None = None) -> DictConfig:
    """Check a composed configuration against the command's options and its targets' signatures.

    Args:
        command: the command whose options hold.
        composed: the configuration, its interpolations unresolved or resolved.
        reference: the same without the user's values; its types are those the values must have.

    Raises:
        ConfigError: all complaints, a line each.
    """
    lost = list(needed_groups(SCHEMAS[command], plain_dict(composed, resolve=False)))
    lost += _looked_up(plain_dict(composed, resolve=False))
    if lost:
        raise ConfigError("\n".join(lost))
    missing = sorted(str(key) for key in OmegaConf.missing_keys(composed))
    if command != "prepare":
        missing = [key for key in missing if not key.startswith("data.")]  # a store is there: its data set isn't read
    if missing:
        raise ConfigError("\n".join(f"{key}: expected a value, found none; add {key}=..." for key in missing))
    try:
        plain = plain_dict(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(one_line(error)) from error
    before = None if reference is None else plain_dict(reference, resolve=False)
    found = [*complaints(SCHEMAS[command], plain, before=before), *not_finite(plain)]
    if found:
        raise ConfigError("\n".join(found))
    return OmegaConf.create(plain)


def remember_start(command: str, config: DictConfig, *, typed: Sequence[str], sweep: str | None = None) -> DictConfig:
    """Write into a training's configuration how it was started, for names and tables of runs.

    Args:
        command: others than `train` are left as they are.
        config: checked configuration; changed in place.
        typed: overrides of this run.
        sweep: folder of the sweep it belongs to.
    """
    if command == "train":
        config.started = {"typed": list(typed), "sweep": sweep}
    return config


def choices(group: str) -> list[str]:
    """Names one can choose in a group, as `tiny` and `seresnext` in `model`."""
    folder = config_folder() / group
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))


def dotted(node: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Full dotted path of every key below a node."""
    for key, child in node.items():
        yield f"{path}{key}"
        if isinstance(child, Mapping):
            yield from dotted(child, f"{path}{key}.")


def parse_overrides(overrides: Sequence[str]) -> list[Override]:
    """What was typed, understood.

    Raises:
        ConfigError: no value, a bracket that is open, characters that need quotes.
    """
    parser = OverridesParser.create()
    parsed = []
    for text in overrides:
        try:
            parsed.extend(parser.parse_overrides([text]))
        except OverrideParseException as error:
            raise ConfigError(f"{text}: expected key=value, found {_not_understood(text)}") from error
    return parsed


def _not_understood(text: str) -> str:
    """What is wrong with an override that Hydra can't read, and what to do."""
    key, equals, value = text.partition("=")
    if not equals:
        return f"a word that lacks =VALUE; type {text}=VALUE"
    for opened, closing in BRACKETS.items():
        if value.startswith(opened) and value.count(opened) > value.count(closing):
            return f"a value that lacks {closing}; close its brackets"
    return f"characters that need quotes; type '{key}=\"{value}\"'"


def is_group(item: Override) -> bool:
    """Whether an override chooses a file of a group, and does not set a value."""
    return item.key_or_group.startswith("hydra/") or (config_folder() / item.key_or_group).is_dir()


def _names_a_choice(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(map(_names_a_choice, value)))


def _twice(item: Override) -> Iterator[str]:
    """One line for each choice that a list of a group names again: it would be there once."""
    value = item.value()
    names: list[Any] = value if isinstance(value, list) else []
    for name in dict.fromkeys(one for one in names if names.count(one) > 1):
        yield f"{item.input_line}: expected each choice once, found {name} {names.count(name)} times; name it once"


def _wrong_choice(item: Override) -> str:
    found = "it taken away" if item.is_delete() else repr(item.value())
    return f"{item.input_line}: expected one of {', '.join(choices(item.key_or_group))}, found {found}"


def _is_unset(command: str, item: Override) -> bool:
    """Whether a group begins with no choice; only then is null one, and Hydra has no word for it."""
    page = yaml.safe_load((config_folder() / f"{command}.yaml").read_text(encoding="utf-8"))
    return {item.key_or_group: None} in page.get("defaults", [])


def _compose(command: str, overrides: Sequence[Override], *, with_hydra: bool = False) -> DictConfig:
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(config_dir=str(config_folder()), version_base="1.3"):
            lines = [item.input_line or "" for item in overrides]
            return compose(config_name=command, overrides=lines, return_hydra_config=with_hydra)
    except MissingConfigException as error:
        raise ConfigError(_unknown_choice(error)) from error
    except yaml.YAMLError as error:
        raise ConfigError(
            f"configuration: expected YAML, found {' '.join(str(error).split())}; mend that file"
        ) from error
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(one_line(error)) from error


def _unknown_choice(error: MissingConfigException) -> str:
    group, _, choice = (error.missing_cfg_file or "").rpartition("/")
    if not group:
        return one_line(error)
    if group.startswith("hydra/"):
        return f"{group}={choice}: no such choice here; joblib, submitit and optuna come with: pip install 'ich[sweep]'"
    names = choices(group)
    hint = nearest(choice, names)
    listed = "" if hint.startswith(";") else f" Choices: {', '.join(names)}"
    return f"{group}={choice}: no such choice{hint}{listed}"


def _unknown_names(known: DictConfig, values: Sequence[Override]) -> Iterator[str]:
    names = list(dotted(plain_dict(known, resolve=False)))
    typed = {item.key_or_group for item in values}
    for item in values:
        adds = item.is_add() or item.is_force_add()
        if item.key_or_group.startswith("hydra.") or item.key_or_group in names or adds:
            continue
        part = f"{item.key_or_group.rpartition('.')[0]}._target_"
        if part in typed and not item.is_delete():
            yield f"{item.input_line}: not an option of conf/; for a part of your own type +{item.input_line}"
            continue
        yield f"{item.input_line}: no such option{nearest(item.key_or_group, names)}"


def _looked_up(node: Any, path: str = "") -> Iterator[str]:
    """One line for each value taken from the environment, which may hold secrets; places may be told by it."""
    if isinstance(node, Mapping):
        for key, child in node.items():
            if path or key != "paths":
                yield from _looked_up(child, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for child in node:
            yield from _looked_up(child, path)
    elif isinstance(node, str) and "oc.env" in node:
        yield (
            f"{path}={node}: expected a value, found one of the environment, where secrets may stand; "
            f"only paths may be told by it: type paths.data=${{oc.env:NAME}} and '{path}=${{paths.data}}', "
            f"or let the shell fill in {path}=$NAME"
        )
