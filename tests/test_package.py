"""The structure of the package: its layers, its public names, and rules for every module."""

import ast
import copy
import graphlib
import inspect
import pickle
import subprocess
import sys
import types

import pytest
from cases import in_one_test
from components import FILES, LAYER_OF, ROOT, TREES, component_of, imports_of, own_imports

import boltzmann_rl
from boltzmann_rl import lazy

# The components that may import each foreign library at import time.
FOREIGN = {
    "matplotlib": {"figures", "reproduction"},
    "gymnasium": {"bandit_environments", "engines.compiled", "environments", "gridworlds", "tables"},
    "numba": {"decisions", "engines.compiled", "kernels", "many_actions", "tables"},
    "pandas": {"figures", "logs", "reproduction"},
    "scipy": set(),
    "tensordict": {"integrations"},
    "tianshou": {"integrations"},
    "torch": {"backends", "integrations"},
    "jax": {"backends"},
    "torchrl": {"integrations"},
    "sb3_contrib": {"integrations"},
    "stable_baselines3": {"integrations"},
    "tqdm": set(),
    "argparse": {"cli"},
}

# Public names without an example, and why.
WITHOUT_EXAMPLE = {
    "BrokenLaw": "an exception, shown in the example of check_policy",
    "Episode": "shown in the examples of train and Training, which yield it",
    "Results": "shown in the examples of the experiments, which return it",
    "Tuning": "shown in the example of tune, which returns it",
    "play": "endless; shown by train, which is play for a number of episodes",
}


INSIDE = sorted(module for module in FILES if module != "__init__")


@in_one_test("module", INSIDE)
def test_imports_only_go_down(module):
    here = component_of(module)
    for imported in filter(None, own_imports(module)):  # the package's own __init__ has no layer: see below
        there = component_of(imported)
        assert there == here or LAYER_OF[there] < LAYER_OF[here], f"{module} imports {imported}"


def test_there_is_no_import_cycle():
    graph = {module: set(own_imports(module)) for module in FILES}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the cycle


def test_every_component_has_a_layer():
    assert {component_of(module) for module in INSIDE} <= LAYER_OF.keys()


def test_the_package_root_has_the_documented_modules_only():
    root = {path.stem for path in ROOT.glob("*.py")}
    assert root == {"__init__", "defaults", "gridworlds", "lazy", "protocols", "streams"}


@in_one_test("module", [module for module in INSIDE if component_of(module) != "cli"])
def test_no_module_imports_the_package_itself(module):
    assert "" not in set(own_imports(module))


@pytest.mark.parametrize("library", FOREIGN)
def test_foreign_libraries_are_imported_in_their_components_only(library):
    known = {
        component_of(module)
        for module in FILES
        for source, _, lazily, typing in imports_of(TREES[module])
        if source.split(".")[0] == library and not lazily and not typing
    }
    assert known <= FOREIGN[library]


@in_one_test("module", FILES)
def test_no_module_has_more_than_400_lines(module):
    assert len(FILES[module].read_text("utf-8").splitlines()) <= 400


@in_one_test("module", FILES)
def test_no_check_is_an_assert_which_python_o_would_drop(module):
    assert not [node.lineno for node in ast.walk(TREES[module]) if isinstance(node, ast.Assert)]


@in_one_test("module", FILES)
def test_randomness_never_comes_from_global_state(module):
    allowed = {"Generator", "SeedSequence", "PCG64"}
    used = {
        node.attr
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np.random", "numpy.random")
    }
    if module == "decisions.subject":  # check_policy makes its own examples, from a given seed
        allowed = allowed | {"default_rng"}
    assert used <= allowed
    assert "random" not in {source for source, *_ in imports_of(TREES[module])}


@in_one_test("module", [module for module in FILES if component_of(module) != "cli"])
def test_only_the_command_line_prints(module):
    calls = [node.func for node in ast.walk(TREES[module]) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id in ("print", "input")]


@in_one_test("module", FILES)
def test_every_module_has_a_docstring(module):
    assert (ast.get_docstring(TREES[module]) or "").split("\n")[0]


def test_the_list_of_public_names_is_sorted_complete_and_unique():
    names = boltzmann_rl.__all__
    classes_first = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert names == classes_first
    assert len(set(names)) == len(names)
    assert set(names) <= set(dir(boltzmann_rl))


def test_every_importable_name_is_listed():
    here = {
        name
        for name, value in vars(boltzmann_rl).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("boltzmann_rl.")
    }
    assert here <= set(boltzmann_rl.__all__)


@in_one_test("name", boltzmann_rl.__all__)
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


@in_one_test("name", sorted(set(boltzmann_rl.schedules.__all__) - {"Schedule"}))
def test_every_schedule_is_documented_with_an_example_that_runs(name):
    assert ">>>" in (getattr(boltzmann_rl.schedules, name).__doc__ or "") or name == "is_constant"


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'boltzmann_rl' has no attribute 'Softmin'"):
        _ = boltzmann_rl.Softmin


HEAVY = ("pandas", "matplotlib", "scipy", "gymnasium", "joblib", "cloudpickle", "tqdm", "numba", "torch")
HEAVY += ("jax", "dask", "distributed", "loky", "ray")


@pytest.mark.parametrize(
    "code",
    [
        "import boltzmann_rl",
        "from boltzmann_rl import Boltzmann, act, schedules, softmax",
        "from boltzmann_rl.cli.parser import parser; parser()",  # all that --help needs
    ],
)
def test_importing_the_package_imports_none_of_the_heavy_libraries(code):
    loaded = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{code}; import sys; print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    assert not set(HEAVY) & {module.split(".")[0] for module in loaded}


def test_random_numbers_are_imported_with_the_first_use_and_not_with_the_package():
    code = "import boltzmann_rl as b, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert "numpy" in loaded
    assert "numpy.random" not in loaded


def test_bandits_and_agents_need_none_of_the_heavy_libraries():
    code = "import boltzmann_rl as b, sys; b.GaussianBandit, b.Agent, b.UCB1; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert not set(HEAVY) & {module.split(".")[0] for module in loaded}


def loaded_at(code):
    """The libraries that are loaded wherever a program in a new process prints its modules."""
    command = [sys.executable, "-W", "error", "-c", code]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return [{name.split(".")[0] for name in line.split()} for line in printed.splitlines()]


SMALL = """if True:
    import sys
    import boltzmann_rl as brl
    agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 1.0)}
    results = brl.BanditExperiment("small", brl.GaussianBandit(), agents, runs=30, steps=20).run(progress=False)
    print(*sys.modules)
    assert results.summary["agent"].is_unique
    print(*sys.modules)
"""


def test_a_bandit_runs_without_the_libraries_that_tables_and_environments_need():
    after_run, after_table = loaded_at(SMALL)
    heavy = {"pandas", "scipy", "matplotlib", "gymnasium", "numba", "cloudpickle", "loky", "tqdm"}
    assert not heavy & after_run
    assert heavy & after_table == {"pandas", "scipy"}


DECLARED = """if True:
    import sys
    import boltzmann_rl as brl
    environment = brl.Environment("MountainCar-v0", wrap=brl.TileCoded())
    agents = {"τ = 0.1": brl.Agent(brl.QLearning(), brl.Boltzmann(0.1))}
    brl.GymnasiumExperiment("declared", {"tiles": environment, "lake": "FrozenLake-v1"}, agents)
    print(*sys.modules)
    environment.make()
    print(*sys.modules)
"""


def test_environments_are_declared_without_gymnasium_and_made_with_it():
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", DECLARED], capture_output=True, check=True, text=True
    )
    declared, made = ({name.split(".")[0] for name in line.split()} for line in finished.stdout.splitlines())
    assert set(HEAVY) & declared == set()
    assert set(HEAVY) & made == {"gymnasium"}


def test_experiments_are_listed_without_the_heavy_libraries_and_what_runs_them():
    code = f"import sys; from boltzmann_rl.cli import main; main(['list', {str(ROOT.parent / 'experiments')!r}])"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{code}; print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    )
    *told, loaded = finished.stdout.splitlines()
    modules = set(loaded.split())
    assert len(told) > 30
    assert not set(HEAVY) & {module.split(".")[0] for module in modules}
    assert not {"json", "logging", "multiprocessing", "numpy.ma", "numpy.random", "secrets", "tempfile"} & modules
    parts = ("configuration", "decisions", "kernels.jit", "planning", "results", "runs", "storage", "training")
    own = {module for module in modules if module.startswith(tuple(f"boltzmann_rl.{part}" for part in parts))}
    assert own == {"boltzmann_rl.runs", "boltzmann_rl.runs.signals"}


def test_masked_arrays_are_imported_only_where_they_are_used():
    code = "import numpy as np, boltzmann_rl as b, sys; b.Boltzmann(0.5)(np.ones(3), 0); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert "boltzmann_rl.policies.softmax" in loaded
    assert "numpy.ma" not in loaded


def test_the_package_is_marked_as_typed():
    assert (ROOT / "py.typed").exists()


def test_clusters_and_worker_processes_are_imported_only_where_they_are_started():
    libraries = {"dask", "distributed", "loky", "ray"}
    importing = {
        module for module in FILES for source, *_ in imports_of(TREES[module]) if source.split(".")[0] in libraries
    }
    assert importing == {f"runs.executors.{name}" for name in ("dask", "processes", "ray", "trackers")}


def test_experiments_are_declarations_that_the_package_never_imports():
    for tree in TREES.values():
        assert "experiments" not in {source.split(".")[0] for source, *_ in imports_of(tree)}


def test_public_modules_are_attributes_of_the_package():
    """As ``help(boltzmann_rl.bandit_environments)`` in a fresh session."""
    names = ("bandit_environments", "gridworlds", "logs", "planning", "tables")
    code = f"import boltzmann_rl as b; print([{', '.join(f'b.{name}' for name in names)}])"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.count("<module ") == 5


# Why a function may be longer than 40 lines, or take more than six parameters.
KERNELS = {"decisions.kernel", "engines.compiled.bandit_kernel", "engines.compiled.lanes", "tables.kernel"}
KERNELS |= {
    "decisions.single",
    "engines.compiled.measuring",
    "engines.compiled.perturbation",
    "engines.compiled.state",
    "engines.compiled.units",
}  # compiled code takes plain arrays, and calls cost it inlining
LARGE = {
    "bandit_environments.environments.__init__": "Gymnasium's interface: each option is a keyword of gymnasium.make",
    "backends.jax.act": "the public function: every option of a decision is one of its keywords",
    "backends.torch.act": "the public function: every option of a decision is one of its keywords",
    "decisions.act.act": "the public function: every option of a decision is one of its keywords",
    "engines.compiled.bandits.__init__": "what a range of runs has in common with the others, and its own place",
    "engines.compiled.bandits._play": "the interface of an engine",
    "engines.compiled.bandits.simulate_ranges": "the interface of an engine: all fields of a cell",
    "engines.compiled.tabular._run": "one run, and each thing that is kept or measured of it",
    "engines.compiled.tabular.simulate_ranges": "the interface of an engine",
    "engines.reference.bandits._record": "the loop over steps, which shows what happens in which order",
    "engines.reference.bandits.simulate_ranges": "the interface of an engine",
    "engines.reference.episodes.samples_of": "one run, and each thing that is measured of it",
    "engines.reference.episodes.simulate_ranges": "the interface of an engine",
    "results.results.plot": "the public function: what a figure shows is said by its keywords",
    "results.results.of_runs": "the public function: what a table leaves open is one of its keywords",
    "experiments.declarations.run": "the public function: every option of a run is one of its keywords",
    "integrations.torchrl.__init__": "TorchRL's interface",
    "numerics.perturbation._beta": "the integrand, whose arguments are the terms of its formula",
    "tuning.tuner.tune": "the public function: every option of tuning is one of its keywords",
}


def _parameters(function):
    given = function.args
    named = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return [name for name in named if name not in ("self", "cls")]


def _lines_of_body(function):
    first, *rest = function.body
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = (first.end_lineno + 1) if documented and rest else first.lineno
    return function.end_lineno - start + 1


def test_functions_are_short_with_few_parameters_or_have_a_reason():
    large = {
        f"{module}.{node.name}"
        for module in FILES
        if module not in KERNELS
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.FunctionDef) and (_lines_of_body(node) > 40 or len(_parameters(node)) > 6)
    }
    assert large - LARGE.keys() == set(), "make them shorter, or give a reason in LARGE"


def test_a_copy_of_a_library_that_is_imported_later_is_the_library():
    assert copy.deepcopy(lazy.pandas) is pickle.loads(pickle.dumps(lazy.pandas)) is sys.modules["pandas"]
