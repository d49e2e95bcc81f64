"""Python files and modules named on the command line, with experiments, targets or policies in them."""

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from boltzmann_rl.arguments.near_names import nearest

if TYPE_CHECKING:
    from boltzmann_rl.experiments.declarations import Experiment


class WrongCall(Exception):
    """Wrong arguments: exit status 2."""


def experiments_in(file: Path) -> list["Experiment"]:
    """The experiments that a Python file declares, at least one."""
    from boltzmann_rl.experiments.declarations import BanditExperiment, GymnasiumExperiment

    module = module_in(existing(file, "experiment file"))
    found = [part for part in vars(module).values() if isinstance(part, BanditExperiment | GymnasiumExperiment)]
    if not found:
        raise WrongCall(f"{file} declares no experiment: it needs a module-level EXPERIMENT = BanditExperiment(...)")
    return found


def meant(word: str, known: Iterable[str]) -> str:
    """``: did you mean …?`` or a full stop, to follow an unknown word."""
    plain = {one.lstrip("-").replace("-", "_"): one for one in known}
    near = nearest(word.lstrip("-").replace("-", "_"), plain)
    return f": did you mean {plain[near]}?" if near else "."


def existing(path: Path, what: str) -> Path:
    """The path, if it exists."""
    if not path.exists():
        beside = {other.name: str(other) for other in path.parent.glob("*")} if path.parent.is_dir() else {}
        near = nearest(path.name, beside)
        hint = f": did you mean {beside[near]}?" if near else ""
        raise WrongCall(f"no {what} there: {path} does not exist (seen from {Path.cwd()}){hint}")
    return path


def module_name(file: Path) -> str:
    """The module name under which a file is imported."""
    return f"experiment_{file.stem}"


def module_in(file: Path) -> ModuleType:
    """The module in a file; cloudpickle sends its classes to workers by value."""
    import cloudpickle

    spec = importlib.util.spec_from_file_location(module_name(file), existing(file, "Python file"))
    if spec is None or spec.loader is None:
        raise WrongCall(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # SystemExit would end this process with status 0
        raise RuntimeError(f"{file} could not be loaded: {type(error).__name__}: {error}") from error
    cloudpickle.register_pickle_by_value(module)
    return module


def module_named(name: str) -> ModuleType:
    """An importable module, or one in the current folder."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise WrongCall(f"{name} cannot be imported: {error}") from error
    finally:
        sys.path.pop(0)
