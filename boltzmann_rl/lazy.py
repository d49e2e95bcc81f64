"""Names that are imported when they are first asked for, so that importing the package stays light."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *room_of, *(room for room in rooms if "." not in room)})

    return get, names
