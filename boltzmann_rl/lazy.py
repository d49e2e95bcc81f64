"""Public names, and slow libraries, that are imported at their first use, so that importing the package is fast."""

import ast
import functools
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from boltzmann_rl.arguments.near_names import nearest

_ROOT = Path(__file__).parent


class _Library:
    """A library that is imported when an attribute of it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)

    def __reduce__(self) -> tuple[Any, ...]:  # a copy is the library
        return importlib.import_module, (self._name,)


if TYPE_CHECKING:
    import pandas as pandas
    from scipy import special as special
else:  # each takes longer to import than a small experiment takes to run
    pandas, special = _Library("pandas"), _Library("scipy.special")


def public(package: str) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__all__``, ``__getattr__`` and ``__dir__`` of a package: all names of its stub.

    Of a package without a stub they are the names that the stub of ``boltzmann_rl`` imports from it.

    Args:
        package: Such as ``"boltzmann_rl"`` or ``"boltzmann_rl.learners"``.

    Source: PEP 562.
    """
    stub, inside = _ROOT.parent.joinpath(*package.split("."), "__init__.pyi"), ""
    if not stub.is_file():
        stub, inside = _ROOT / "__init__.pyi", f"{package}."
    source = {name: module for name, module in _names(stub).items() if module.startswith(inside)}

    def get(name: str) -> Any:
        if name not in source:
            suggestion = "" if _is_module(package, name) else _suggested(sys.modules[package], name)
            raise AttributeError(f"module {package!r} has no attribute {name!r}{suggestion}")
        module = source[name]
        if module == "boltzmann_rl":  # one of its modules
            found: Any = importlib.import_module(f"{module}.{name}")
        else:
            found = getattr(importlib.import_module(module), name)
        setattr(sys.modules[package], name, found)  # from now on an ordinary attribute
        return found

    return sorted(source, key=_constants_and_classes_first), get, lambda: sorted({*vars(sys.modules[package]), *source})


@functools.cache
def sources() -> dict[str, str]:
    """The module of each public name, of the package or of one of its public modules; imports none of them.

    Example:
        >>> sources()["Boltzmann"], sources()["Exponential"], sources()["MaxBackup"]
        ('boltzmann_rl.policies.softmax', 'boltzmann_rl.schedules.shapes', 'boltzmann_rl.planning')
    """
    names = _names(_ROOT / "__init__.pyi")
    modules = [name for name, module in names.items() if module == "boltzmann_rl"]
    inner = {name: source for module in modules for name, source in _inside(module).items()}
    return inner | {name: source for name, source in names.items() if name not in modules}


def _inside(module: str) -> dict[str, str]:
    """The module of each name of a public module: of its stub, or of its ``__all__``."""
    package = _ROOT / module
    if (stub := package / "__init__.pyi").is_file():
        return _names(stub)
    file = package / "__init__.py" if package.is_dir() else package.with_suffix(".py")
    lists = (
        ast.literal_eval(node.value)
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    return {name: f"boltzmann_rl.{module}" for names in lists for name in names}


@functools.cache
def _names(stub: Path) -> dict[str, str]:
    """The module of each public name."""
    imports = [node for node in ast.parse(stub.read_text("utf-8")).body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def _constants_and_classes_first(name: str) -> tuple[bool, bool, str]:
    """The order in which linters sort ``__all__``."""
    return not name.isupper(), not name[0].isupper(), name


def _is_module(package: str, name: str) -> bool:
    """Whether a package has a module of this name, which an import statement asks for before it loads it."""
    place = _ROOT.parent.joinpath(*package.split("."), name)
    return place.is_dir() or place.with_suffix(".py").is_file()


def _suggested(package: ModuleType, name: str) -> str:
    """The public name that was probably meant, of the package or of one of its public modules."""
    if name.startswith("_"):  # looked up by Python and by tools, not by users
        return ""
    public: list[str] = package.__all__
    modules = [module for module in public if isinstance(vars(package).get(module), ModuleType)]
    inner = {one: f"{module}.{one}" for module in modules for one in vars(package)[module].__all__ if one not in public}
    meant = nearest(name, [*inner, *public])
    return f": did you mean {inner.get(meant, meant)}?" if meant else ""
