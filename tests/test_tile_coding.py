"""Tile coding and linear features: active tiles, errors, and use in Gymnasium and in training."""

import pickle
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.spaces import Box, Discrete
from gymnasium.utils.env_checker import check_env
from hypothesis import given, strategies as st

from boltzmann_rl import SARSA, Agent, Boltzmann, Environment, GymnasiumExperiment, QLearning, Uniform, train
from boltzmann_rl.declared_environments.wraps import LinearObservations, TileCoded
from boltzmann_rl.environments.linear_features import LinearFeatures, RealFeatures
from boltzmann_rl.environments.readings import TabularEnvironment
from boltzmann_rl.environments.tile_coding import ActiveFeatures, TileCoding


class Still(gymnasium.Env):
    """Always observes the same."""

    def __init__(self, low=-4.0, high=4.0, dimensions=2, space=None):
        self.observation_space = Box(low, high, (dimensions,)) if space is None else space
        self.action_space = Discrete(2)
        self.shown = np.zeros(dimensions, dtype=np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.shown.copy(), {}

    def step(self, action):
        return self.shown.copy(), 0.0, False, False, {}


def tiles_by_hand(x, low, high, tilings, tiles):
    """The active tiles, tiling by tiling, with numbers that a float represents exactly."""
    active = []
    for tiling in range(tilings):
        index = 0
        for j, number in enumerate(x):
            width = (high - low) / tiles[j]
            shift = (tiling * (2 * j + 1) % tilings) / tilings * width
            clipped = min(max(number, low), high)
            index = index * (tiles[j] + 1) + int((clipped - low + shift) // width)
        active.append(index + tiling * int(np.prod([count + 1 for count in tiles])))
    return active


@given(
    st.lists(st.integers(-700, 700).map(lambda k: k / 128), min_size=3, max_size=3),
    st.sampled_from([1, 2, 4, 8]),
    st.lists(st.sampled_from([1, 2, 4, 8]), min_size=3, max_size=3),
)
def test_the_active_tiles_are_those_counted_by_hand(x, tilings, tiles):
    env = TileCoding(Still(dimensions=3), tilings, tiles)
    active = env.observation(np.array(x, dtype=np.float32))
    assert active.tolist() == tiles_by_hand(x, -4.0, 4.0, tilings, tiles)
    assert env.observation_space.contains(active)


def test_tilings_are_displaced_by_1_3_5_of_their_number():
    """Four tilings with one tile per dimension: the offset of a tiling is how far its second tile is from the end."""
    env = TileCoding(Still(0.0, 1.0, dimensions=3), tilings=4, tiles=1)
    begins = np.ones((4, 3))
    for j in range(3):
        for k in range(256, -1, -1):
            x = np.zeros(3)
            x[j] = k / 256
            moved = env.observation(x) > env.observation(np.zeros(3))
            begins[moved, j] = k / 256
    assert (1.0 - begins).tolist() == [[0, 0, 0], [0.25, 0.75, 0.25], [0.5, 0.5, 0.5], [0.75, 0.25, 0.75]]


def test_near_observations_share_tiles_and_observations_a_tile_apart_share_none():
    env = TileCoding(Still(0.0, 8.0, dimensions=1), tilings=8, tiles=8)
    place = [set(env.observation(np.array([x])).tolist()) for x in np.arange(0, 8.125, 0.125)]
    assert [len(one & other) for one, other in pairwise(place)] == [7] * 64  # an eighth of a tile apart
    assert not any(one & other for one, other in zip(place, place[8:], strict=False))


def test_each_tiling_has_one_active_tile_and_all_can_be_active():
    env = TileCoding(Still(0.0, 2.0), tilings=4, tiles=(2, 1))
    grid = np.stack(np.meshgrid(*[np.linspace(0, 2, 33)] * 2), axis=-1).reshape(-1, 2)
    seen = np.array([env.observation(point) for point in grid])
    assert (seen // 6 == np.arange(4)).all()
    assert set(np.unique(seen)) <= set(range(24))
    assert len(np.unique(seen[:, 1:])) == 18  # of the tilings that are shifted
    assert env.observation_space.features == 24


def test_observations_outside_are_clipped_to_the_bounds():
    env = TileCoding(Still(-np.inf, np.inf), low=-1.0, high=(1.0, 2.0))
    inside = env.observation([1.0, -1.0]).tolist()
    assert env.observation([np.inf, -1e30]).tolist() == inside
    assert env.observation([1.5, -7.0]).tolist() == inside
    assert env.observation([0.5, -1.0]).tolist() != inside


@in_one_test(
    ("make", "kind", "message"),
    [
        (lambda: TileCoding(gymnasium.make("CartPole-v1")), ValueError, "dimension 1 of the obs.* no bound.*give low="),
        (lambda: TileCoding(Still(), 32, 200), ValueError, "1,292,832 features, more than 1,000,000: take fewer tiles"),
        (lambda: TileCoding(Still(dimensions=40), 8, 8), ValueError, "take fewer tiles"),
        (lambda: TileCoding(Still(), tilings=0), ValueError, "tilings must be 1 or more, got 0"),
        (lambda: TileCoding(Still(), tiles=(8, 0)), ValueError, "tiles must be 1 or more, got 0"),
        (lambda: TileCoding(Still(), tiles=2.5), TypeError, "tiles must be an integer, got 2.5"),
        (lambda: TileCoding(Still(), tiles=(8, 8, 8)), ValueError, "one for each of 2 dimensions"),
        (lambda: TileCoding(Still(), low=(0, 0, 0)), ValueError, "low must be one number, or one for each of 2"),
        (lambda: TileCoding(Still(), high=np.nan), ValueError, "high must be a number, got nan"),
        (lambda: TileCoding(Still(), low=1.0, high=1.0), ValueError, "low must be below high"),
        (lambda: TileCoded(0), ValueError, "tilings must be 1 or more, got 0"),
        (lambda: TileCoded(8, (4, 0.5)), TypeError, "tiles must be an integer, got 0.5"),
        (lambda: TileCoded(low=(0.0, np.inf)), ValueError, "low must be finite, got inf"),
        (lambda: TileCoding(gymnasium.make("FrozenLake-v1")), TypeError, "a Box of one axis, got Discrete"),
        (lambda: LinearFeatures(Still(space=Box(0, 1, (2, 2)))), TypeError, "a Box of one axis, got Box"),
        (lambda: TileCoding(Still()).observation([0.0, np.nan]), ValueError, r"must be numbers, got \[0.0, nan\]"),
    ],
)
def test_invalid_tilings_are_refused_by_name(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


# In Gymnasium and in training


WRAPS = (TileCoded(4, (3, 5), high=(0.6, 0.07)), LinearObservations())


@pytest.mark.filterwarnings("ignore:.*different from the unwrapped version")
@pytest.mark.filterwarnings("ignore:.*Casting input x to numpy array")
@pytest.mark.parametrize("wrap", WRAPS, ids=repr)
def test_a_wrapped_environment_passes_gymnasiums_own_check_and_is_made_again_from_its_spec(wrap):
    env = wrap(gymnasium.make("MountainCar-v0"))
    check_env(env, skip_render_check=True)
    for again in (pickle.loads(pickle.dumps(env)), gymnasium.make(env.spec)):
        assert repr(again) == repr(env)
        assert again.observation_space == env.observation_space
        assert again.reset(seed=3)[0].tolist() == env.reset(seed=3)[0].tolist()
        assert again.step(2)[0].tolist() == env.step(2)[0].tolist()


@pytest.mark.parametrize("wrap", [TileCoding, LinearFeatures, partial(TileCoding, tilings=4), WRAPS[0]], ids=repr)
def test_environments_of_a_vector_are_wrapped_one_by_one(wrap):
    envs = gymnasium.make_vec("MountainCar-v0", num_envs=3, vectorization_mode="sync", wrappers=[wrap])
    space = envs.single_observation_space
    assert isinstance(space, ActiveFeatures | RealFeatures)
    observations, _ = envs.reset(seed=[1, 2, 3])
    one = wrap(gymnasium.make("MountainCar-v0"))
    assert observations.tolist() == [one.reset(seed=seed)[0].tolist() for seed in (1, 2, 3)]
    assert all(space.contains(observation) for observation in observations)


def test_the_repr_of_an_environment_includes_its_wrapper():
    plain, wrapped = Environment("MountainCar-v0"), Environment("MountainCar-v0", wrap=TileCoded(8, [4, 8], 0, (1, 2)))
    assert repr(plain) == "Environment(id='MountainCar-v0', max_episode_steps=None, options=())"
    assert eval(repr(wrapped)) == wrapped
    assert plain != wrapped
    assert pickle.loads(pickle.dumps(wrapped)) == wrapped
    with pytest.raises(TypeError, match=r"wrap must be callable as wrap\(env\) -> env, got 8"):
        Environment("MountainCar-v0", wrap=8)


def test_other_observations_are_refused_with_the_names_of_the_wrappers():
    with pytest.raises(TypeError, match=r"TileCoding\(env\) is for a Box of shape \(n,\), and LinearFeatures\(env\)"):
        TabularEnvironment(gymnasium.make("MountainCar-v0"), seed=0)


@in_one_test("wrong", [np.array([0, 1]), np.array([0, 5, 100]), np.array([0.0, 81.0]), 3, None], ids=repr)
def test_active_features_outside_their_space_raise_an_error_that_says_where(wrong):
    env = Still(space=ActiveFeatures(groups=2, size=81))
    env.shown = np.array([0, 81])
    table = TabularEnvironment(env, seed=0)
    assert table.observations == 162
    assert table.reset().observation.tolist() == [0, 81]
    env.step = lambda action: (wrong, 0.0, False, False, {})
    with pytest.raises(ValueError, match=r"Still with seed 0, episode 0, step 0: observation .* lies outside"):
        table.step(0)


def test_an_observation_is_copied_before_the_environment_writes_into_it():
    env = Still(space=ActiveFeatures(groups=2, size=81))
    buffer = np.array([0, 81])
    env.reset = lambda seed=None: (buffer, {})
    seen = TabularEnvironment(env, seed=0).reset().observation
    buffer[:] = 5
    assert seen.tolist() == [0, 81]


# Learning


def test_sarsa_with_tile_coding_solves_mountain_car_as_well_as_in_the_book():
    """Sutton & Barto (2018), Figure 10.2: with α = 0.5/8 an episode takes 120 to 150 steps in the end."""
    env = Environment("MountainCar-v0", max_episode_steps=2000, wrap=TileCoded(tilings=8, tiles=8)).make()
    lengths = [episode.length for episode in train(env, Agent(SARSA(0.5), Boltzmann(0.3)), episodes=120, seed=0)]
    assert np.mean(lengths[:3]) > 400
    assert 100 < np.mean(lengths[-30:]) < 165


def test_linear_features_learn_the_exact_weights_of_a_noiseless_linear_bandit():
    """A learning rate of 1 projects onto the solutions of one equation at a time: Kaczmarz's method."""
    weights = ((1.0, -2.0, 0.5), (0.0, 1.0, 3.0))
    env = LinearFeatures(
        gymnasium.make("boltzmann_rl/ContextualLinearBandit-v0", weights=weights, arms=2, features=3, sd=0.0)
    )
    *_, last = train(env, Agent(QLearning(1.0, discount=0.0), Uniform()), episodes=1, seed=0)
    assert last.values == pytest.approx(np.array([[*row, 0.0] for row in weights]).T, abs=1e-6)


@dataclass(frozen=True)
class Plain:
    """A wrapper that changes nothing."""

    def __call__(self, env):
        return env


def test_an_experiment_with_tile_coding_records_it_in_its_declaration():
    experiment = GymnasiumExperiment(
        name="tiles",
        problem=Environment("MountainCar-v0", max_episode_steps=20, wrap=TileCoded(4, 4)),
        agents={"sarsa": Agent(SARSA(), Boltzmann(1.0))},
        runs=1,
        episodes=2,
    )
    assert "wrap=TileCoded(tilings=4, tiles=4, low=None, high=None)" in repr(experiment)
    assert next(experiment.plan().cells())[1].simulate().totals["length"].tolist() == [40.0]
    assert Environment("FrozenLake-v1", wrap=Plain()).make().observation_space == Discrete(16)


def test_too_many_dimensions_are_refused_with_the_remedy():
    class Body(gymnasium.Env):
        observation_space, action_space = gymnasium.spaces.Box(-1.0, 1.0, (348,)), gymnasium.spaces.Discrete(2)

    with pytest.raises(ValueError, match="features, more than 1,000,000: take fewer tiles"):
        TileCoding(Body())


def test_options_that_are_lists_are_kept_as_hashable_tuples():
    lake = Environment("FrozenLake-v1", options={"desc": ["SF", "FG"]})
    assert hash(lake) == hash(Environment("FrozenLake-v1", options={"desc": ("SF", "FG")}))
    assert lake.make().observation_space.n == 4
