"""Deep seas and Garnets: Gymnasium's own check, the rules stepped by hand, laws of what is drawn, and closed forms."""

import itertools
import json
import math
import re
import warnings

import gymnasium
import numpy as np
import pytest
import scipy.stats
from cases import in_one_test
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings, strategies as st

from boltzmann_rl import Environment, Greedy
from boltzmann_rl.gridworlds import DeepSea, Garnet
from boltzmann_rl.planning import MDP, policy_values, value_iteration
from boltzmann_rl.tables import cached

SEA, GARNET = "boltzmann_rl.gridworlds:boltzmann_rl/DeepSea-v0", "boltzmann_rl.gridworlds:boltzmann_rl/Garnet-v0"
DECLARATIONS = (
    Environment(SEA),
    Environment(SEA, options={"size": 1, "stochastic": True}),
    Environment(SEA, options={"size": 5, "stochastic": True, "instance": 3}),
    Environment(GARNET),
    Environment(GARNET, 7, options={"states": 3, "actions": 1, "branching": 1, "instance": 2**63 - 1}),
    Environment(GARNET, options={"states": 6, "branching": 6}),
)


@in_one_test("declaration", DECLARATIONS, ids=repr)
def test_gymnasiums_checker_finds_no_fault(declaration):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(declaration.make().unwrapped)


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=repr)
def test_the_table_has_the_format_of_gymnasiums_toy_text_environments(declaration):
    env = declaration.make().unwrapped
    assert env.initial_state_distrib.sum() == pytest.approx(1.0, abs=1e-15)
    assert set(env.P) == set(range(int(env.observation_space.n))) == set(range(len(env.initial_state_distrib)))
    for ways in env.P.values():
        assert set(ways) == set(range(int(env.action_space.n)))
        for outcomes in ways.values():
            assert math.fsum(outcome[0] for outcome in outcomes) == 1.0
            assert {tuple(map(type, outcome)) for outcome in outcomes} == {(float, int, float, bool)}
            assert all(outcome[0] > 0.0 for outcome in outcomes)


@in_one_test("declaration", DECLARATIONS, ids=repr)
def test_the_tables_are_read_once_and_the_options_are_json(declaration):
    assert cached(declaration) is cached(Environment(**vars(declaration)))
    assert json.loads(json.dumps(dict(declaration.options))) == dict(declaration.options)


@pytest.mark.parametrize("kind", [DeepSea, Garnet])
def test_an_instance_has_the_same_table_whatever_seeds_the_episodes(kind):
    tables = []
    for instance, seed in ((1, 0), (1, 5), (2, 0)):
        env = kind(instance=instance)
        env.reset(seed=seed)
        tables.append(env.P)
    assert tables[0] == tables[1] != tables[2]


# Deep sea


def dive(size, actions, goes_right, lucky=lambda: True):
    """The rules as `deep_sea.py` of the behaviour suite has them, without its noise: return, and cells visited."""
    column, total, cells = 0, 0.0, []
    for row, action in enumerate(actions):
        cells.append((row, column))
        right = action == goes_right[row][column]
        if column == size - 1 and right:
            total += 1.0
        if right:
            column = min(column + 1, size - 1) if lucky() else column
            total -= 0.01 / size
        else:
            column = max(column - 1, 0)
    return total, cells


def dive_in(env, actions, seed=0):
    state, total, cells = env.reset(seed=seed)[0], 0.0, []
    for number, action in enumerate(actions):
        cells.append(divmod(state, math.isqrt(env.observation_space.n - 1)))
        state, reward, terminated, truncated, _ = env.step(action)
        total += reward
        assert (terminated, truncated) == (number == len(actions) - 1, False)
    assert state == env.observation_space.n - 1
    return total, cells


@in_one_test("instance", [None, 0, 7])
@in_one_test("size", [1, 2, 3, 6])
def test_every_dive_follows_the_rules_and_the_best_returns_0_99_and_the_next_0(size, instance):
    env, returns = DeepSea(size, instance=instance), []
    right = [
        [next(a for a in (0, 1) if env.P[row * size + column][a][0][2] != 0.0) for column in range(size)]
        for row in range(size)
    ]
    for actions in itertools.product((0, 1), repeat=size):
        total, cells = dive_in(env, actions)
        expected, visited = dive(size, actions, right)
        assert (cells, total) == (visited, pytest.approx(expected, abs=1e-15))
        returns.append(total)
    assert sorted(returns)[-2:] == pytest.approx([0.0, 0.99], abs=1e-15)
    assert (instance is None) <= (right == [[1] * size] * size)


def test_actions_are_mapped_by_fair_draws():
    """1,600 draws; the binomial probability beyond 800 ± 100 is below 1e-6."""
    env = DeepSea(40, instance=11)
    right = sum(env.P[state][1][0][2] != 0.0 for state in range(1600))
    assert abs(right - 800) < 100
    assert {a for s in range(1600) for a in (0, 1) if env.P[s][a][0][2] == 0.0} == {0, 1}


@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_the_optimal_values_of_the_deep_sea_have_closed_forms(size):
    """On the diagonal at row r, 1 − .01(size − r)/size; elsewhere the goal is out of reach, and nothing else pays."""
    env = DeepSea(size, instance=4)
    values = value_iteration(MDP.of(env), 1.0).values
    for row, column in itertools.product(range(size), range(size)):
        if column <= row:
            expected = 1.0 - 0.01 * (size - row) / size if column == row else 0.0
            assert values[row * size + column] == pytest.approx(expected, abs=1e-14)
    assert values[0] == pytest.approx(0.99, abs=1e-14)


@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_the_best_return_of_the_stochastic_deep_sea_has_a_closed_form(size):
    """It goes right until it slips, and left from then on; `deep_sea.py` states that of always going right."""
    q, mdp = 1.0 - 1.0 / size, MDP.of(DeepSea(size, stochastic=True))
    assert value_iteration(mdp, 1.0).values[0] == pytest.approx(
        q ** (size - 1) * (1.01 - 0.01 / size) - 0.01, abs=1e-14
    )
    assert policy_values(mdp, [0.0, 1.0], 1.0)[0] == pytest.approx(q ** (size - 1) - 0.01, abs=1e-14)


def test_moves_slip_and_the_ends_of_the_last_row_are_noisy_by_hand():
    sea = DeepSea(4, stochastic=True)
    assert sea.P[0] == {0: [(1.0, 4, 0.0, False)], 1: [(0.75, 5, -0.0025, False), (0.25, 4, -0.0025, False)]}
    assert sea.P[12][0] == [(0.5, 16, 1.0, True), (0.5, 16, -1.0, True)]
    assert sea.P[13] == {0: [(1.0, 16, 0.0, True)], 1: [(1.0, 16, -0.0025, True)]}
    assert sea.P[15][1] == [(0.5, 16, 1.9975, True), (0.5, 16, -0.0025 + 1.0 - 1.0, True)]


def test_the_mean_return_of_stochastic_dives_is_the_value():
    """4.9 standard errors over 3,000 dives: false alarms 1e-6."""
    env, returns = DeepSea(5, stochastic=True, instance=2), []
    p = Greedy()(value_iteration(MDP.of(env), 1.0).action_values, 0)
    state = env.reset(seed=1)[0]
    for _ in range(3000):
        total, over = 0.0, False
        while not over:
            state, reward, over, *_ = env.step(int(p[state].argmax()))
            total += reward
        returns.append(total)
        state = env.reset()[0]
    value = MDP.of(env).start @ policy_values(MDP.of(env), p, 1.0)
    assert abs(np.mean(returns) - value) < 4.9 * np.std(returns) / math.sqrt(3000)


# Garnets


def arrays_of(garnet):
    """Next states, probabilities and rewards ``(states, actions, branching)``."""
    rows = np.array([[garnet.P[s][a] for a in garnet.P[s]] for s in garnet.P], dtype=float)
    assert not rows[..., 3].any()
    return rows[..., 1].astype(int), rows[..., 0], rows[..., 2]


@given(st.integers(1, 9), st.integers(1, 4), st.data())
@settings(deadline=None, max_examples=40)
def test_each_action_leads_to_different_states_and_pays_its_expected_reward(states, actions, data):
    branching = data.draw(st.integers(1, states))
    following, probabilities, rewards = arrays_of(Garnet(states, actions, branching, data.draw(st.integers(0, 99))))
    assert following.shape == (states, actions, branching)
    assert all(len(set(row)) == branching for row in following.reshape(-1, branching).tolist())
    assert (probabilities.sum(axis=2) == 1.0).all()
    assert (rewards == rewards[..., :1]).all()


@pytest.mark.parametrize("branching", [2, 3, 5])
def test_probabilities_are_the_spacings_of_uniforms(branching):
    """Each spacing of b − 1 uniforms is Beta(1, b − 1), and the smallest S has P(S > x) = (1 − bx)^(b − 1)."""
    _, probabilities, _ = arrays_of(Garnet(50, 20, branching, 3))
    for place in range(branching):
        drawn = probabilities[..., place].ravel()
        assert scipy.stats.kstest(drawn, scipy.stats.beta(1, branching - 1).cdf).pvalue > 1e-6
    least = probabilities.min(axis=2).ravel()
    assert scipy.stats.kstest(least, lambda x: 1.0 - np.clip(1 - branching * x, 0, 1) ** (branching - 1)).pvalue > 1e-6


def test_next_states_are_drawn_evenly_and_rewards_from_the_standard_normal():
    following, _, rewards = arrays_of(Garnet(20, 200, 3, 1))
    for place in range(3):
        assert scipy.stats.chisquare(np.bincount(following[..., place].ravel(), minlength=20)).pvalue > 1e-6
    pairs = np.bincount((following[..., 0] * 20 + following[..., 1]).ravel(), minlength=400).reshape(20, 20)
    assert not np.diag(pairs).any()
    assert scipy.stats.chisquare(pairs[~np.eye(20, dtype=bool)]).pvalue > 1e-6
    assert scipy.stats.kstest(rewards[..., 0].ravel(), "norm").pvalue > 1e-6


def test_the_optimal_values_of_a_garnet_are_the_best_of_all_policies_by_linear_algebra():
    garnet = Garnet(states=5, actions=2, branching=3, instance=8)
    following, probabilities, rewards = arrays_of(garnet)
    best = np.full(5, -np.inf)
    for choice in itertools.product(range(2), repeat=5):
        onward = np.zeros((5, 5))
        for s, a in enumerate(choice):
            onward[s, following[s, a]] = probabilities[s, a]
        paid = rewards[np.arange(5), choice, 0]
        best = np.maximum(best, np.linalg.solve(np.eye(5) - 0.9 * onward, paid))
    assert value_iteration(MDP.of(garnet), 0.9, tolerance=1e-12).values == pytest.approx(best, abs=1e-10)


def test_a_garnet_begins_anywhere_and_is_truncated_after_100_steps_unless_told_otherwise():
    for limit, expected in ((None, 100), (7, 7)):
        env, begun = Environment(GARNET, limit, options={"states": 4}).make(), set()
        for seed in range(40):
            begun.add(env.reset(seed=seed)[0])
        assert begun == {0, 1, 2, 3}
        ends = [env.step(0)[2:4] for _ in range(expected)]
        assert ends == [(False, False)] * (expected - 1) + [(False, True)]


@in_one_test(
    ("make", "error", "message"),
    [
        (lambda: DeepSea(0), ValueError, "size must be 1 or more, got 0"),
        (lambda: DeepSea(2.5), TypeError, "size must be an integer"),
        (lambda: DeepSea(stochastic=1.5), TypeError, "stochastic must be True or False, got 1.5"),
        (lambda: DeepSea(instance=-1), ValueError, "instance must be .*got -1"),
        (lambda: Garnet(states=0), ValueError, "states must be 1 or more, got 0"),
        (lambda: Garnet(actions=0), ValueError, "actions must be 1 or more, got 0"),
        (lambda: Garnet(3, branching=4), ValueError, r"branching must be in \[1, 3\], got 4"),
        (lambda: Garnet(3, branching=0), ValueError, r"branching must be in \[1, 3\], got 0"),
        (lambda: Garnet(instance="x"), TypeError, "instance must be an integer"),
    ],
)
def test_what_is_no_such_world_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_gymnasium_makes_them_once_the_package_is_named():
    assert re.match("<TimeLimit<.*Garnet", str(gymnasium.make(GARNET)))
    assert gymnasium.make("boltzmann_rl/DeepSea-v0", size=3).observation_space.n == 10
