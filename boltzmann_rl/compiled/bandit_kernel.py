"""The compiled engine for bandits, step by step: which loops over all runs are run for which policy and learner."""

from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.compiled import lanes
from boltzmann_rl.kernels.jit import compiled, inner

__all__ = ["METRICS", "Learner", "Measured", "Policy", "Problem", "Space", "draw", "play", "space_for"]

METRICS = (
    "reward",
    "best_action",
    "regret",
    "expected_reward",
    "expected_regret",
    "cumulative_regret",
    "entropy",
    "effective_actions",
)

# How a learner moves its values; the gradient's kinds move all of them at once.
AVERAGE, FADING, REWARDS, GRADIENT_PREVIOUS, GRADIENT_CURRENT, GRADIENT_FIXED = range(6)


class Policy(NamedTuple):
    """At every step the shares of the three parts, 1/temperature, and whether all weights are computed anew.

    ``weights`` exp((values − reference)/temperature) are carried along from step to step.
    """

    uniform: Any
    soft: Any
    greedy: Any
    inverse: Any
    anew: Any
    weights: Any
    reference: Any


class Problem(NamedTuple):
    """Means ``(arms, lanes)``, the best of each lane, whether pulls pay 0 or 1, and otherwise with which deviation."""

    means: Any
    best: Any
    bernoulli: bool
    sd: float


class Learner(NamedTuple):
    """Kind, parameters and state; ``exploration`` is below 0 where values are followed as they are."""

    kind: int
    rate: float
    fixed: float
    exploration: float
    logarithm: Any  # of the number of pulls at every step
    values: Any
    pulls: Any
    known: Any
    seen: Any


class Measured(NamedTuple):
    """Means and squared deviations ``(metrics, steps)``, totals ``(3, lanes)``; actions ``(steps, lanes)`` or none."""

    means: Any
    squares: Any
    totals: Any
    cumulative: Any
    uncounted: int
    actions: Any


class Space(NamedTuple):
    """Room for a step's numbers: ``(metrics, lanes)``, ``(arms, lanes)`` twice, ``(lanes,)`` and ``(arms + 1,)``."""

    samples: Any
    mixed: Any
    shown: Any
    total: Any
    one: Any
    other: Any
    share: Any
    action: Any
    cell: Any
    by_ties: Any


def space_for(arms: int, n: int) -> Space:
    """Room for so many arms and lanes; made here, since arrays that are made by compiled code take long to compile."""
    total, one, other, share = np.ones(n), np.zeros(n), np.zeros(n), np.zeros(n)
    rows = np.zeros((len(METRICS), n)), np.zeros((arms, n)), np.zeros((arms, n))
    by_ties = np.full(arms + 1, np.nan)  # nothing ties with a best value that is NaN
    return Space(*rows, total, one, other, share, np.zeros(n, np.int64), np.zeros(n, np.uint64), by_ties)


@compiled
def draw(generator, normal, numbers):  # type: ignore[no-untyped-def]
    """Fill an array with the next standard normals or uniforms of a stream, in the order in which NumPy would."""
    for step in range(len(numbers)):
        row = numbers[step]
        if normal:
            for i in range(len(row)):
                row[i] = generator.standard_normal()
        else:
            for i in range(len(row)):
                row[i] = generator.random()


@compiled
def play(first, coins, luck, policy, problem, learner, space, measured):  # type: ignore[no-untyped-def]
    """Play as many steps as there are coins ``(steps, lanes)``; returns whether all numbers stayed finite and legal."""
    weights, reference, kind = policy.weights, policy.reference, learner.kind
    arms, samples, mixed, shown = len(weights), space.samples, space.mixed, space.shown
    reward, regret, expected, entropy = samples[0], samples[2], samples[3], samples[6]
    total, one, other, share, action, cell = space.total, space.one, space.other, space.share, space.action, space.cell
    indexed, fine = learner.exploration >= 0.0, True
    for t in range(len(coins)):
        step = first + t
        values, chances, unpulled = learner.values, weights, indexed and step < arms
        if indexed:
            lanes.indices(values, learner.pulls, learner.exploration, learner.logarithm[step], unpulled, shown)
            values = shown
        # The probabilities, up to a factor, and the decision.
        soft, greedy, inverse = policy.soft[step], policy.greedy[step], policy.inverse[step]
        uniform = policy.uniform[step] * (1.0 / (arms - step if unpulled else arms))
        if soft > 0.0:
            if policy.anew[step]:
                lanes.weigh(values, reference, inverse, weights)
            lanes.sum_softmax(weights, problem.means, values, reference, inverse, total, expected, entropy)
            if lanes.outside(total):
                lanes.weigh_again(values, reference, inverse, weights, total)
                lanes.sum_softmax(weights, problem.means, values, reference, inverse, total, expected, entropy)
        if soft == 0.0 and not indexed and kind <= FADING:  # the other kinds learn from the probabilities
            lanes.rank(values, one, other)
            lanes.greedy_entropy(greedy, uniform, other, space.by_ties, entropy)
            lanes.choose_greedily(
                values, problem.means, greedy, uniform, one, other, coins[t], total, share, expected, action
            )
        elif greedy > 0.0 or uniform > 0.0 or indexed:
            chances = mixed
            lanes.mix(soft, weights, total, greedy, uniform, values, one, other, mixed)
            lanes.mixed_entropy(mixed, entropy)
            lanes.add_up(mixed, problem.means, total, expected)
            lanes.choose(mixed, total, coins[t], one, other, action)
            total[:] = 1.0  # the probabilities need no factor, which would break their ties
        else:
            lanes.choose(weights, total, coins[t], one, other, action)
        # What comes of it.
        lanes.pay(problem.means, problem.best, problem.bernoulli, problem.sd, luck[t], action, cell, reward, regret)
        lanes.measure(samples, problem.best, measured.cumulative)
        fine &= _record(step, samples, action, measured)
        # What is learned from it, into `one`.
        if kind == AVERAGE:
            lanes.average(learner.values, learner.pulls, cell, reward, one)
        elif kind == FADING:
            lanes.fade(learner.values, learner.rate, cell, reward, one)
        elif kind == REWARDS:
            fine &= lanes.credit(learner.values, chances, total, cell, reward, one)
        else:
            previous, current = kind == GRADIENT_PREVIOUS, kind == GRADIENT_CURRENT
            lanes.climb(
                learner.values, learner.rate, previous, current, learner.fixed, learner.known, learner.seen, chances,
                total, cell, reward, one,
            )  # fmt: skip
        if soft > 0.0 and not policy.anew[step + 1]:
            lanes.reweigh(one, cell, reference, inverse, weights)
    return fine


@inner
def _record(step, samples, action, measured):  # type: ignore[no-untyped-def]
    """Take a step's samples into the moments and totals; returns whether all were finite."""
    fine = True
    for m in range(len(METRICS)):
        measured.means[m, step], measured.squares[m, step] = lanes.deviations(samples[m])
        fine &= measured.squares[m, step] < np.inf
    if step >= measured.uncounted:
        for m in range(3):
            total, sample = measured.totals[m], samples[m]
            for i in range(len(sample)):
                total[i] += sample[i]
    if len(measured.actions) > 0:
        for i in range(len(action)):
            measured.actions[step, i] = action[i]
    return fine
