"""Work that is sent to another process finds there all that it needs, and what cannot be sent is named."""

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass

import cloudpickle
import gymnasium
import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl.runs.travel import check_travels, packed, unpacked

BESIDE = """
from dataclasses import dataclass
import gymnasium
import numpy as np

FACTOR = 0.5


def scaled(values):
    return np.asarray(values) * FACTOR


class Still(gymnasium.Env):
    observation_space, action_space = gymnasium.spaces.Discrete(3), gymnasium.spaces.Discrete(2)

    def __init__(self, gain=1.0, render_mode=None):
        self.gain = np.sum(gain)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 0
        return 0, {}

    def step(self, action):
        self.at = (self.at + 1 + int(action)) % 3
        return self.at, float(scaled(self.at) * self.gain + self.np_random.random()), self.at == 2, False, {}


class Doubled(gymnasium.RewardWrapper, gymnasium.utils.RecordConstructorArgs):
    def __init__(self, env, by):
        gymnasium.utils.RecordConstructorArgs.__init__(self, by=by)
        super().__init__(env)
        self.by = by

    def reward(self, reward):
        return reward * self.by


@dataclass(frozen=True)
class Half:
    def __call__(self, values, step):
        import boltzmann_rl
        return boltzmann_rl.softmax(scaled(values), 0.5)
"""

START = """
import sys
import gymnasium
import numpy as np
import boltzmann_rl as brl
from boltzmann_rl.runs.travel import packed, unpacked
from gymnasium.envs.registration import WrapperSpec
"""

ENVIRONMENT = """
agents = {"a": brl.Agent(brl.QLearning(), brl.EpsilonGreedy(0.2))}
EXPERIMENT = brl.GymnasiumExperiment("x", ID, agents, runs=1, episodes=3, seed=5)
"""

BANDIT = """
agents = {"a": brl.Agent(brl.SampleAverage(), POLICY)}
EXPERIMENT = brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=3, steps=5, seed=5)
"""

END = """
cells = [cell for _, cell in EXPERIMENT.plan().cells()]
content = packed(cells, [cell.problem for cell in cells])
with open(sys.argv[1], "wb") as file:
    file.write(content)
for cell in cells:
    print({name: total.tolist() for name, total in cell.simulate().totals.items()})
"""

REGISTER = "gymnasium.register('Still-v0', max_episode_steps=9, "
SCRIPTS = {
    "an environment of the script": BESIDE + REGISTER + "entry_point=Still)\nID = 'Still-v0'" + ENVIRONMENT,
    "the same by its name": BESIDE + REGISTER + "entry_point='__main__:Still')\nID = 'Still-v0'" + ENVIRONMENT,
    "by a function": BESIDE + REGISTER + "entry_point=lambda **_: Still(2.0))\nID = 'Still-v0'" + ENVIRONMENT,
    "with options": BESIDE
    + REGISTER
    + "entry_point=Still, kwargs={'gain': np.ones(2)})\nID = 'Still-v0'"
    + ENVIRONMENT,
    "with a wrapper": BESIDE
    + REGISTER
    + "entry_point=Still, additional_wrappers=(WrapperSpec('D', '__main__:Doubled', {'by': 3.0}),))\n"
    + "ID = 'Still-v0'"
    + ENVIRONMENT,
    "of a module beside it": "import beside\n" + REGISTER + "entry_point=beside.Still)\nID = 'Still-v0'" + ENVIRONMENT,
    "of such a module by name": REGISTER + "entry_point='beside:Still')\nID = 'Still-v0'" + ENVIRONMENT,
    "an installed one with options of the script": (
        "gymnasium.register('Mine-v0', entry_point='gymnasium.envs.toy_text.frozen_lake:FrozenLakeEnv', "
        "kwargs={'is_slippery': False}, max_episode_steps=20)\nID = 'Mine-v0'" + ENVIRONMENT
    ),
    "a changed installed one": "gymnasium.registry['FrozenLake-v1'].max_episode_steps = 3\nID = 'FrozenLake-v1'"
    + ENVIRONMENT,
    "a wrapper of the script in the declaration": BESIDE
    + "@dataclass(frozen=True)\nclass By:\n    by: float\n    def __call__(self, env):\n"
    + "        return Doubled(env, self.by)\n"
    + "ID = brl.Environment('FrozenLake-v1', wrap=By(2.0))"
    + ENVIRONMENT,
    "a policy of the script": BESIDE + "POLICY = Half()" + BANDIT,
    "a policy of a module beside it": "import beside\nPOLICY = beside.Half()" + BANDIT,
    "a policy that uses a module": (
        "import beside\nfrom dataclasses import dataclass\n@dataclass(frozen=True)\nclass Own:\n"
        "    def __call__(self, values, step):\n        return beside.Half()(values, step)\nPOLICY = Own()" + BANDIT
    ),
}

# A process that has only this package, in a folder of its own.
FRESH = """
import sys
from boltzmann_rl.runs.travel import unpacked
assert not {"gymnasium", "numpy.testing", "cloudpickle"} & set(sys.modules)
with open(sys.argv[1], "rb") as file:
    cells = unpacked(file.read())
for cell in cells:
    print({name: total.tolist() for name, total in cell.simulate().totals.items()})
"""


def ran(*call, cwd, check=True):
    """The output of a Python process."""
    environment = os.environ | {"PYTHONPATH": os.path.dirname(os.path.dirname(brl.__file__))}
    done = subprocess.run([sys.executable, *call], cwd=cwd, env=environment, capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_work_of_a_script_runs_in_a_fresh_process_without_its_files(script, tmp_path):
    (folder := tmp_path / "script").mkdir()
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (folder / "beside.py").write_text(BESIDE, "utf-8")
    (folder / "script.py").write_text(START + SCRIPTS[script] + END, "utf-8")
    content = str(tmp_path / "content")
    here = ran(str(folder / "script.py"), content, cwd=tmp_path)
    shutil.rmtree(folder)
    assert ran("-c", FRESH, content, cwd=elsewhere) == here != ""


@pytest.mark.parametrize(
    ("beside", "script"),
    [
        ("import threading\nLOCK = threading.Lock()\n" + BESIDE, SCRIPTS["a policy that uses a module"]),
        (BESIDE + REGISTER + "entry_point=Still)\n", "ID = 'beside:Still-v0'" + ENVIRONMENT),
        (
            BESIDE,
            "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Own:\n"
            "    def __call__(self, values, step):\n        from beside import Half\n"
            "        return Half()(values, step)\nPOLICY = Own()" + BANDIT,
        ),
    ],
    ids=["that cannot be pickled", "that registers an environment", "that a method imports"],
)
def test_a_module_beside_the_script_is_found_by_its_name(beside, script, tmp_path):
    (folder := tmp_path / "script").mkdir()
    (folder / "beside.py").write_text(beside, "utf-8")
    (folder / "script.py").write_text(START + script + END, "utf-8")
    content = str(tmp_path / "content")
    here = ran(str(folder / "script.py"), content, cwd=tmp_path)
    assert ran("-c", FRESH, content, cwd=folder.parent) == here != ""


POOL = """
def simulate(content):
    from boltzmann_rl.runs.travel import unpacked
    return [{name: total.tolist() for name, total in cell.simulate().totals.items()} for cell in unpacked(content)]

if __name__ == "__main__":
    import beside
    gymnasium.register("Still-v0", entry_point="__main__:Mine", max_episode_steps=9)
    class Mine(beside.Still):
        pass
    ID = "Still-v0"
    %s
    cells = [cell for _, cell in EXPERIMENT.plan().cells()]
    content = packed(cells, [cell.problem for cell in cells])
    with POOL as pool:
        twice = [pool.submit(simulate, content).result() for _ in range(2)]
    here = [{name: total.tolist() for name, total in cell.simulate().totals.items()} for cell in cells]
    print(twice == [here, here])
"""

POOLS = {
    "spawn": "from concurrent.futures import ProcessPoolExecutor\nimport multiprocessing\n"
    "POOL = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('spawn'))\n",
    "loky": "from loky import ProcessPoolExecutor\nPOOL = ProcessPoolExecutor(1)\n",
}


@pytest.mark.parametrize("pool", POOLS)
def test_workers_of_a_pool_know_the_environment_of_a_script(pool, tmp_path):
    if pool == "loky":
        pytest.importorskip("loky")
    (tmp_path / "beside.py").write_text(BESIDE, "utf-8")
    text = START + POOLS[pool] + POOL % "\n    ".join(ENVIRONMENT.splitlines())
    (tmp_path / "script.py").write_text(text, "utf-8")
    assert ran(str(tmp_path / "script.py"), cwd=tmp_path) == "True\n"


# --- in one process ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Own:
    """A policy of this file, which is no installed one."""

    held: object = None

    def __call__(self, values, step):
        return np.full(np.shape(values), 1 / np.shape(values)[-1])


def test_the_work_is_small_and_bandits_do_not_need_gymnasium():
    experiment = brl.BanditExperiment(
        "x", brl.GaussianBandit(), {"a": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.5))}, 5, 20
    )
    ((_, cell),) = experiment.plan().cells()
    assert len(packed([cell], [cell.problem])) < 4000
    code = "from boltzmann_rl.runs.travel import packed, unpacked\nimport boltzmann_rl as b, sys\n"
    code += "assert unpacked(packed([b.GaussianBandit(), b.Boltzmann(0.5)], [b.GaussianBandit()]))\n"
    code += "assert 'gymnasium' not in sys.modules"
    ran("-c", code, cwd=None)


def test_pickling_by_value_is_undone_afterwards():
    before = cloudpickle.list_registry_pickle_by_value()
    assert b"weighs alike" not in packed(Own())
    assert cloudpickle.list_registry_pickle_by_value() == before
    with pytest.raises(TypeError):
        packed(Own(threading.Lock()))
    assert cloudpickle.list_registry_pickle_by_value() == before


class Empty(gymnasium.Env):
    pass


def test_an_environment_that_is_registered_alike_is_left_alone(monkeypatch):
    monkeypatch.setattr(gymnasium.envs.registration, "registry", registry := dict(gymnasium.registry))
    gymnasium.register("Empty-v0", entry_point=f"{__name__}:Empty")
    content = packed(0, [brl.Environment("Empty-v0"), brl.Environment("FrozenLake-v1")])
    known = registry["Empty-v0"], registry["FrozenLake-v1"]
    assert unpacked(content) == 0
    assert registry["Empty-v0"] is known[0]
    assert registry["FrozenLake-v1"] is known[1]
    registry["Empty-v0"].max_episode_steps = 3
    unpacked(content)
    assert registry["Empty-v0"].max_episode_steps is None


# --- what cannot be sent ----------------------------------------------------------------------------------------

LOCK = threading.Lock()


NOTEBOOK = """
import threading
from dataclasses import dataclass
LOCK = threading.Lock()

@dataclass(frozen=True)
class Locked:
    def __call__(self, values, step):
        with LOCK:
            return values
"""


@dataclass(frozen=True)
class Options:
    """An environment's wrapper with something in it."""

    held: object

    def __call__(self, env):
        return env


def test_what_can_be_sent_passes():
    agents = {"a": brl.Agent(brl.SampleAverage(), Own()), "b": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.5))}
    check_travels({"p": brl.GaussianBandit(), "lake": brl.Environment("FrozenLake-v1")}, agents)


def test_the_agent_and_its_part_that_cannot_be_sent_are_named(tmp_path):
    good = brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.5))
    with open(tmp_path / "log", "w") as file, pytest.raises(TypeError) as raised:
        check_travels({"p": brl.GaussianBandit()}, {"good": good, "bad": brl.Agent(brl.SampleAverage(), Own([file]))})
    assert str(raised.value).startswith("agents['bad'] cannot be sent to another process: policy → held → [0]: ")
    assert "Cannot pickle files" in str(raised.value)
    assert "or run in this process alone" in str(raised.value)
    exec(NOTEBOOK, notebook := {"__name__": "__main__"})
    with pytest.raises(TypeError, match=r"agents\['bad'\] .*: policy → Locked → __call__ → LOCK: cannot pickle.*lock"):
        check_travels({"p": brl.GaussianBandit()}, {"bad": brl.Agent(brl.SampleAverage(), notebook["Locked"]())})


def test_the_problem_that_cannot_be_sent_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr(gymnasium.envs.registration, "registry", dict(gymnasium.registry))
    lake = brl.Environment("FrozenLake-v1", wrap=Options(threading.Lock()))
    with pytest.raises(TypeError, match=r"problem\['lake'\] cannot be sent .*: wrap → held: cannot pickle"):
        check_travels({"lake": lake}, {})
    gymnasium.register("Held-v0", entry_point=lambda lock=LOCK: Empty())
    gymnasium.register("Given-v0", entry_point=Empty, kwargs={"lock": LOCK})
    for name, way in {"Held-v0": "entry_point → defaults", "Given-v0": "kwargs → 'lock'"}.items():
        with pytest.raises(ValueError, match=rf"problem\['p'\]: .*'{name}' cannot be .*: {way}.*'module:{name}'"):
            check_travels({"p": brl.Environment(name)}, {})


def test_a_vector_that_cannot_be_sent_does_not_matter(monkeypatch):
    monkeypatch.setattr(gymnasium.envs.registration, "registry", registry := dict(gymnasium.registry))
    gymnasium.register("Both-v0", entry_point=Empty, vector_entry_point=lambda lock=LOCK: None)
    check_travels({"p": brl.Environment("Both-v0")}, {})
    content = packed(0, [brl.Environment("Both-v0")])
    del registry["Both-v0"]
    unpacked(content)
    assert registry["Both-v0"].entry_point is Empty
    assert registry["Both-v0"].vector_entry_point is None
