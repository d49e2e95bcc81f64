"""Compiled decisions: the same actions from the same generator, the same errors, and no waiting for them.

The plain paths are held to exact fractions and to χ² tests in ``test_policies.py``; here the machine is held to them.
"""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from boltzmann_rl import (
    Boltzmann,
    EpsilonBoltzmann,
    EpsilonGreedy,
    Greedy,
    MaxBoltzmann,
    RelativeToRange,
    Uniform,
    act,
    softmax,
)
from boltzmann_rl.policies import machine
from boltzmann_rl.schedules import Exponential, Linear

FALSE_ALARM = 1e-6
ROWS = machine._MANY_ROWS
POLICIES = (
    Boltzmann(0.3),
    Boltzmann(1e-3),
    Boltzmann(Exponential(1.0, 0.1, steps=10)),
    EpsilonGreedy(0.2),
    EpsilonGreedy(Linear(1.0, 0.0, steps=10)),
    Greedy(),
    Uniform(),
    MaxBoltzmann(0.4, temperature=0.5),
    EpsilonBoltzmann(0.1, temperature=Linear(2.0, 0.5, steps=10)),
)


@pytest.fixture(scope="module", autouse=True)
def _prepared():
    machine.prepare()
    assert machine.ready is not None


def outcome(values, policy, *, compiled, step=3, seed=0):
    """What `act` answers or raises, with and without the machine; and the coin after it."""
    rng, ready = np.random.default_rng(seed), machine.ready
    try:
        machine.ready = ready if compiled else None
        answer = act(policy, values, rng, step=step)
    except (TypeError, ValueError) as error:
        return type(error), str(error)
    finally:
        machine.ready = ready
    return answer if isinstance(answer, int) else answer.tolist(), type(answer), rng.random()


numbers = st.floats(-1e3, 1e3) | st.sampled_from([-np.inf, np.inf, np.nan, 0.0, -0.0, 1.7e308, -1.7e308, 5e-324])


@given(
    st.lists(numbers, min_size=1, max_size=20),
    st.sampled_from([0.0, 5e-324, 1e-9, 0.1, 1.0, 1e6, 1e305, 1e308, np.inf]),
    st.integers(0, 2**32),
)
def test_one_decision_is_the_same_action_or_the_same_error(values, temperature, seed):
    values, policy = np.array(values), Boltzmann(temperature)
    by_machine = outcome(values, policy, compiled=True, seed=seed)
    assert by_machine == outcome(values, policy, compiled=False, seed=seed)


@pytest.mark.parametrize("seed", range(5))
def test_a_thousand_decisions_in_turn_are_the_same_actions(seed):
    values = np.random.default_rng(seed).normal(size=(1000, 7))
    policy = Boltzmann(Exponential(1.0, 0.05, steps=300))
    ready = machine.ready
    taken = []
    for compiled in (True, False):
        machine.ready, rng = ready if compiled else None, np.random.default_rng(seed)
        taken.append([act(policy, row, rng, step=step) for step, row in enumerate(values)])
    machine.ready = ready
    assert taken[0] == taken[1]


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("actions", [1, 2, 18, 130])
@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_many_rows_are_the_same_actions(policy, actions, kind):
    rng = np.random.default_rng(actions)
    values = rng.normal(size=(ROWS + 37, actions)).astype(kind)
    values[::5] = np.round(values[::5])  # ties
    values[3::7, : actions // 2] = -np.inf
    assert outcome(values, policy, compiled=True) == outcome(values, policy, compiled=False)


@pytest.mark.parametrize("place", [0, 129, ROWS])
@pytest.mark.parametrize("fault", [np.nan, np.inf, "nothing available"])
@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_a_fault_among_many_rows_is_named_as_ever(policy, fault, place):
    values = np.random.default_rng(0).normal(size=(ROWS + 1, 5))
    if fault == "nothing available":
        values[place] = -np.inf
    else:
        values[place, 3] = fault
    by_machine = outcome(values, policy, compiled=True)
    assert by_machine == outcome(values, policy, compiled=False)
    assert by_machine[0] is ValueError


def test_what_the_machine_does_not_know_is_answered_by_the_policy():
    values = np.random.default_rng(0).normal(size=(ROWS, 4))
    steps = np.arange(ROWS)

    class Own(Boltzmann):
        def __call__(self, values, step):
            return np.eye(values.shape[-1])[np.zeros(values.shape[:-1], dtype=int)]

    for policy in (Boltzmann(RelativeToRange(0.2)), Own(0.3), Boltzmann(0.0), Boltzmann(np.inf)):
        assert outcome(values, policy, compiled=True) == outcome(values, policy, compiled=False)
    cooled = Boltzmann(Exponential(1.0, 0.1, steps=1000))
    assert outcome(values, cooled, compiled=True, step=steps) == outcome(values, cooled, compiled=False, step=steps)
    assert set(outcome(values, Own(0.3), compiled=True)[0]) == {0}
    assert outcome(values[:, ::2], POLICIES[0], compiled=True) == outcome(values[:, ::2], POLICIES[0], compiled=False)
    assert outcome(values[0, ::2], POLICIES[0], compiled=True) == outcome(values[0, ::2], POLICIES[0], compiled=False)


@pytest.mark.parametrize("temperature", [0.2, 1.0])
def test_many_rows_follow_the_softmax(temperature):
    values = np.array([0.3, -0.2, 0.9, 0.0, -np.inf])
    taken = act(Boltzmann(temperature), np.tile(values, (200_000, 1)), np.random.default_rng(0))
    expected = softmax(values, temperature) * len(taken)
    counts = np.bincount(taken, minlength=5)
    assert counts[4] == 0
    assert stats.chisquare(counts[:4], expected[:4]).pvalue > FALSE_ALARM


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True, env=environment or None
    ).stdout.split()


def test_few_decisions_load_nothing_and_many_have_it_prepared_beside_them():
    code = """if True:
        import sys, threading, numpy as np
        from boltzmann_rl import Boltzmann, act
        from boltzmann_rl.policies import machine
        policy, values, rng = Boltzmann(0.5), np.array([0.0, 1.0]), np.random.default_rng(0)
        for _ in range(1000):
            act(policy, values, rng)
        print("numba" in sys.modules, threading.active_count())
        while machine.ready is None:
            act(policy, values, rng)
        print("numba" in sys.modules, act(policy, values, rng) in (0, 1))
    """
    assert run(code) == ["False", "1", "True", "True"]


def test_without_compilation_nothing_is_prepared():
    code = "from boltzmann_rl.policies import machine; machine.prepare(); print(machine.ready)"
    assert run(code, NUMBA_DISABLE_JIT="1") == ["None"]
