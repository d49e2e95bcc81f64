"""Names that are imported when they are first asked for, so that importing the package stays light."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from boltzmann_rl.arguments.near_names import nearest

__all__ = ["lazily"]


def lazily(package: str, rooms: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` of a package some of whose names stand in modules not yet imported.

    Args:
        package: Its name.
        rooms: The names in each of its modules, which themselves are imported when they are asked for.

    Source: PEP 562.
    """
    room_of = {name: room for room, names in rooms.items() for name in names}

    def get(name: str) -> Any:
        if name in rooms:
            return importlib.import_module(f"{package}.{name}")
        if name in room_of:
            return getattr(importlib.import_module(f"{package}.{room_of[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}{_suggested(sys.modules[package], name)}")

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *room_of, *(room for room in rooms if "." not in room)})

    return get, names


def _suggested(package: ModuleType, name: str) -> str:
    """A public name of the package, or of one of the modules in it that are public names, that was probably meant."""
    if name.startswith("_"):  # what Python and tools look for by themselves
        return ""
    public: list[str] = package.__all__
    modules = [module for module in public if isinstance(vars(package).get(module), ModuleType)]
    inner = {one: f"{module}.{one}" for module in modules for one in vars(package)[module].__all__ if one not in public}
    meant = nearest(name, [*inner, *public])
    return f": did you mean {inner.get(meant, meant)}?" if meant else ""
