"""Complaints about a composed configuration: unknown keys, wrong types, arguments a target does not take."""

import difflib
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ich.commands.options import BESIDE

# Filled by the call itself, so that a configuration may leave them out.
FILLED_BY_US = frozenset({"self", "args", "kwargs"})

NAMES = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "a group of keys",
}


MOST_NAMES = 20


def nearest(name: str, names: Sequence[str]) -> str:
    """The end of a complaint about a name: the one that was meant, or those there are."""
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f", did you mean {close[0]}?"
    highest = sorted({known.partition(".")[0] for known in names if not known.startswith("hydra")})
    return f"; known: {', '.join(highest[:MOST_NAMES])}"


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
    metadata = {field.name: field.metadata for field in fields(schema)}
    for key, value in node.items():
        name = f"{path}{key}"
        if key not in types:
            yield f"{name}={value}: no such option{nearest(name, [f'{path}{field.name}' for field in fields(schema)])}"
        elif is_dataclass(types[key]) and isinstance(types[key], type):
            if isinstance(value, Mapping):
                yield from complaints(types[key], value, path=f"{name}.", before=_child(before, key))
            else:
                yield f"{name}={value}: expected a group of keys, found {value!r}; choose one by name or set {name}.KEY"
        elif not _fits(value, types[key]):
            yield f"{name}={value}: expected {_said(types[key])}, found {value!r}"
        elif isinstance(value, Mapping):
            beside = metadata[key].get(BESIDE)
            known = {field.name for field in fields(beside)} if beside else set()
            others = {inner: value[inner] for inner in value if inner in known}
            own = {inner: value[inner] for inner in value if inner not in known}
            if beside:
                yield from complaints(beside, others, path=f"{name}.")
            yield from _target_complaints(own, path=f"{name}.", before=_child(before, key))


def _target_complaints(node: Mapping[str, Any], *, path: str, before: Mapping[str, Any] | None) -> Iterator[str]:
    """The same below a node that no dataclass holds: a target and its arguments, or a group such as the windows."""
    if before is None or set(node) - set(before):
        yield from unread_keys(node, path)
    for key, value in node.items():
        usual = before.get(key) if before is not None else None
        if isinstance(value, Mapping):
            yield from _target_complaints(value, path=f"{path}{key}.", before=_child(before, key))
        elif usual is not None and value is not None and not _same_kind(value, usual):
            yield f"{path}{key}={value}: expected {_said(type(usual))}, found {value!r}"


def unread_keys(node: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """One line for each key of a node that its `_target_` does not take."""
    if "_target_" in node:
        target = str(node["_target_"])
        takes = accepted_keys(target)
        for key in node:
            if not key.startswith("_") and key not in takes:
                yield f"{path}{key}: {target} takes no {key!r}{nearest(key, sorted(takes))}"


def accepted_keys(target: str) -> frozenset[str]:
    """Names of the arguments that a dotted target takes."""
    parameters = inspect.signature(locate(target)).parameters
    return frozenset(parameters) - FILLED_BY_US


def locate(target: str) -> Callable[..., Any]:
    """The class or function that a dotted path names."""
    module, _, name = target.rpartition(".")
    found = getattr(importlib.import_module(module), name)
    assert callable(found)
    return found


def _child(node: Mapping[str, Any] | None, key: str) -> Mapping[str, Any] | None:
    child = node.get(key) if node is not None else None
    return child if isinstance(child, Mapping) else None


def _same_kind(value: Any, usual: Any) -> bool:
    if isinstance(usual, str):
        # An interpolation or a word such as `auto` may stand where a number is allowed too.
        return isinstance(value, str) or usual.startswith("${") or not isinstance(value, list | dict)
    return _fits(value, type(usual))


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
