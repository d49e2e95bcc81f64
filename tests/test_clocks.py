"""What a policy's step counts: decisions, visits or pulls. The wrong count is refused."""

from dataclasses import dataclass

import numpy as np
import pytest
from cases import in_one_test
from scipy import special

import boltzmann_rl as brl
from boltzmann_rl import GLIE, Agent, Boltzmann, BoltzmannGumbel, EpsilonGreedy, MaxBoltzmann, QLearning, act
from boltzmann_rl.decisions.machine import actions_of_rows
from boltzmann_rl.integrations.explorer import Explorer
from boltzmann_rl.policies.mixture import mixture_of
from boltzmann_rl.policies.parameters import clock_of
from boltzmann_rl.schedules import Floor

VALUES = np.array([[0.0, 1.0, 3.0]] * 4)


@dataclass(frozen=True)
class PerVisit:
    """A user's schedule that counts visits."""

    clock = "visits"

    def __call__(self, step):
        return 1.0 / (1.0 + np.asarray(step, dtype=float))


class Custom:
    """A user's policy, not a dataclass, that counts pulls."""

    clock = "pulls"

    def __call__(self, values, step):
        return brl.softmax(values)


@in_one_test(
    ("policy", "clock"),
    [
        (Boltzmann(0.1), "step"),
        (lambda values, step: values, "step"),
        (Boltzmann(GLIE()), "visits"),
        (MaxBoltzmann(epsilon=0.1, temperature=GLIE()), "visits"),
        (EpsilonGreedy(PerVisit()), "visits"),
        (MaxBoltzmann(epsilon=PerVisit(), temperature=1.0), "visits"),
        (Boltzmann(Floor(PerVisit(), minimum=0.1)), "visits"),
        (Boltzmann(brl.RelativeToRange(PerVisit())), "visits"),
        (BoltzmannGumbel(1.0), "pulls"),
        (Custom(), "pulls"),
    ],
)
def test_a_policy_counts_what_it_or_any_part_of_it_says(policy, clock):
    assert clock_of(policy) == clock
    assert Agent(QLearning(), policy).clock == clock
    for other in {"step", "visits", "pulls"} - {clock}:
        if clock == "step":
            assert Agent(QLearning(), policy, clock=other).clock == other
        else:
            with pytest.raises(ValueError, match=f"counts {clock}, got clock='{other}': leave clock out"):
                Agent(QLearning(), policy, clock=other)


def test_parts_that_count_different_things_are_refused():
    @dataclass(frozen=True)
    class PerPull(PerVisit):
        clock = "pulls"

    with pytest.raises(ValueError, match="count different things: pulls and visits"):
        Agent(QLearning(), MaxBoltzmann(epsilon=PerPull(), temperature=GLIE()))


@in_one_test("policy", [Boltzmann(GLIE()), EpsilonGreedy(PerVisit())])
@in_one_test("step", [0, 7, np.int64(7)])
def test_one_step_for_all_rows_is_refused_where_visits_of_each_are_needed(policy, step):
    with pytest.raises(ValueError, match=r"step= must have one number for each row of values \(4, 3\)"):
        act(policy, VALUES, np.random.default_rng(0), step=step)
    with pytest.raises(ValueError, match="counts visits"):
        Explorer(policy, np.random.default_rng(0))(VALUES, step=step)


def test_compiled_decisions_leave_a_shared_step_for_many_rows_to_the_checks():
    rng = np.random.default_rng(0)
    policy = EpsilonGreedy(PerVisit())
    assert actions_of_rows(policy, mixture_of(policy, 3), np.zeros((5000, 3)), 3, rng) is None


def test_each_row_explores_by_its_own_visits():
    rows, visits = np.tile(VALUES[0], (30_000, 1)), np.repeat([1, 7, 99], 10_000)
    actions = act(Boltzmann(GLIE()), rows, np.random.default_rng(0), step=visits)
    for seen in (1, 7, 99):
        p = special.softmax(VALUES[0] * np.log(seen + 1.0) / 3.0)  # β = ln n / C with the range C = 3
        frequencies = np.bincount(actions[visits == seen], minlength=3) / 10_000
        np.testing.assert_allclose(frequencies, p, atol=5 * 0.005)


def test_for_one_state_the_step_is_its_visits():
    rng = np.random.default_rng(0)
    assert act(Boltzmann(GLIE()), VALUES[0], rng, step=10**9, with_probability=True)[1] > 0.5


def test_pulls_are_required_wherever_a_policy_counts_them():
    with pytest.raises(
        ValueError, match=r"counts pulls: step= must have one number for each action of values \(4, 3\)"
    ):
        act(Custom(), VALUES, np.random.default_rng(0), step=3)
    assert act(Custom(), VALUES, np.random.default_rng(0), step=np.ones((1, 3), dtype=int)).shape == (4,)


def test_a_policy_that_counts_visits_passes_the_laws():
    assert "draws follow the probabilities" in brl.check_policy(EpsilonGreedy(PerVisit()))
