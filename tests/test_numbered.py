"""Observations of several discrete parts as numbers: one for each, in both directions; others are refused."""

import itertools
import pickle
from dataclasses import dataclass

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Sequence, Text, Tuple
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

from boltzmann_rl import (
    Agent,
    Boltzmann,
    Environment,
    EpsilonGreedy,
    GymnasiumExperiment,
    Numbered,
    Numbering,
    QLearning,
    TileCoded,
    Training,
    Uniform,
    train,
)
from boltzmann_rl.environments.numbered import has_discrete_parts
from boltzmann_rl.environments.tile_coding import ActiveFeatures

AGENT = Agent(QLearning(0.1), Uniform())


class Shown(gymnasium.Env):
    """Observes what it is given, and terminates after ten steps."""

    def __init__(self, space, shown=None, actions=None, info=None):
        actions = Discrete(2) if actions is None else actions
        self.observation_space, self.action_space = space, actions
        self.shown, self.given, self.at = shown, {} if info is None else info, 0

    def seen(self):
        return self.observation_space.sample() if self.shown is None else self.shown

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        self.at = 0
        return self.seen(), dict(self.given)

    def step(self, action):
        self.at += 1
        return self.seen(), 1.0, self.at == 10, False, dict(self.given)


SPACES = {
    "Discrete": (Discrete(5, start=-2), 5),
    "Box without axes": (Box(-1, 5, (), np.int64), 7),
    "Tuple": (Tuple((Discrete(3), Discrete(4, start=7), Discrete(2))), 24),
    "MultiDiscrete": (MultiDiscrete([3, 1, 4]), 12),
    "MultiDiscrete with starts": (MultiDiscrete([3, 4], start=[-1, 5]), 12),
    "MultiDiscrete of two axes": (MultiDiscrete(np.array([[2, 3], [1, 4]])), 24),
    "MultiBinary": (MultiBinary(4), 16),
    "MultiBinary of two axes": (MultiBinary((2, 3)), 64),
    "Dict": (Dict({"b": Discrete(3), "a": Discrete(2)}), 6),
    "integer Box": (Box(np.array([-1, 4]), np.array([1, 7]), dtype=np.int64), 12),
    "bytes": (Box(254, 255, (3,), dtype=np.uint8), 8),
    "nested": (
        Tuple((Dict({"x": MultiBinary(2), "y": Tuple((Discrete(3, start=1), MultiDiscrete([2, 2])))}), Discrete(2))),
        96,
    ),
    "of nothing": (Tuple(()), 1),
}
CASES = pytest.mark.parametrize(("space", "states"), SPACES.values(), ids=SPACES)


def same(one, other):
    """Whether two observations are equal, part by part, and have the same structure."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(same, one, other))
    return np.array_equal(one, other) and np.asarray(one).dtype.kind == np.asarray(other).dtype.kind


@CASES
def test_numbering_is_a_bijection_of_observations_and_numbers(space, states):
    env = Numbering(Shown(space))
    assert env.observation_space == Discrete(states)
    observations = [env.observation_of(number) for number in range(states)]
    assert all(space.contains(observation) for observation in observations)
    assert [env.number(observation) for observation in observations] == list(range(states))
    space.seed(0)
    for _ in range(50):
        observation = space.sample()
        assert same(env.observation_of(env.number(observation)), observation)


def test_the_first_part_varies_slowest_and_dicts_follow_their_spaces():
    """The order of itertools.product, whose last factor varies fastest."""
    env = Numbering(Shown(Tuple((Discrete(3), Discrete(2, start=5), MultiBinary(2)))))
    parts = itertools.product(range(3), (5, 6), (0, 1), (0, 1))
    assert [env.number((a, b, np.array([c, d], np.int8))) for a, b, c, d in parts] == list(range(24))
    env = Numbering(Shown(Dict({"b": Discrete(3), "a": Discrete(2)})))
    order = list(env.env.observation_space.spaces)
    pairs = itertools.product(*(range(env.env.observation_space[key].n) for key in order))
    assert [env.number(dict(zip(order, pair, strict=True))) for pair in pairs] == list(range(6))


def test_numbers_agree_with_the_flattened_observation():
    """gymnasium.spaces.flatten is one-hot in each part; the positions of the ones, in mixed radix, give the number."""
    space = Tuple((Discrete(3), Discrete(4), Discrete(2)))
    env = Numbering(Shown(space))
    space.seed(1)
    for _ in range(30):
        observation = space.sample()
        first, second, third = np.split(gymnasium.spaces.flatten(space, observation), [3, 7])
        assert env.number(observation) == (first.argmax() * 4 + second.argmax()) * 2 + third.argmax()


@in_one_test("third", [1, True, np.True_, np.int8(1), np.int64(1), np.array(1)], ids=repr)
def test_parts_may_be_integers_or_bools_of_any_kind(third):
    env = Numbering(gymnasium.make("Blackjack-v1"))
    assert env.number((np.int32(14), 10, third)) == (14 * 11 + 10) * 2 + 1
    assert env.number([14, 10, third]) == 329


@pytest.mark.parametrize(
    ("space", "wrong"),
    [
        (SPACES["Tuple"][0], (3, 7, 0)),
        (SPACES["Tuple"][0], (0, 6, 0)),
        (SPACES["Tuple"][0], (0, 7)),
        (SPACES["Tuple"][0], (0, 7, 0, 0)),
        (SPACES["Tuple"][0], (0, 7, 0.0)),
        (SPACES["Tuple"][0], (0, 7, None)),
        (SPACES["Tuple"][0], (0, 7, "1")),
        (SPACES["Tuple"][0], {0: 0, 7: 7, 1: 0}),
        (SPACES["Tuple"][0], 3),
        (SPACES["Tuple"][0], None),
        (SPACES["MultiDiscrete"][0], np.array([0, 1, 0])),
        (SPACES["MultiDiscrete"][0], np.array([0, 0, -1])),
        (SPACES["MultiDiscrete"][0], np.array([0.0, 0.0, 0.0])),
        (SPACES["MultiDiscrete"][0], np.array([0, 0])),
        (SPACES["MultiDiscrete"][0], np.array([[0, 0, 0]])),
        (SPACES["MultiBinary"][0], np.array([0, 1, 2, 0])),
        (SPACES["Dict"][0], {"a": 0}),
        (SPACES["Dict"][0], {"a": 0, "b": 0, "c": 0}),
        (SPACES["Dict"][0], {"a": 2, "b": 0}),
        (SPACES["Dict"][0], (0, 0)),
        (SPACES["integer Box"][0], np.array([-2, 4])),
    ],
    ids=lambda part: str(part)[:40],
)
def test_an_observation_outside_its_space_is_refused_and_the_environment_is_named(space, wrong):
    with pytest.raises(ValueError, match=r"observation .* lies outside its space"):
        Numbering(Shown(space)).number(wrong)
    with pytest.raises(RuntimeError, match=r"Shown with seed \d+, episode 0, step 0, .*lies outside its space"):
        Training(Numbered()(Shown(space, shown=[wrong] if wrong is None else wrong)), AGENT, seed=0)


@in_one_test("number", [-1, 24, 1.0, None, True])
def test_a_number_without_an_observation_is_refused(number):
    with pytest.raises((TypeError, ValueError), match="number must be"):
        Numbering(Shown(SPACES["Tuple"][0])).observation_of(number)


@in_one_test(
    ("space", "states"),
    [
        (MultiDiscrete([3] * 15), "14,348,907"),
        (MultiBinary(24), "16,777,216"),
        (Tuple((Discrete(10_000), Discrete(1001))), "10,010,000"),
        (Box(0, 255, (210, 160, 3), np.uint8), r"about 10\^242751"),
        (MultiBinary((2000, 2000)), r"about 10\^1204120"),
        (Dict({"a": Discrete(2**62), "b": Box(-(2**62), 2**62, (2,), np.int64)}), r"about 10\^57"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_too_many_states_are_refused_with_their_number(space, states):
    with pytest.raises(ValueError, match=rf"Shown, .*, are {states} states, more than 10,000,000: leave out parts"):
        Numbering(Shown(space))


def test_the_largest_allowed_number_of_states_is_numbered():
    assert Numbering(Shown(MultiDiscrete([10] * 7))).observation_space.n == 10_000_000


@pytest.mark.parametrize(
    "part", [Box(0.0, 1.0, (2,)), Text(3), Sequence(Discrete(2)), Box(0.0, 1.0, ())], ids=lambda part: str(part)
)
def test_parts_of_another_kind_are_refused_by_their_name(part):
    for space in (Tuple((Discrete(2), part)), Dict({"a": Tuple((part,))})):
        with pytest.raises(TypeError, match=r"the observations of Shown, .*, can't be numbered: (Box|Text|Sequence)\("):
            Numbering(Shown(space))
        assert not has_discrete_parts(space)


# Environments and vectors


@pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")
def test_gymnasiums_checker_finds_no_fault():
    check_env(Numbering(gymnasium.make("Blackjack-v1")), skip_render_check=True)
    check_env(Numbering(Shown(SPACES["nested"][0])), skip_render_check=True)


def test_blackjack_is_learned_by_state():
    env = Environment("Blackjack-v1").make()
    assert isinstance(env, Numbering)
    values = np.zeros(2)
    for episode in train(env, Agent(QLearning(0.05), EpsilonGreedy(0.2)), episodes=4000, seed=0):
        values = episode.values
    assert values.shape == (704, 2)
    twenty = values[env.number((20, 10, 0))]
    assert twenty[0] > 0.2  # to stick at 20 mostly wins
    assert twenty[1] < -0.4  # another card mostly loses


def test_an_environment_numbers_discrete_parts_by_itself_and_nothing_else():
    assert Environment("Blackjack-v1", wrap=Numbered()).make().observation_space == Discrete(704)
    assert not isinstance(Environment("FrozenLake-v1").make(), Numbering)
    assert not isinstance(Environment("CartPole-v1").make(), Numbering)
    assert not has_discrete_parts(ActiveFeatures(2, 3))
    assert not has_discrete_parts(Box(0, 3, (2,), np.int64))  # only on request: a Box may be meant as real numbers


@dataclass(frozen=True)
class Plain:
    """A wrapper that changes nothing."""

    def __call__(self, env):
        return env


def test_with_an_explicit_wrapper_nothing_else_is_numbered():
    env = Environment("Blackjack-v1", wrap=Plain()).make()
    assert isinstance(env.observation_space, Tuple)
    assert isinstance(Environment("MountainCar-v0", wrap=TileCoded()).make().observation_space, ActiveFeatures)


def test_a_bare_environment_is_refused_with_the_wrapper_that_numbers_it():
    message = r"Blackjack-v1 has Tuple.*Numbered\(\)\(env\).*Environment\(id, wrap=Numbered\(\)\).*wrappers=\[Numbered"
    for env in (gymnasium.make("Blackjack-v1"), gymnasium.make_vec("Blackjack-v1", num_envs=2)):
        with pytest.raises(TypeError, match=message):
            Training(env, AGENT, seed=0)


def test_an_experiment_plays_blackjack_by_its_id_as_with_the_wrapper():
    def returns(problem):
        experiment = GymnasiumExperiment("b", problem, {"q": Agent(QLearning(0.1), Boltzmann(0.2))}, 2, 20)
        return experiment.run(progress=False).curves

    by_id, wrapped = returns("Blackjack-v1"), returns(Environment("Blackjack-v1", wrap=Numbered()))
    assert by_id.drop(columns="experiment").equals(wrapped.drop(columns="experiment"))
    assert repr(Environment("Blackjack-v1")) == "Environment(id='Blackjack-v1', max_episode_steps=None, options=())"
    assert "wrap=Numbered()" in repr(Environment("Blackjack-v1", wrap=Numbered()))


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_a_vector_of_numbered_environments_equals_single_ones(mode):
    vector = gymnasium.make_vec(
        "Blackjack-v1", 1, vectorization_mode="sync", wrappers=[Numbered()], vector_kwargs={"autoreset_mode": mode}
    )
    alone = Training(Environment("Blackjack-v1").make(), AGENT, seed=2)
    for one, other in itertools.islice(zip(alone, Training(vector, AGENT, seed=2), strict=True), 200):
        np.testing.assert_equal(tuple(one), tuple(other))


def test_a_vector_itself_is_refused_with_the_way_to_number_its_environments():
    vector = SyncVectorEnv([lambda: gymnasium.make("Blackjack-v1")])
    with pytest.raises(TypeError, match=r"is a vector of environments.*wrappers=\[Numbered\(\)\]"):
        Numbered()(vector)


def test_numbered_prints_compares_and_pickles():
    assert repr(Numbered()) == "Numbered()"
    assert pickle.loads(pickle.dumps(Numbered())) == Numbered()
    assert hash(Numbered()) == hash(Numbered())


# Masks in observations


def masked_space(key="action_mask", mask=None):
    return Dict({"observation": Discrete(9), key: MultiBinary(4) if mask is None else mask})


MASK = np.array([0, 1, 0, 1], np.int8)


@in_one_test(
    "mask", [MultiBinary(4), Box(0, 1, (4,), np.int8), MultiDiscrete([2, 2, 2, 2])], ids=lambda space: str(space)
)
@in_one_test("key", ["action_mask", "action_masks"])
def test_a_mask_in_a_dict_observation_is_obeyed_and_not_part_of_the_state(mask, key):
    space = masked_space(key, mask)
    env = Numbering(Shown(space, {"observation": 3, key: MASK.astype(mask.dtype)}, Discrete(4)))
    assert env.observation_space == Discrete(9)
    observation, info = env.reset()
    assert observation == 3
    assert info["action_mask"].tolist() == MASK.tolist()
    assert env.observation_of(3) == {"observation": 3}
    found = list(itertools.islice(Training(env, AGENT, seed=0), 50))
    assert {t.action for t in found} == {1, 3}


def test_a_mask_in_the_info_takes_precedence_over_that_of_the_observation():
    shown = {"observation": 3, "action_mask": np.ones(4, np.int8)}
    env = Numbering(Shown(masked_space(), shown, Discrete(4), {"action_mask": MASK}))
    assert {t.action for t in itertools.islice(Training(env, AGENT, seed=0), 50)} == {1, 3}


@pytest.mark.parametrize("key", ["mask", "legal_actions", "invalid_action_mask", "avail"])
def test_a_likely_mask_under_another_name_is_refused_by_name(key):
    message = rf"the part '{key}' of the observations of Shown seems to say which actions may be taken"
    with pytest.raises(TypeError, match=message):
        Numbering(Shown(masked_space(key), actions=Discrete(4)))
    for nested in (Dict({"own": masked_space()}), Tuple((Discrete(2), masked_space()))):
        with pytest.raises(TypeError, match="the part 'action_mask' of the observations of Shown"):
            Numbering(Shown(nested, actions=Discrete(4)))


def test_a_part_that_only_resembles_a_mask_is_numbered():
    assert Numbering(Shown(masked_space("valid", Discrete(2)))).observation_space.n == 18
    assert Numbering(Shown(masked_space("mask", MultiBinary(3)))).observation_space.n == 72


def test_a_bare_dict_with_a_mask_is_refused():
    with pytest.raises(TypeError, match=r"needs a Discrete observation space, but Shown has Dict.*Numbered\(\)\(env\)"):
        Training(Shown(masked_space(), actions=Discrete(4)), AGENT, seed=0)
