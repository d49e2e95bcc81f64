"""What the kernel for bandits reads and writes: arrays ``(tiles, arms, lanes)``, and pointers to them."""

from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.engines.compiled.measuring import METRICS
from boltzmann_rl.engines.compiled.perturbation import NODES, Indices
from boltzmann_rl.engines.compiled.units import Unit, flat_unit
from boltzmann_rl.kernels.jit import placed
from boltzmann_rl.kernels.vectors import WIDTH, aligned, beyond, flat

# How a learner updates its values; the gradient's kinds update all of them at each step.
AVERAGE, FADING, REWARDS, GRADIENT_PREVIOUS, GRADIENT_CURRENT, GRADIENT_FIXED = range(6)


class Problem(NamedTuple):
    """Means ``(steps, tiles, arms, lanes)``, with one step if they never change, and how rewards are drawn.

    Also the best mean of each run, its sums of means and of gaps below the best, and the cells of its arms in the order
    of their means. Rewards are ``base`` or ``base + scale`` if ``bernoulli``, else the mean plus ``scale`` times the
    noise.
    """

    arms: int
    drifts: bool
    means: Any
    best: Any
    means_sum: Any
    gaps_sum: Any
    order: Any
    bernoulli: bool
    scale: float
    base: float


class Policy(NamedTuple):
    """The weights of the mixture's three parts at every step, 1/temperature, and 1 where ``weights`` are recomputed.

    ``weights``, exp((values − reference)/temperature), are updated from step to step. With perturbed ``indices`` (else
    None) the arm with the largest index is pulled instead, and ``clock`` counts the pulls of each arm. ``unit`` is that
    of the temperature, or None, as in most policies, for which then less is compiled.
    """

    uniform: Any
    soft: Any
    greedy: Any
    inverse: Any
    anew: Any
    weights: Any
    reference: Any
    indices: Indices | None
    clock: Any
    unit: Unit | None


class Noise(NamedTuple):
    """The noise of rewards if it is ``measured``: by arm their means and pulls, by run squared deviations and degrees.

    If ``first``, unpulled arms come first.
    """

    measured: bool
    first: bool
    means: Any
    pulls: Any
    squares: Any
    degrees: Any


class Learner(NamedTuple):
    """Kind, parameters and state.

    ``exploration`` is negative without upper confidence indices, and if ``noisy`` in units of the noise. If ``tuned``,
    indices depend on the sum of the squared deviations of each arm, ``squares``, instead.
    """

    kind: int
    rate: float
    fixed: float
    exploration: float
    noisy: bool
    tuned: bool
    logarithm: Any  # of the number of pulls at every step
    values: Any
    pulls: Any
    squares: Any
    known: Any
    seen: Any
    noise: Noise


class Space(NamedTuple):
    """Scratch memory.

    Sums over tiles ``(steps, metrics, 2, lanes)``; probabilities, indices and scales ``(tiles, arms, lanes)``; what the
    integrals of a tile need; and entropies and effective actions ``(steps, 2, ties)`` by the number of best arms,
    ``ties`` a multiple of the lanes.
    """

    partial: Any
    mixed: Any
    shown: Any
    scales: Any
    room: Any
    ties: int
    by_ties: Any


def space_for(tiles: int, arms: int, steps: int) -> Space:
    """Scratch memory, allocated outside of compiled code, where it would take long to compile."""
    ties = -(-(arms + 1) // WIDTH) * WIDTH
    partial = aligned((steps, len(METRICS), 2, WIDTH))
    mixed, shown, scales = aligned((3, tiles, arms, WIDTH))
    return Space(partial, mixed, shown, scales, aligned((NODES, arms, WIDTH)), ties, np.zeros((steps, 2, ties)))


def problem_of(means: Any, ranked: Any, bernoulli: bool, scale: float, base: float) -> Problem:
    """The problem of a chunk of steps with means ``(steps, runs, arms)``, or of all steps with ``(1, runs, arms)``.

    Arms are ordered by their means, ties by their number, at those of the steps that are ``ranked``.
    """
    steps, runs, arms = means.shape
    tiles = runs // WIDTH
    tiled = aligned((steps, tiles, arms, WIDTH), means.reshape(steps, tiles, WIDTH, arms).swapaxes(2, 3))
    top = tiled.max(axis=2)
    sums = tiled.sum(axis=2), (top[:, :, np.newaxis] - tiled).sum(axis=2)
    best, means_sum, gaps_sum = aligned((3, steps, tiles, WIDTH), [top, *sums])
    order = np.empty(tiled.shape, dtype=np.int64)
    arm = np.argsort(-means[ranked], axis=2, kind="stable").reshape(-1, tiles, WIDTH, arms).swapaxes(2, 3)
    order[ranked] = (np.arange(tiles)[:, np.newaxis, np.newaxis] * arms + arm) * WIDTH + np.arange(WIDTH)
    return Problem(arms, steps > 1, tiled, best, means_sum, gaps_sum, order, bernoulli, scale, base)


@placed
def flat_problem(x):  # type: ignore[no-untyped-def]
    """The same with pointers to the arrays."""
    by_run = flat(x.best), flat(x.means_sum), flat(x.gaps_sum)
    return Problem(x.arms, x.drifts, flat(x.means), *by_run, flat(x.order), x.bernoulli, x.scale, x.base)


@placed
def problem_at(t, runs, x):  # type: ignore[no-untyped-def]
    """The problem at a step of a chunk."""
    if not x.drifts:
        return x
    means, at = beyond(x.means, t * runs * x.arms), t * runs
    by_run = beyond(x.best, at), beyond(x.means_sum, at), beyond(x.gaps_sum, at)
    return Problem(x.arms, x.drifts, means, *by_run, beyond(x.order, at * x.arms), x.bernoulli, x.scale, x.base)


@placed
def flat_policy(x):  # type: ignore[no-untyped-def]
    """The same with pointers to the arrays."""
    mixture = flat(x.uniform), flat(x.soft), flat(x.greedy), flat(x.inverse), flat(x.anew)
    return Policy(*mixture, flat(x.weights), flat(x.reference), x.indices, flat(x.clock), flat_unit(x.unit))


@placed
def flat_learner(x):  # type: ignore[no-untyped-def]
    """The same with pointers to the arrays."""
    state = flat(x.logarithm), flat(x.values), flat(x.pulls), flat(x.squares), flat(x.known), flat(x.seen)
    by_run = flat(x.noise.squares), flat(x.noise.degrees)
    noise = Noise(x.noise.measured, x.noise.first, flat(x.noise.means), flat(x.noise.pulls), *by_run)
    return Learner(x.kind, x.rate, x.fixed, x.exploration, x.noisy, x.tuned, *state, noise)


@placed
def flat_space(x):  # type: ignore[no-untyped-def]
    """The same with pointers to the arrays."""
    by_arms = flat(x.mixed), flat(x.shown), flat(x.scales)
    return Space(flat(x.partial), *by_arms, flat(x.room), x.ties, flat(x.by_ties))
