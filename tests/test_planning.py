"""Dynamic programming against linear solves, linear programming, all policies one by one, and known problems."""

import itertools
import math

import gymnasium
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
from hypothesis import given, settings, strategies as st
from installed import TAXI

from boltzmann_rl import Boltzmann, EpsilonGreedy, Greedy, Uniform, mellowmax
from boltzmann_rl.gridworlds import TabularEnv
from boltzmann_rl.planning import (
    MDP,
    BoltzmannBackup,
    MaxBackup,
    MellowmaxBackup,
    action_values,
    policy_values,
    value_iteration,
)

# Asadi & Littman (2017), Figure 1: from state 1 action a pays .122 and stays with .66, b pays .033 and stays with .99.
FIGURE_1 = MDP([[[0.66], [0.99]]], [[0.122, 0.033]], [1.0])


def random_mdp(seed, states=4, actions=3, ends=0.0, scale=1.0):
    rng = np.random.default_rng(seed)
    transitions = rng.dirichlet(np.full(states, 0.4), size=(states, actions)) * (1.0 - ends)
    return MDP(transitions, scale * rng.uniform(-1, 1, (states, actions)), np.eye(states)[0])


SEEDS = st.integers(0, 10_000)
DISCOUNTS = st.sampled_from([0.0, 0.5, 0.9, 0.99])


@given(SEEDS, DISCOUNTS, st.floats(0.05, 5))
@settings(deadline=None, max_examples=60)
def test_the_values_of_a_policy_solve_its_bellman_equations(seed, discount, temperature):
    mdp = random_mdp(seed)
    p = Boltzmann(temperature)(mdp.rewards, 0)
    matrix, paid = np.zeros((4, 4)), np.zeros(4)
    for s, a, to in itertools.product(range(4), range(3), range(4)):
        matrix[s, to] += p[s, a] * mdp.transitions[s, a, to]
    for s, a in itertools.product(range(4), range(3)):
        paid[s] += p[s, a] * mdp.rewards[s, a]
    expected = scipy.linalg.solve(np.eye(4) - discount * matrix, paid)
    assert policy_values(mdp, p, discount) == pytest.approx(expected, rel=1e-10, abs=1e-12)


@given(SEEDS, DISCOUNTS)
@settings(deadline=None, max_examples=40)
def test_the_optimal_values_solve_the_linear_programme(seed, discount):
    """Minimise Σ V(s) subject to V(s) ≥ r(s,a) + γ Σ p V for all actions: Puterman (1994), §6.9."""
    mdp = random_mdp(seed)
    constraints = discount * mdp.transitions.reshape(12, 4) - np.repeat(np.eye(4), 3, axis=0)
    solved = scipy.optimize.linprog(np.ones(4), constraints, -mdp.rewards.ravel(), bounds=(None, None))
    assert value_iteration(mdp, discount).values == pytest.approx(solved.x, rel=1e-6, abs=1e-7)


@given(SEEDS, st.sampled_from([0.5, 0.9, 0.99]), st.sampled_from([1e-3, 1e-6, 1e-15]))
@settings(deadline=None, max_examples=40)
def test_the_error_bound_holds_against_the_best_of_all_policies(seed, discount, tolerance):
    mdp = random_mdp(seed)
    everyone = [
        policy_values(mdp, np.eye(3)[list(choice)], discount) for choice in itertools.product(range(3), repeat=4)
    ]
    plan = value_iteration(mdp, discount, tolerance=tolerance)
    error = np.abs(plan.values - np.max(everyone, axis=0)).max()
    assert error <= plan.error_bound + 1e-12  # the solves are rounded, too
    assert plan.error_bound <= tolerance + 1e-10


@given(SEEDS, st.floats(0.1, 50), st.sampled_from([0.5, 0.9]))
@settings(deadline=None, max_examples=40)
def test_mellowmax_values_are_the_only_fixed_point_of_the_backup(seed, omega, discount):
    mdp = random_mdp(seed)
    plans = [value_iteration(mdp, discount, MellowmaxBackup(omega), initial=v) for v in (-50.0, 50.0)]
    for s in range(4):
        q = [mdp.rewards[s, a] + discount * float(mdp.transitions[s, a] @ plans[0].values) for a in range(3)]
        best = max(q)
        kept = best + math.log(sum(math.exp(omega * (x - best)) for x in q) / 3) / omega
        assert plans[0].values[s] == pytest.approx(kept, abs=1e-9)
    assert np.abs(plans[0].values - plans[1].values).max() <= plans[0].error_bound + plans[1].error_bound


@pytest.mark.parametrize(("initial", "value"), [(0.0, 0.607770), (1.0, 0.876889)])
def test_the_boltzmann_backup_converges_to_one_of_two_fixed_points_by_its_initial_values(initial, value):
    """β = 17; the third fixed point between the two, .691909, is unstable. Exact roots of the fixed-point equation."""
    plan = value_iteration(FIGURE_1, 0.98, BoltzmannBackup(1 / 17), initial=initial)
    assert plan.values[0] == pytest.approx(value, abs=1e-6)
    assert plan.error_bound == np.inf


def test_mellowmax_has_one_fixed_point_in_the_same_problem():
    for initial in (0.0, 1.0, 100.0):
        plan = value_iteration(FIGURE_1, 0.98, MellowmaxBackup(16.55), initial=initial)
        assert plan.values[0] == pytest.approx(0.431548, abs=1e-6)


@given(
    SEEDS, st.floats(0.01, 30), st.sampled_from([0.3, 0.9, 0.95]), st.integers(2, 6), st.sampled_from([0.1, 1.0, 10.0])
)
@settings(deadline=None, max_examples=60)
def test_a_boltzmann_backup_stays_within_the_bound_of_song_parr_and_carin(seed, inverse, discount, actions, scale):
    """0 ≤ Q* − Q ≤ γ(m − 1)/(1 − γ)·max{1/(τ + 2), 2 Q_max/(1 + e^τ)} in the limit, τ the inverse temperature."""
    mdp = random_mdp(seed, actions=actions, scale=scale)
    best = value_iteration(mdp, discount).action_values
    values = np.zeros(4)
    for _ in range(500):  # it need not converge
        values = BoltzmannBackup(1 / inverse)(action_values(mdp, values, discount))
    gap = best - action_values(mdp, values, discount)
    largest = np.abs(mdp.rewards).max() / (1 - discount)
    bound = discount * (actions - 1) / (1 - discount) * max(1 / (inverse + 2), 2 * largest / (1 + math.exp(inverse)))
    assert (gap >= -1e-8).all()
    assert (gap <= bound + 1e-8).all()


@given(SEEDS, st.sampled_from([0.0, 0.5, 0.9]))
@settings(deadline=None, max_examples=25)
def test_the_limits_of_the_softened_backups_are_the_maximum_and_the_mean(seed, discount):
    mdp = random_mdp(seed)
    best, even = value_iteration(mdp, discount).values, policy_values(mdp, Uniform()(mdp.rewards, 0), discount)
    for backup, expected, slack in (
        (BoltzmannBackup(0.0), best, 0.0),
        (BoltzmannBackup(np.inf), even, 0.0),
        (MellowmaxBackup(1e6), best, math.log(3) / 1e6),
        (MellowmaxBackup(1e-9), even, 1e-8),
    ):
        plan = value_iteration(mdp, discount, backup)
        assert np.abs(plan.values - expected).max() <= slack / (1 - discount) + 1e-8


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5), st.floats(0.1, 9))
@settings(deadline=None, max_examples=50)
def test_a_backup_is_the_expected_value_under_its_policy(q, number):
    q = np.array(q)
    assert MaxBackup()(q) == max(q)
    assert BoltzmannBackup(number)(q) == pytest.approx(Boltzmann(number)(q, 0) @ q, abs=1e-12)
    assert MellowmaxBackup(number)(q) == mellowmax(q, number)


# Known problems


def test_the_value_of_frozen_lake_is_that_of_public_repositories():
    lake = MDP.of(gymnasium.make("FrozenLake-v1"))
    plan = value_iteration(lake, 0.99, tolerance=1e-12)
    assert plan.values[0] == pytest.approx(0.542025932, abs=1e-9)
    assert plan.error_bound < 1e-10
    assert policy_values(lake, Greedy()(plan.action_values, 0), 0.99) == pytest.approx(plan.values, abs=1e-10)


def test_the_optimal_return_of_cliff_walking_is_minus_13():
    """Sutton & Barto (2018), Example 6.6; without discount, and exactly, as all steps pay −1."""
    cliff = MDP.of(gymnasium.make("CliffWalking-v1"))
    plan = value_iteration(cliff, 1.0)
    assert (cliff.start @ plan.values, plan.change) == (-13.0, 0.0)
    safe = EpsilonGreedy(0.1)(plan.action_values, 0)
    assert cliff.start @ policy_values(cliff, safe, 1.0) < -30.0  # it keeps stepping off the edge


def test_the_values_of_taxi_are_those_of_breadth_first_search():
    """20 for the drop-off and −1 for each step before it, from every initial state, by breadth-first search."""
    env = gymnasium.make(TAXI).unwrapped
    values = value_iteration(MDP.of(env), 1.0).values
    steps = {s: 1 for s in env.P if any(outcome[0][3] for outcome in env.P[s].values())}
    while True:
        more = {
            s: 1 + min(steps[o[0][1]] for o in env.P[s].values() if o[0][1] in steps)
            for s in env.P
            if s not in steps and any(o[0][1] in steps for o in env.P[s].values())
        }
        if not more:
            break
        steps |= more
    begins = np.flatnonzero(env.initial_state_distrib)
    assert values[begins].tolist() == [21.0 - steps[s] for s in begins]


# Tables


def test_the_arrays_of_a_table_leave_out_what_follows_a_terminal_transition():
    table = {
        0: {0: [(0.25, 0, 4.0, False), (0.5, 1, 2.0, False), (0.25, 1, 8.0, True)]},
        1: {0: [], 1: [(1.0, 0, 3.0, False)]},
    }
    mdp = MDP.of(TabularEnv(table, [0.5, 0.5]))
    assert mdp.transitions.tolist() == [[[0.25, 0.5], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.0]]]
    assert mdp.rewards.tolist() == [[4.0, -np.inf], [-np.inf, 3.0]]
    assert mdp.start.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("backup", [MaxBackup(), BoltzmannBackup(1.0), MellowmaxBackup(1.0)], ids=repr)
def test_an_action_that_is_not_available_is_neither_taken_nor_averaged(backup):
    one = MDP([[[0.5]]], [[1.0]], [1.0])
    padded = MDP([[[0.5], [0.0]]], [[1.0, -np.inf]], [1.0])
    plans = [value_iteration(mdp, 0.9, backup) for mdp in (one, padded)]
    assert plans[0].values[0] == pytest.approx(1 / (1 - 0.45), abs=1e-9)
    assert plans[1].values[0] == pytest.approx(plans[0].values[0], abs=1e-9)
    assert plans[1].action_values[0, 1] == -np.inf


def environment(table):
    return TabularEnv(table, np.eye(len(table))[0])


LOOP = MDP([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.0]]], [[-1.0, -1.0], [-1.0, -np.inf]], [1.0, 0.0])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: MDP.of(gymnasium.make("CartPole-v1")), TypeError, "to follow its tables, but CartPole-v1 has no P"),
        (lambda: MDP.of(environment({0: {0: [(0.5, 0, 1.0, False)]}})), ValueError, r"P\[0\]\[0\] must sum to 1"),
        (
            lambda: MDP.of(environment({0: {0: [(1.0, 3, 1.0, False)]}})),
            ValueError,
            r"\[0\] leads to 3, not one of",
        ),
        (lambda: MDP.of(environment({0: {0: []}})), ValueError, "state 0 has no action"),
        (lambda: MDP([[[1.5]]], [[1.0]], [1.0]), ValueError, "transitions must be 0 or more, and sum to at most 1"),
        (lambda: MDP([[[1.0]]], [[np.nan]], [1.0]), ValueError, "rewards must be finite"),
        (lambda: MDP([[[1.0]]], [[1.0]], [0.5]), ValueError, "start must be 0 or more and sum to 1, got a sum of 0.5"),
        (lambda: MDP([[[1.0]]], [[1.0, 2.0]], [1.0]), ValueError, "do not fit"),
        (lambda: BoltzmannBackup(-1.0), ValueError, "temperature must be 0 or more, got -1"),
        (lambda: MellowmaxBackup(0.0), ValueError, "omega must be above 0"),
        (lambda: value_iteration(LOOP, 1.1), ValueError, r"discount must be in \[0, 1\], got 1.1"),
        (lambda: value_iteration(LOOP, 0.9, tolerance=0.0), ValueError, "tolerance must be above 0"),
        (lambda: policy_values(LOOP, [[1.0, 0.0], [1.0, 0.0]], 1.0), ValueError, "from state 0 the policy never ends"),
        (lambda: policy_values(LOOP, [0.5, 0.5], 1.0), ValueError, "takes actions that are not available"),
        (lambda: policy_values(LOOP, [1.0], 1.0), ValueError, r"shape \(2, 2\) or one row of it, got \(1,\)"),
    ],
)
def test_invalid_arguments_are_refused_by_name(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("backup", [lambda q: -q.max(axis=1) - 1.0, MaxBackup()], ids=["swings", "grows"])
def test_values_that_do_not_converge_raise_an_error_that_says_how_much_they_change(backup):
    onward = MDP([[[1.0]]], [[-1.0]], [1.0])
    with pytest.raises(RuntimeError, match="the values still change by 1 after 50 sweeps"):
        value_iteration(onward, 1.0, backup, initial=0.5, sweeps=50)
