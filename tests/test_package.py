"""The house as a whole: its floors, its front door, and the rules that every room keeps."""

import ast
import inspect
import subprocess
import sys
import types
from pathlib import Path

import pytest

import boltzmann_rl

ROOT = Path(boltzmann_rl.__file__).parent
FILES = {str(path.relative_to(ROOT).with_suffix("")).replace("/", "."): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {module: ast.parse(path.read_text("utf-8")) for module, path in FILES.items()}

# Lowest first; a room may import from lower floors and from itself. Two rooms on one floor do not know each other.
FLOORS = (
    {"arrays"},
    {"near_names"},
    {"arguments", "lazy", "files"},
    {"streams", "kernels", "labels", "statistics", "progress", "copies"},
    {"numerics"},
    {"schedules"},
    {"policies"},
    {"agents", "features", "integrations"},  # agents import nothing, so that learners may offer whole ones
    {"interface", "linear_features", "tile_coding"},
    {"masks"},
    {"numbered"},
    {"bandits", "learners", "environments", "gridworlds"},
    {"moving_bandits", "tables", "vector_environments"},
    {"planning"},
    {"bandit_environments", "many_actions"},
    {"simulation"},
    {"observers", "compiled"},
    {"engines"},
    {"experiments"},
    {"runner", "reproduction"},
    {"records"},
    {"plots"},
    {"cli", "__main__"},
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# The methods that look up a floor, lazily: running an experiment, and drawing or saving its results.
LOOKS_UP = {("experiments", "records"), ("records", "plots")}

# Each foreign library with the rooms that may know it when they are imported.
FOREIGN = {
    "matplotlib": {"plots"},
    "gymnasium": {
        "environments",
        "gridworlds",
        "bandit_environments",
        "compiled",
        "linear_features",
        "numbered",
        "tables",
        "tile_coding",
        "vector_environments",
    },
    "numba": {"kernels", "compiled", "many_actions"},
    "pandas": {"records", "plots"},
    "scipy": {"statistics"},
    "tensordict": {"integrations"},
    "tianshou": {"integrations"},
    "torch": {"integrations"},
    "torchrl": {"integrations"},
    "sb3_contrib": {"integrations"},
    "stable_baselines3": {"integrations"},
    "tqdm": {"progress"},
    "argparse": {"cli"},
}

# Names with no example of their own, and why.
WITHOUT_EXAMPLE = {
    "BrokenLaw": "an exception, shown in the example of check_policy",
    "Episode": "shown in the examples of train and Training, which yield it",
    "Results": "shown in the examples of the experiments, which return it",
    "play": "endless; shown by train, which is play for a number of episodes",
    "run": "the same as the method run of an experiment, which has one",
}


def room_of(module):
    return module.split(".")[0]


def imports_of(node, module, *, lazily=False, typing=False):
    """Every import below a node: the room or library, the name taken from it, and whether it runs on import."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from imports_of(child, module, lazily=lazily, typing=True)
            continue
        inside = lazily or isinstance(child, ast.FunctionDef | ast.Lambda)
        if isinstance(child, ast.Import):
            yield from ((alias.name, None, inside, typing) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{module} imports relatively"
            yield from ((child.module, alias.name, inside, typing) for alias in child.names)
        yield from imports_of(child, module, lazily=inside, typing=typing)


def own_imports(module):
    """The rooms that a module imports: (room, whether lazily, whether for types only)."""
    for source, name, lazily, typing in imports_of(TREES[module], module):
        package, _, inner = source.partition(".")
        if package != "boltzmann_rl":
            continue
        room = room_of(inner or name or "")
        if room in FLOOR_OF:
            yield room, lazily, typing


@pytest.mark.parametrize("module", sorted(set(FILES) - {"__init__"}))
def test_imports_go_down_the_floors(module):
    here = room_of(module)
    for room, lazily, typing in own_imports(module):
        down = room == here or FLOOR_OF[room] < FLOOR_OF[here]
        assert down or typing or (lazily and (here, room) in LOOKS_UP), f"{module} imports {room}"


def test_every_room_has_a_floor():
    assert {room_of(module) for module in FILES} - {"__init__"} <= FLOOR_OF.keys()


@pytest.mark.parametrize("module", [module for module in FILES if module != "__init__" and room_of(module) != "cli"])
def test_the_front_door_is_only_asked_for_the_version_from_inside(module):
    taken = {
        node.attr
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "boltzmann_rl"
    }
    assert taken <= {"__version__"}


@pytest.mark.parametrize("library", FOREIGN)
def test_foreign_libraries_stay_in_their_rooms(library):
    known = {
        room_of(module)
        for module in FILES
        for source, _, lazily, typing in imports_of(TREES[module], module)
        if source.split(".")[0] == library and not lazily and not typing
    }
    assert known <= FOREIGN[library]


@pytest.mark.parametrize("module", FILES)
def test_no_module_is_longer_than_one_can_keep_in_mind(module):
    assert len(FILES[module].read_text("utf-8").splitlines()) <= 400


@pytest.mark.parametrize("module", FILES)
def test_nothing_is_left_to_assert_which_python_may_drop(module):
    assert not [node.lineno for node in ast.walk(TREES[module]) if isinstance(node, ast.Assert)]


@pytest.mark.parametrize("module", FILES)
def test_chance_never_comes_from_a_global_state(module):
    allowed = {"Generator", "SeedSequence", "PCG64"}
    used = {
        node.attr
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np.random", "numpy.random")
    }
    if room_of(module) in ("policies",):  # the contract test makes its own examples, from a seed that it is given
        allowed = allowed | {"default_rng"}
    assert used <= allowed
    assert "random" not in {source for source, *_ in imports_of(TREES[module], module)}


@pytest.mark.parametrize("module", [module for module in FILES if room_of(module) != "cli"])
def test_only_the_command_line_prints(module):
    calls = [node.func for node in ast.walk(TREES[module]) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id in ("print", "input")]


@pytest.mark.parametrize("module", FILES)
def test_every_module_begins_by_saying_what_it_is(module):
    assert (ast.get_docstring(TREES[module]) or "").split("\n")[0]


def test_the_list_of_public_names_is_sorted_whole_and_without_doubles():
    names = boltzmann_rl.__all__
    classes_first = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert names == classes_first
    assert len(set(names)) == len(names)
    assert set(names) <= set(dir(boltzmann_rl))


def test_what_is_importable_is_listed():
    here = {
        name
        for name, value in vars(boltzmann_rl).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("boltzmann_rl.")
    }
    assert here <= set(boltzmann_rl.__all__)
    lazy = {name for names in boltzmann_rl._LAZY.values() for name in names}
    assert lazy <= set(boltzmann_rl.__all__)


@pytest.mark.parametrize("name", boltzmann_rl.__all__)
def test_every_public_name_can_be_imported_and_is_documented_with_an_example_that_runs(name):
    value = getattr(boltzmann_rl, name)
    assert (inspect.getdoc(value) or "").strip()
    assert value.__doc__ is not None
    if isinstance(value, types.ModuleType):
        return
    if name in WITHOUT_EXAMPLE:
        assert ">>>" not in value.__doc__, f"{name} has an example now"
    else:
        assert ">>>" in value.__doc__


@pytest.mark.parametrize("name", sorted(set(boltzmann_rl.schedules.__all__) - {"Schedule"}))
def test_every_schedule_is_documented_with_an_example_that_runs(name):
    assert ">>>" in (getattr(boltzmann_rl.schedules, name).__doc__ or "") or name == "is_constant"


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'boltzmann_rl' has no attribute 'Softmin'"):
        _ = boltzmann_rl.Softmin


HEAVY = ("pandas", "matplotlib", "scipy", "gymnasium", "joblib", "cloudpickle", "tqdm", "numba", "torch")


@pytest.mark.parametrize("code", ["import boltzmann_rl", "from boltzmann_rl import Boltzmann, act, schedules, softmax"])
def test_importing_the_package_imports_none_of_the_heavy_libraries(code):
    loaded = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{code}; import sys; print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    assert not set(HEAVY) & {module.split(".")[0] for module in loaded}


def test_bandits_and_agents_need_none_of_the_heavy_libraries():
    code = "import boltzmann_rl as b, sys; b.GaussianBandit, b.Agent, b.UCB1; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert not set(HEAVY) & {module.split(".")[0] for module in loaded}


def test_the_package_is_typed_for_those_who_use_it():
    assert (ROOT / "py.typed").exists()


def test_experiments_are_declarations_that_the_package_never_imports():
    for module, tree in TREES.items():
        assert "experiments" not in {source.split(".")[0] for source, *_ in imports_of(tree, module)}


def test_modules_with_names_of_their_own_are_attributes_of_the_package():
    """As ``help(boltzmann_rl.bandit_environments)`` in a fresh session."""
    names = ("bandit_environments", "gridworlds", "planning", "tables")
    code = f"import boltzmann_rl as b; print([{', '.join(f'b.{name}' for name in names)}])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.count("<module ") == 4
