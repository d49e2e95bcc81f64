"""Which environments are trusted to follow their tables: those that were reviewed, or declare it."""

import copy
import types

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.envs.toy_text import frozen_lake
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv
from gymnasium.spaces import Discrete
from gymnasium.wrappers import (
    OrderEnforcing,
    PassiveEnvChecker,
    RecordEpisodeStatistics,
    StickyAction,
    TimeLimit,
    TransformReward,
)
from installed import TAXI

from boltzmann_rl import (
    Agent,
    Boltzmann,
    Environment,
    GymnasiumExperiment,
    QLearning,
    RescaledRewards,
    RewardRescaling,
    tables,
)
from boltzmann_rl.cli import main
from boltzmann_rl.engines import selection as engines
from boltzmann_rl.gridworlds import DeepSea, Garnet, ShortCorridor, TabularEnv, WindyGridworld
from boltzmann_rl.planning import MDP, value_iteration
from boltzmann_rl.tables import known
from boltzmann_rl.tables.functions import digest, reached

TaxiEnv = type(gymnasium.make(TAXI).unwrapped)
COIN = {0: {0: [(0.5, 0, -1.0, False), (0.5, 1, 2.0, True)], 1: [(1.0, 1, 0.0, True)]}, 1: {0: [], 1: []}}


class Maze(gymnasium.Env):
    """A user's environment that follows its tables; ``lie`` names how it deviates."""

    steps_by_tables = True

    def __init__(self, lie=""):
        self.P, self.initial_state_distrib, self.lie = copy.deepcopy(COIN), np.array([1.0, 0.0]), lie
        self.P[1] = {0: [(1.0, 1, 0.0, True)], 1: [(1.0, 0, -1.0, False)]}
        self.initial_state_distrib = np.array([0.25, 0.75])
        self.observation_space, self.action_space = Discrete(2), Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.s = self.drawn(self.initial_state_distrib)
        if self.lie == "draws":
            self.np_random.random()
        return self.s, self.told()

    def step(self, action):
        chances, states, rewards, ends = zip(*self.P[self.s][action], strict=True)
        k = self.drawn(chances)
        self.s = states[k]
        reward = rewards[k] + (self.lie == "pays" and self.s == 1)
        return self.s, reward, ends[k], self.lie == "truncates", self.told()

    def drawn(self, chances):
        return int(np.argmax(np.cumsum(chances) > self.np_random.random()))

    def action_mask(self, state):
        return np.array([1, state], dtype=np.int8)

    def told(self):
        return {"action_mask": self.action_mask(0 if self.lie == "masks" else self.s)}


def registered(name, make, **options):
    gymnasium.register(f"tables/{name}-v0", entry_point=make, **options)
    return Environment(f"tables/{name}-v0")


# Reviewed environments


@in_one_test(
    "cls", [*known.KNOWN, OrderEnforcing, PassiveEnvChecker, RewardRescaling, TimeLimit], ids=lambda cls: cls.__name__
)
def test_every_function_of_a_known_class_is_the_reviewed_one(cls):
    changed = [
        f"{name}: {digest(function)}"
        for name, function in reached(cls, "step", "reset").functions
        if function.__module__ not in (TabularEnv.__module__, RewardRescaling.__module__)
        and digest(function) not in known._REVIEWED.get(name, ())
    ]
    assert not changed, "Gymnasium changed these: read them, and add the digests to boltzmann_rl/tables/known.py"
    assert known.is_unmodified(cls)


@pytest.mark.parametrize(
    "env",
    [
        gymnasium.make("FrozenLake-v1"),
        FrozenLakeEnv(is_slippery=False),
        gymnasium.make("CliffWalking-v1", max_episode_steps=7),
        TimeLimit(TimeLimit(gymnasium.make(TAXI, is_rainy=True), 9), 5),
        TabularEnv(COIN, [1.0, 0.0]),
        WindyGridworld(),
        DeepSea(4),
        Garnet(5),
        Maze(),
    ],
    ids=str,
)
def test_reviewed_and_declared_environments_follow_their_tables(env):
    assert tables.why_untrusted(env) == ""
    world = tables.world_of(env)
    for state in range(len(world.start)):
        for action in range(world.available.shape[1]):
            outcomes = env.unwrapped.P[state][action]
            assert world.following[state, action, : len(outcomes)].tolist() == [outcome[1] for outcome in outcomes]
            assert world.rewards[state, action, : len(outcomes)].tolist() == [outcome[2] for outcome in outcomes]


def test_nested_time_limits_give_the_shortest():
    assert tables.world_of(TimeLimit(TimeLimit(gymnasium.make("FrozenLake-v1"), 9), 12)).limit == 9


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (FrozenLakeEnv, "step"),
        (FrozenLakeEnv, "reset"),
        (CliffWalkingEnv, "step"),
        (TaxiEnv, "action_mask"),
        (TaxiEnv, "decode"),
        (TabularEnv, "step"),
        (TabularEnv, "_draw"),
        (TimeLimit, "step"),
        (OrderEnforcing, "reset"),
        (PassiveEnvChecker, "step"),
        (gymnasium.Env, "reset"),
        (gymnasium.Wrapper, "reset"),
        (frozen_lake, "categorical_sample"),
    ],
    ids=lambda part: getattr(part, "__name__", part).rpartition(".")[2],
)
def test_a_replaced_function_is_detected_until_it_is_restored(owner, name, monkeypatch):
    ids = ("FrozenLake-v1", "CliffWalking-v1", TAXI, "boltzmann_rl.gridworlds:boltzmann_rl/WindyGridworld-v0")
    environments = [Environment(id, max_episode_steps=50) for id in ids]
    before = [tables.read(environment) for environment in environments]
    plain = vars(owner)[name]

    def replaced(*given, **named):
        return plain(*given, **named)

    replaced.__name__, replaced.__qualname__, replaced.__module__ = name, plain.__qualname__, plain.__module__
    replaced.__wrapped__ = plain
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, replaced)
        assert any(tables.cached(environment) is None for environment in environments)
        assert any(isinstance(tables.world_of(environment.make()), str) for environment in environments)
    assert all(tables.cached(environment) is world for environment, world in zip(environments, before, strict=True))


def test_replaced_code_of_a_known_function_is_detected(monkeypatch):
    def step(self, a):
        return 0, 0.0, False, False, {}

    monkeypatch.setattr(FrozenLakeEnv.step, "__code__", step.__code__)
    assert "FrozenLakeEnv.step is not the function whose source is known" in tables.why_untrusted(FrozenLakeEnv())


def test_a_copy_of_a_known_function_with_other_globals_is_detected(monkeypatch):
    here = {**vars(frozen_lake), "categorical_sample": lambda chances, rng: 0}
    monkeypatch.setattr(FrozenLakeEnv, "step", types.FunctionType(FrozenLakeEnv.step.__code__, here))
    assert "categorical_sample is not the function whose source is known" in tables.why_untrusted(FrozenLakeEnv())


class Stays(gymnasium.Env):
    def reset(self, *, seed=None, options=None):
        self._np_random = np.random.default_rng(0)


def test_a_base_inserted_under_a_known_class_is_detected():
    lake, bases = Environment("FrozenLake-v1"), FrozenLakeEnv.__bases__
    assert tables.cached(lake) is not None
    try:
        FrozenLakeEnv.__bases__ = (Stays,)
        assert tables.cached(lake) is None
        assert "Stays.reset is not the function whose source is known" in tables.why_untrusted(lake.make())
    finally:
        FrozenLakeEnv.__bases__ = bases
    assert tables.cached(lake) is not None


def test_an_exchanged_map_is_read_again(monkeypatch):
    lake = Environment("FrozenLake-v1", options={"is_slippery": False})
    before = tables.read(lake)
    monkeypatch.setitem(frozen_lake.MAPS, "4x4", ["SFFF", "FFFF", "FFFF", "FFFG"])
    assert not np.array_equal(tables.read(lake).ends, before.ends)


def test_tables_of_a_replaced_constructor_are_not_kept(monkeypatch):
    lake = Environment("FrozenLake-v1")
    assert tables.cached(lake) is not None
    plain = FrozenLakeEnv.__init__
    monkeypatch.setattr(FrozenLakeEnv, "__init__", lambda self, **options: plain(self, **options))
    assert tables.cached(lake) is None
    assert not isinstance(tables.read(lake), str)  # the functions of the instance are the reviewed ones


@pytest.mark.parametrize(
    ("cls", "name"), [(RewardRescaling, "step"), (RewardRescaling, "__init__"), (RescaledRewards, "__call__")]
)
def test_tables_in_a_replaced_wrapper_are_not_kept(monkeypatch, cls, name):
    lake, plain = Environment("FrozenLake-v1", wrap=RescaledRewards(2.0)), getattr(cls, name)
    assert tables.cached(lake) is not None
    monkeypatch.setattr(cls, name, lambda self, *given, **named: plain(self, *given, **named))
    assert tables.cached(lake) is None


def slippery_when_full(**options):
    return FrozenLakeEnv(**options)


@pytest.mark.parametrize(
    ("environment", "lasts"),
    [
        (Environment("FrozenLake-v1"), True),
        (Environment("boltzmann_rl.gridworlds:boltzmann_rl/WindyGridworld-v0"), True),
        (Environment("boltzmann_rl.gridworlds:boltzmann_rl/DeepSea-v0", options={"instance": 1}), True),
        (Environment("boltzmann_rl.gridworlds:boltzmann_rl/Garnet-v0", options={"instance": 1}), True),
        (registered("Coin", TabularEnv, kwargs={"table": {0: {0: [(1.0, 0, 1.0, True)]}}, "start": [1.0]}), True),
        (registered("Lake", slippery_when_full), False),
        (registered("Maze", Maze), False),
        (Environment("FrozenLake-v1", wrap=RescaledRewards(0.1, -3.0)), True),
        (Environment("FrozenLake-v1", wrap=OrderEnforcing), False),
    ],
    ids=str,
)
def test_tables_are_kept_between_runs_only_if_every_construction_is_the_same(environment, lasts):
    assert not isinstance(tables.read(environment), str)
    assert (tables.cached(environment) is not None) is lasts


# Declared environments


class Inherits(Maze):
    """Only has other tables."""

    def __init__(self):
        super().__init__()
        self.P[0][1] = [(1.0, 0, 5.0, False)]

    def shown(self):
        return "a method that nothing calls"


class Overrides(Maze):
    def drawn(self, chances):
        return 0


class Redeclares(Overrides):
    steps_by_tables = True


def logged(method):
    def logs(self, *given, **named):
        return method(self, *given, **named)

    return logs


class Logs(Maze):
    """Its step is decorated."""

    steps_by_tables = True

    @logged
    def step(self, action):
        return self.moved(action)

    def moved(self, action):
        return super().step(action)


class LogsOtherwise(Logs):
    def moved(self, action):
        return 0, 0.0, False, False, self.told()


class Plainly(Maze):
    steps_by_tables = "yes"


@in_one_test(
    ("env", "message"),
    [
        (Inherits(), ""),
        (Redeclares(), ""),
        (Logs(), ""),
        (LogsOtherwise(), "LogsOtherwise overrides moved of Logs"),
        (Overrides(), "is not what Maze declares by steps_by_tables: Overrides overrides drawn of Maze"),
        (Plainly(), "Plainly is a Plainly, whose tables are not known to be what it does: declare steps_by_tables"),
    ],
    ids=lambda part: type(part).__name__,
)
def test_a_declaration_is_inherited_unless_a_relevant_method_is_overridden(env, message):
    assert message in tables.why_untrusted(env)
    assert bool(tables.why_untrusted(env)) is bool(message)


@pytest.mark.parametrize("name", ["step", "reset", "drawn", "action_mask"])
def test_a_declaration_does_not_cover_attributes_set_on_an_instance(name):
    maze = Maze()
    setattr(maze, name, getattr(maze, name))
    assert f"{name} of Maze is replaced on the environment itself" in tables.why_untrusted(maze)


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        (
            "pays",
            r"step \d in state \d returned observation=1, reward=\d.0, .*P and its draws give observation=1",
        ),
        ("draws", "returned observation="),
        ("truncates", "truncated=True, but P and its draws give"),
        ("masks", r"reset\(\) has the mask \[ True False\], but action_mask is \[ True  True\]"),
    ],
)
def test_a_false_declaration_raises_an_error_that_names_the_deviation(lie, message):
    environment = registered(f"Lie{lie}", Maze, kwargs={"lie": lie}, max_episode_steps=20)
    with pytest.raises(ValueError, match=f"declares steps_by_tables = True, but does not follow .*{message}"):
        tables.read(environment)


# Plans


class Fickle(TaxiEnv):
    """Sometimes the passenger changes her destination, which P does not describe."""

    def step(self, a):
        state, *rest = super().step(a)
        return state ^ 1, *rest


def test_planning_refuses_an_environment_that_may_deviate_from_its_tables():
    for env, message in (
        (Fickle(), "Fickle overrides step of TaxiEnv"),
        (gymnasium.make(TAXI, fickle_passenger=True), "fickle_passenger=True"),
        (TransformReward(gymnasium.make("FrozenLake-v1"), abs), "is wrapped in TransformReward"),
        (StickyAction(gymnasium.make("FrozenLake-v1"), 0.2), "is wrapped in StickyAction"),
        (Plainly(), "is a Plainly, whose tables are not known to be what it does"),
        (gymnasium.make("Blackjack-v1"), "has no P"),
    ):
        with pytest.raises(TypeError, match=f"{message}.*MDP.of\\(TabularEnv"):
            MDP.of(env)


@pytest.mark.parametrize("given", ["FrozenLake-v1", Environment("FrozenLake-v1"), FrozenLakeEnv, 3], ids=str)
def test_planning_refuses_what_is_not_an_environment(given):
    with pytest.raises(TypeError, match="env must be a Gymnasium environment, got "):
        MDP.of(given)


def test_a_table_can_be_planned_for_directly():
    fickle, plain = Fickle(), MDP.of(TaxiEnv())
    planned = MDP.of(TabularEnv(fickle.P, fickle.initial_state_distrib))
    np.testing.assert_array_equal(planned.transitions, plain.transitions)
    np.testing.assert_array_equal(planned.rewards, plain.rewards)


def test_environments_that_follow_their_tables_can_be_planned_for():
    assert MDP.of(ShortCorridor()).transitions.shape == (4, 2, 4)
    assert MDP.of(RecordEpisodeStatistics(gymnasium.make("FrozenLake-v1"))).rewards.shape == (16, 4)
    assert MDP.of(gymnasium.make("FrozenLake-v1", render_mode="ansi")).rewards.shape == (16, 4)
    # In state 1, b leads to 0 for −1 and a ends for 0: the best is to end at once. In state 0 b ends for 0, and a pays
    # 2 with 1/2 and else −1 and goes on: v = 1/2·2 + 1/2·(v − 1), so v = 1.
    assert value_iteration(MDP.of(Maze()), 1.0).values.tolist() == pytest.approx([1.0, 0.0])


# Messages to the user


class Sleepy(FrozenLakeEnv):
    def step(self, a):
        return super().step(a)


gymnasium.register("tables/Sleepy-v0", entry_point=Sleepy, max_episode_steps=20)


def experiment(**changes):
    agents = {"q": Agent(QLearning(), Boltzmann(0.1)), "r": Agent(QLearning(0.3), Boltzmann(0.1))}
    declared = {"name": "sleepy", "problem": "tables/Sleepy-v0", "agents": agents, "runs": 1, "episodes": 3}
    return GymnasiumExperiment(**declared | changes)


def test_the_manifest_says_why_large_work_ran_on_the_reference_engine(monkeypatch):
    pytest.importorskip("numba")
    assert "reasons" not in experiment().run(progress=False).manifest  # compiling would not pay for so little work
    monkeypatch.setattr(engines, "PAYS", {"step": 0, "episode": 0})
    manifest = experiment().run(progress=False).manifest
    ((reason, labels),) = manifest["reasons"].items()
    assert "tables/Sleepy-v0 need not be what its tables say, as Sleepy overrides step of FrozenLakeEnv" in reason
    assert (labels, manifest["engine"]) == (["q", "r"], {"reference": ["q", "r"]})
    lake = experiment(problem="FrozenLake-v1").run(progress=False).manifest
    assert "reasons" not in lake
    assert lake["engine"] == {"compiled": ["q", "r"]}


@pytest.mark.usefixtures("everything_pays")
def test_the_command_line_says_so_in_one_line(tmp_path, capsys):
    pytest.importorskip("numba")
    file = tmp_path / "sleepy.py"
    file.write_text(
        "from boltzmann_rl import *\n"
        "EXPERIMENT = GymnasiumExperiment(name='sleepy', problem='tables/Sleepy-v0', runs=1, episodes=3,\n"
        "    agents={'q': Agent(QLearning(), Boltzmann(0.1))})\n"
    )
    assert main(["run", str(file), "--results", str(tmp_path), "--quiet"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Run by the reference engine: q, as tables/Sleepy-v0 need not be what its tables say, as Sleepy" in told
