"""What a configuration's `_target_` names: the class or function, and the arguments it takes."""

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from ich.errors import ConfigError, one_line


@dataclass(frozen=True)
class Target:
    """What is called, as far as a configuration must know it."""

    name: str
    keys: frozenset[str]  # arguments by name
    needed: frozenset[str]  # those without a default
    takes_any: bool  # has **kwargs
    types: dict[str, Any]  # of the arguments whose type is made of plain values and null

    def takes(self, key: str) -> bool:
        """Whether a key may stand beside the target."""
        return self.takes_any or key in self.keys


def find(target: str) -> Target:
    """The target that a dotted path names.

    Raises:
        ConfigError: as `locate`.
    """
    taken = _parameters(locate(target))
    named = [one for one in taken if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    return Target(
        target,
        keys=frozenset(one.name for one in named),
        needed=frozenset(one.name for one in named if one.default is one.empty),
        takes_any=any(one.kind is one.VAR_KEYWORD for one in taken),
        types={
            one.name: one.annotation | None if one.default is None else one.annotation
            for one in named
            if _is_plain(one.annotation)
        },
    )


def locate(target: str) -> Callable[..., Any]:
    """The class or function that a dotted path names.

    Raises:
        ConfigError: there is none, or what it stands in can't be imported.
    """
    module, _, name = target.rpartition(".")
    if not module or not name:
        raise _missing(target, found="no dot", advice="type MODULE.CLASS")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        is_away = isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")
        advice = "the folder it lies in must stand on PYTHONPATH: PYTHONPATH=FOLDER python ..."
        raise _missing(target, found=one_line(error), advice=advice if is_away else f"mend {module}") from error
    if not callable(found):
        raise _missing(target, found=f"none called {name} in {module}", advice="check its spelling")
    return found


def _parameters(called: Callable[..., Any]) -> list[inspect.Parameter]:
    """Arguments of a class or function; torch's own `Module.__init__` has **kwargs and takes none."""
    if getattr(getattr(called, "__init__", None), "__module__", None) == "torch.nn.modules.module":
        return []
    return list(inspect.signature(called).parameters.values())


def _missing(target: str, *, found: str, advice: str) -> ConfigError:
    return ConfigError(f"_target_={target}: expected a class or function, found {found}; {advice}")


def _is_plain(hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return all(map(_is_plain, get_args(hint)))
    return hint in (int, float, str, bool, NoneType)
