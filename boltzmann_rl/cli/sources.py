"""Files and modules named on the command line, with experiments, targets or policies in them."""

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from boltzmann_rl.arguments.near_names import nearest

_KINDS = "BanditExperiment, GymnasiumExperiment or Sweep"


class WrongCall(Exception):
    """Wrong arguments: exit status 2."""


def experiments_in(file: Path) -> list[Any]:
    """The experiments that a Python file declares, each once, but for parts of its sweeps; one in YAML or JSON."""
    from boltzmann_rl.experiments.declarations import Runnable

    if _is_data(file):
        return [_experiment_in(existing(file, "experiment file"))]
    module = module_in(existing(file, "experiment file"))
    found = list({id(part): part for part in vars(module).values() if isinstance(part, Runnable)}.values())
    parts = {id(part) for sweep in found for part in sweep.parts}
    return [experiment for experiment in found if id(experiment) not in parts]


def _experiment_in(file: Path) -> Any:
    """The experiment that a YAML or JSON file declares."""
    from boltzmann_rl.configuration.files import read
    from boltzmann_rl.experiments.declarations import Runnable

    try:
        found = read(file)
    except (ImportError, TypeError, ValueError) as error:
        raise RuntimeError(f"{file} could not be loaded: {str(error).removeprefix(f'{file}: ')}") from error
    if not isinstance(found, Runnable):
        raise WrongCall(f"{file} declares no experiment: its class must be {_KINDS}, not {type(found).__name__}")
    return found


def is_declaration(file: Path) -> bool:
    """Whether a file is a declaration in YAML or JSON; files of other programs do not say the version of the form."""
    if not _is_data(file) or not file.is_file():
        return False
    from boltzmann_rl.configuration.reading import MARK  # imported here: few files come so far

    return MARK.encode() in file.read_bytes()


def _is_data(file: Path) -> bool:
    """Whether the name of a file is that of YAML or JSON."""
    if file.suffix in ("", ".py"):  # for which nothing that reads the others is imported
        return False
    from boltzmann_rl.configuration.files import SUFFIXES

    return file.suffix.lower() in SUFFIXES


def no_experiment(place: Path) -> WrongCall:
    """The error for a file or folder without an experiment."""
    return WrongCall(f"{place} declares no experiment: it needs a module-level EXPERIMENT = BanditExperiment(...)")


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
    """The module in a file, which can import the modules beside it."""
    from boltzmann_rl.experiments.declarations import LOADED  # imported here: --help does not need it

    spec = importlib.util.spec_from_file_location(module_name(file), existing(file, "Python file"))
    if spec is None or spec.loader is None:
        raise WrongCall(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    _import_from(file.resolve().parent)
    token = LOADED.set(file)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # SystemExit would end this process with status 0
        raise RuntimeError(f"{file} could not be loaded: {type(error).__name__}: {error}") from error
    finally:
        LOADED.reset(token)
    return module


def module_named(name: str) -> ModuleType:
    """An importable module, or one in the current folder."""
    _import_from(Path.cwd())
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise WrongCall(f"{name} cannot be imported: {error}") from error


def _import_from(folder: Path) -> None:
    """Let a folder stand first on ``sys.path``, as that of a script does, from now on.

    A module of the same name that was imported from the folder of another file is not taken for the one in this folder.
    """
    sys.path[:] = [str(folder), *(path for path in sys.path if path != str(folder))]
    importlib.invalidate_caches()  # files may be younger than the last look at the folder
    for name in {file.stem for file in folder.glob("*.py")} & sys.modules.keys():
        if _is_of_another(folder, name):
            del sys.modules[name]


def _is_of_another(folder: Path, name: str) -> bool:
    """Whether a module that was imported is a file of the user's in a folder other than this."""
    place = getattr(sys.modules[name], "__file__", None)
    if place is None or Path(place).resolve().parent == folder:
        return False
    from boltzmann_rl.runs.sources import owner_of  # imported here: few modules come so far

    return owner_of(name) is None
