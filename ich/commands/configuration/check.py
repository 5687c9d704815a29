"""Complaints about a composed configuration: unknown keys, wrong types, arguments a target does not take."""

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ich.commands.configuration.shared_options import BESIDE, MISSING, NEEDED
from ich.commands.configuration.targets import Target, find
from ich.errors import ConfigError

NAMES = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "a group of keys",
}
MOST_NAMES = 30  # that a complaint lists
OURS = frozenset({"hydra", "started"})  # top names that nobody types


def nearest(name: str, names: Sequence[str]) -> str:
    """The end of a complaint about a name: the one that was meant, of the same node first, or those there are."""
    node, dot, last = name.rpartition(".")
    beside = [known[len(node) + 1 :] for known in names if dot and known.rpartition(".")[0] == node]
    beside = [known for known in beside if not known.startswith("_")]
    elsewhere = [known for known in names if not f"{name}.".startswith(f"{known}.")]  # not a node that it stands in
    for wanted, some, start in ((last, beside, f"{node}."), (name, elsewhere, "")):
        close = difflib.get_close_matches(wanted, some, n=1, cutoff=0.6)
        if close:
            return f", did you mean {start}{close[0]}?"
    if not names:
        return ""
    highest = {known.partition(".")[0] for known in names} - OURS
    there = sorted(f"{node}.{known}" for known in beside) or sorted(highest)
    return f"; known: {', '.join(there[:MOST_NAMES])}"


def complaints(
    schema: type, node: Mapping[str, Any], *, path: str = "", before: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """One line for each key that `schema` does not know and each value that is not of its type.

    Args:
        schema: dataclass of options.
        node: the composed values, all resolved.
        path: dotted path of the node, ending in a dot.
        before: the same node without the user's values; below a `_target_` its types are those the values must have.
    """
    types = get_type_hints(schema)
    yield from _lost(schema, node, path=path, before=before)
    for key, value in node.items():
        name = f"{path}{key}"
        if key not in types:
            yield f"{name}={value}: no such option{nearest(name, [f'{path}{field.name}' for field in fields(schema)])}"
        elif is_dataclass(types[key]) and isinstance(types[key], type):
            yield from _group_complaints(types[key], value, name=name, before=_child(before, key))
        elif not _fits(value, types[key]):
            yield f"{name}={value}: expected {_said(types[key])}, found {value!r}"
        elif isinstance(value, Mapping):
            beside = next(field.metadata.get(BESIDE) for field in fields(schema) if field.name == key)
            yield from _dict_complaints(types[key], value, name=name, before=_child(before, key), beside=beside)


def not_finite(node: Any, path: str = "") -> Iterator[str]:
    """One line for each number that is infinite or none, at any depth: no option means anything by it."""
    if isinstance(node, Mapping):
        for key, child in node.items():
            yield from not_finite(child, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for child in node:
            yield from not_finite(child, path)
    elif isinstance(node, float) and not math.isfinite(node):
        yield f"{path}={node}: expected a finite number, found {node}; set {path}"


def _group_complaints(schema: type, value: Any, *, name: str, before: Mapping[str, Any] | None) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from complaints(schema, value, path=f"{name}.", before=before)
    else:
        yield f"{name}={value}: expected a group of keys, found {value!r}; choose one by name or set {name}.KEY"


def needed_groups(schema: type, node: Mapping[str, Any]) -> Iterator[str]:
    """One line for each group that a command can't do without and that is not there; nothing is resolved for it."""
    for one in fields(schema):
        if one.metadata.get(NEEDED) and node.get(one.name) in (None, {}, []):
            yield f"{one.name}: expected a choice, found none; add {one.name}=NAME"


def _lost(schema: type, node: Mapping[str, Any], *, path: str, before: Mapping[str, Any] | None) -> Iterator[str]:
    """One line for each option that has no usual value and is not there, and for each that was taken away with `~`."""
    for one in fields(schema):
        name = f"{path}{one.name}"
        if one.name in node:
            continue
        if one.default == MISSING:
            yield f"{name}: expected a value, found none; add {name}=..."
        elif before is not None and one.name in before and not isinstance(before[one.name], Mapping):
            yield f"{name}: expected a value, found it taken away; set it"


def _dict_complaints(
    hint: Any, node: Mapping[str, Any], *, name: str, before: Mapping[str, Any] | None, beside: type | None
) -> Iterator[str]:
    """The same below a field that is a dictionary: of groups with names, of parts with names, or one part itself."""
    inner = (*get_args(hint), Any, Any)[1]
    if is_dataclass(inner) and isinstance(inner, type):
        for key, value in node.items():
            yield from _group_complaints(inner, value, name=f"{name}.{key}", before=_child(before, key))
        return
    if get_origin(inner) is dict:
        for key, value in node.items():
            if not isinstance(value, Mapping) or "_target_" not in value:
                yield f"{name}.{key}={value}: expected a part with _target_, found none; choose {name}=[NAME]"
        node = {key: value for key, value in node.items() if isinstance(value, Mapping)}
    known = {field.name for field in fields(beside)} if beside else set()
    if beside:
        others = {key: value for key, value in node.items() if key in known}
        usual = None if before is None else {key: value for key, value in before.items() if key in known}
        yield from complaints(beside, others, path=f"{name}.", before=usual)
    own = {key: value for key, value in node.items() if key not in known}
    own_before = None if before is None else {key: value for key, value in before.items() if key not in known}
    yield from _target_complaints(own, path=f"{name}.", before=own_before)


def _target_complaints(node: Mapping[str, Any], *, path: str, before: Mapping[str, Any] | None) -> Iterator[str]:
    """The same below a node that no dataclass holds: a target and its arguments, or a group such as the windows."""
    try:
        target = find(str(node["_target_"])) if "_target_" in node else None
    except ConfigError as error:
        yield f"{path}{error}"
        return
    usual_target = None if before is None else before.get("_target_")
    if target is not None:
        yield from unread_keys(node, path, target=target, before=before)
    if before is not None and usual_target is not None:
        for key in before:
            if key not in node and not _may_go(key, target, is_usual=node.get("_target_") == usual_target):
                yield f"{path}{key}: expected a value, found it taken away; set it"
    hints = target.types if target is not None else {}
    for key, value in node.items():
        usual = before.get(key) if before is not None else None
        hint = hints.get(key, Any)
        if isinstance(value, Mapping):
            yield from _target_complaints(value, path=f"{path}{key}.", before=_child(before, key))
        elif not _suits(value, hint):
            yield f"{path}{key}={'null' if value is None else value}: expected {_said(hint)}, found {value!r}"
        elif value is not None and usual is not None and not _same_kind(value, usual):
            yield f"{path}{key}={value}: expected {_said(type(usual))}, found {value!r}"


def unread_keys(
    node: Mapping[str, Any], path: str = "", *, target: Target, before: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """One line for each key of a node that its target does not take."""
    for key in node:
        if key.startswith("_") or target.takes(key):
            continue
        if before is not None and key in before and before.get("_target_") != target.name:
            yield f"{path}{key}: {target.name} takes no {key!r}; take it away: '~{path}{key}'"
        else:
            yield f"{path}{key}: {target.name} takes no {key!r}{nearest(key, sorted(target.keys))}"


def _may_go(key: str, target: Target | None, *, is_usual: bool) -> bool:
    """Whether an option may be taken away: of a target of the user's own, what it does not need."""
    return target is not None and not key.startswith("_") and not is_usual and key not in target.needed


def _child(node: Mapping[str, Any] | None, key: str) -> Mapping[str, Any] | None:
    child = node.get(key) if node is not None else None
    return child if isinstance(child, Mapping) else None


def _same_kind(value: Any, usual: Any) -> bool:
    if isinstance(usual, str):
        # An interpolation or a word such as `auto` may stand where a number is allowed too.
        return isinstance(value, str) or usual.startswith("${") or not isinstance(value, list | dict)
    return _fits(value, type(usual))


def _suits(value: Any, hint: Any) -> bool:
    """Whether a target's argument may have this value; a text may look like a number, as a folder called 2019 does."""
    return _fits(value, hint) or (_fits("", hint) and isinstance(value, int | float))


def _fits(value: Any, hint: Any) -> bool:
    if hint is Any:
        return True
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, choice) for choice in get_args(hint))
    kind = get_origin(hint) or hint
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _said(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        return " or ".join("null" if choice is NoneType else _said(choice) for choice in get_args(hint))
    kind = get_origin(hint) or hint
    return NAMES.get(kind, str(kind))
