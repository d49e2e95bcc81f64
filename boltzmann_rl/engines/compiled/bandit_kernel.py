"""The steps of the compiled engine for bandits, for each kind of policy and learner.

Eight runs, a tile, are simulated at a time as the lanes of vectors. Arrays are ``(tiles, arms, lanes)``. A group of
tiles that fits into the fastest cache takes a chunk of steps before the next group does.
"""

from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.engines.compiled import lanes, perturbation, units
from boltzmann_rl.engines.compiled.measuring import METRICS, add_sample, add_to_segment, end_segment, flat_measured
from boltzmann_rl.engines.compiled.perturbation import Indices
from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import compiled, placed
from boltzmann_rl.kernels.vectors import (
    WIDTH,
    aligned,
    any_of,
    beyond,
    counted,
    eight,
    flat,
    gather,
    lanes_from,
    load,
    scatter,
    store,
    sum_of,
    where,
)

# How a learner updates its values; the gradient's kinds update all of them at each step.
AVERAGE, FADING, REWARDS, GRADIENT_PREVIOUS, GRADIENT_CURRENT, GRADIENT_FIXED = range(6)

# Runs in a group: their numbers fit into the fastest cache.
_GROUP = 8 * WIDTH


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
    None) the arm with the largest index is pulled instead, and ``clock`` counts the pulls of each arm. The temperature
    may have a ``unit``.
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
    unit: units.Unit


class Learner(NamedTuple):
    """Kind, parameters and state; ``exploration`` is negative without upper confidence indices."""

    kind: int
    rate: float
    fixed: float
    exploration: float
    logarithm: Any  # of the number of pulls at every step
    values: Any
    pulls: Any
    known: Any
    seen: Any


class Space(NamedTuple):
    """Scratch memory.

    Sums over tiles ``(steps, metrics, 2, lanes)``; probabilities, indices and scales ``(tiles, arms, lanes)``; and
    entropies and effective actions ``(steps, 2, ties)`` by the number of best arms, ``ties`` a multiple of the lanes.
    """

    partial: Any
    mixed: Any
    shown: Any
    scales: Any
    ties: int
    by_ties: Any


class _Turn(NamedTuple):
    """What all runs have in common at a step."""

    uniform: float  # weight of each arm
    soft: float
    greedy: float
    inverse: float
    logarithm: float
    anew: bool
    indexed: bool
    unpulled: bool  # whether some arms are unpulled, which upper confidence indices take first
    ranked: bool  # whether only the ranks of values count, not their size
    mixed: bool  # whether there are probabilities beside the softmax's
    ended: int  # the number in the chunk of the segment that ends with the step, else −1
    point: int  # its number among the steps where probabilities are ranked, else −1
    step: int
    found: int  # the place of its first run's temperature if each run has its own, else −1


class _Decision(NamedTuple):
    """Cells of the chosen arms; the weights of arms are ``total`` times their probabilities.

    ``effective`` holds the effective actions if only ranks count; otherwise they follow from the entropy.
    """

    cells: Any
    total: Any
    expected: Any
    lost: Any  # the expected regret
    entropy: Any
    effective: Any


def space_for(tiles: int, arms: int, steps: int) -> Space:
    """Scratch memory, allocated outside of compiled code, where it would take long to compile."""
    ties = -(-(arms + 1) // WIDTH) * WIDTH
    partial = aligned((steps, len(METRICS), 2, WIDTH))
    mixed, shown, scales = aligned((3, tiles, arms, WIDTH))
    return Space(partial, mixed, shown, scales, ties, np.zeros((steps, 2, ties)))


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


@compiled
def run_steps(first, steps, column, uniforms, noise, policy, problem, learner, space, measured):  # type: ignore[no-untyped-def]
    """Simulate a chunk of steps; returns whether every value that was learned is valid.

    Uniforms and reward noise have a row for each step and more, and a column for each run of the block, of which the
    runs' are those from ``column`` on; a policy that perturbs has a column of uniforms for each run and arm.
    """
    block = noise.shape[1]
    per_run = uniforms.shape[1] // block
    uniforms, noise = beyond(flat(uniforms), column * per_run), beyond(flat(noise), column)
    policy, problem = _flat_policy(policy), _flat_problem(problem)
    learner, space, measured = _flat_learner(learner), _flat_space(space), flat_measured(measured)
    arms, runs, fine = problem.arms, measured.tiles * WIDTH, True
    for t in range(steps):
        turn = _turn(t, first, policy, problem, learner, measured)
        if turn.ranked:
            lanes.greedy_entropies(turn.greedy, turn.uniform, arms, space.by_ties, 2 * t * space.ties, space.ties)
    for group in range(0, runs, _GROUP):
        size = min(_GROUP, runs - group)
        for t in range(steps):
            step = first + t
            turn, carried = _turn(t, first, policy, problem, learner, measured), policy.anew[step + 1] == 0
            now = _problem_at(t, runs, problem)
            for i in range(group, group + size, WIDTH):
                begin, end = i * arms, (i + WIDTH) * arms
                drawn = (t * block + i) * per_run
                decision = _decide(policy.indices, t, i, begin, end, uniforms, drawn, turn, policy, now, learner, space)
                mean, best = gather(now.means, decision.cells), load(now.best, i)
                reward = lanes.pay(mean, now.bernoulli, now.scale, now.base, load(noise, t * block + i))
                _measure(turn, step, t, i, decision, reward, best - mean, space, measured)
                if turn.point >= 0:
                    _rank(i, begin, end, turn, decision, policy, now, learner, space, measured)
                right, new = _learn(i, begin, end, turn, decision, reward, policy, learner, space)
                fine &= right
                if turn.soft > 0.0 and carried:
                    lanes.reweigh(new, decision.cells, load(policy.reference, i), turn.inverse, policy.weights)
                if measured.recorded:
                    store(measured.cells, t * runs + i, decision.cells)
    for t in range(steps):
        for m in range(len(METRICS)):
            at, partial = m * measured.steps + first + t, 2 * WIDTH * (t * len(METRICS) + m)
            measured.sums[at] = sum_of(load(space.partial, partial))
            measured.squares[at] = sum_of(load(space.partial, partial + WIDTH))
    return fine and policy.unit.failed[0] == 0.0


@placed
def _flat_problem(x):  # type: ignore[no-untyped-def]
    by_run = flat(x.best), flat(x.means_sum), flat(x.gaps_sum)
    return Problem(x.arms, x.drifts, flat(x.means), *by_run, flat(x.order), x.bernoulli, x.scale, x.base)


@placed
def _problem_at(t, runs, x):  # type: ignore[no-untyped-def]
    if not x.drifts:
        return x
    means, at = beyond(x.means, t * runs * x.arms), t * runs
    by_run = beyond(x.best, at), beyond(x.means_sum, at), beyond(x.gaps_sum, at)
    return Problem(x.arms, x.drifts, means, *by_run, beyond(x.order, at * x.arms), x.bernoulli, x.scale, x.base)


@placed
def _flat_policy(x):  # type: ignore[no-untyped-def]
    mixture = flat(x.uniform), flat(x.soft), flat(x.greedy), flat(x.inverse), flat(x.anew)
    given = x.unit.kind, x.unit.always, flat(x.unit.target), flat(x.unit.goal), flat(x.unit.logarithms)
    unit = units.Unit(*given, flat(x.unit.latest), flat(x.unit.found), flat(x.unit.failed))
    return Policy(*mixture, flat(x.weights), flat(x.reference), x.indices, flat(x.clock), unit)


@placed
def _flat_learner(x):  # type: ignore[no-untyped-def]
    state = flat(x.logarithm), flat(x.values), flat(x.pulls), flat(x.known), flat(x.seen)
    return Learner(x.kind, x.rate, x.fixed, x.exploration, *state)


@placed
def _flat_space(x):  # type: ignore[no-untyped-def]
    by_arms = flat(x.mixed), flat(x.shown), flat(x.scales)
    return Space(flat(x.partial), *by_arms, x.ties, flat(x.by_ties))


@placed
def _turn(t, first, policy, problem, learner, measured):  # type: ignore[no-untyped-def]
    step = first + t
    indexed, soft, greedy = learner.exploration >= 0.0, policy.soft[step], policy.greedy[step]
    unpulled = indexed and step < problem.arms
    uniform = policy.uniform[step] * (1.0 / (problem.arms - step if unpulled else problem.arms))
    # The other kinds of learners learn from the probabilities.
    ranked = policy.indices is None and soft == 0.0 and not indexed and learner.kind <= FADING
    mixed = not ranked and (greedy > 0.0 or uniform > 0.0 or indexed)
    inverse, logarithm, anew = policy.inverse[step], learner.logarithm[step], policy.anew[step] == 1
    number = measured.segment[step]
    ended = number - measured.segment[first] if measured.segment[step + 1] > number else -1
    kinds = anew, indexed, unpulled, ranked, mixed
    each = policy.unit.kind != units.NONE and (soft > 0.0 or policy.unit.always)
    place = t * measured.tiles * WIDTH if each else -1
    return _Turn(uniform, soft, greedy, inverse, logarithm, *kinds, ended, measured.point[step], step, place)


@placed
def _decide(indices, t, i, begin, end, uniforms, drawn, turn, policy, problem, learner, space):  # type: ignore[no-untyped-def]
    values, means, mixed, top = learner.values, problem.means, space.mixed, load(problem.best, i)
    if indices is not None:  # a compile-time constant: only one branch is compiled
        shown, scales = space.shown, space.scales
        cells = perturbation.perturb(
            values, policy.clock, indices, uniforms, drawn, problem.arms, shown, scales, begin, end
        )
        scatter(policy.clock, cells, gather(policy.clock, cells) + 1.0)
        perturbation.propensities(indices.kind, shown, scales, policy.weights, mixed, begin, end)
        total, paid, lost = lanes.add_up(mixed, means, top, begin, end)
        entropy = lanes.entropy_of(mixed, begin, end)
        return _Decision(cells, eight(1.0), paid / total, lost / total, entropy, eight(0.0))
    u = load(uniforms, drawn)
    if turn.indexed:
        lanes.indices(
            values, learner.pulls, learner.exploration, turn.logarithm, turn.unpulled, space.shown, begin, end
        )
        values = space.shown
    inverse = eight(turn.inverse)
    if turn.found >= 0:
        units.find(values, policy.unit, turn.step, turn.found + i, i, begin, end)
        inverse = units.inverse_of(load(policy.unit.found, turn.found + i))
    if turn.ranked:
        best, ties, leaders = lanes.rank(values, begin, end)
        by_ties = beyond(space.by_ties, 2 * t * space.ties)
        if not any_of(ties > 1.0):
            sums = load(problem.means_sum, i), load(problem.gaps_sum, i)
            greedy, uniform = turn.greedy, turn.uniform
            cells, paid, lost = lanes.choose_leaders(leaders, means, top, sums, greedy, uniform, u, begin, end)
            return _Decision(cells, eight(1.0), paid, lost, eight(by_ties[1]), eight(by_ties[space.ties + 1]))
        greedy = turn.greedy * (1.0 / ties)
        cells, paid, lost = lanes.choose_greedily(values, means, top, best, greedy, turn.uniform, u, begin, end)
        number = counted(ties)
        return _Decision(cells, eight(1.0), paid, lost, gather(by_ties, number), gather(by_ties, number + space.ties))
    total, paid, lost, led = eight(1.0), eight(0.0), eight(0.0), eight(0.0)
    if turn.soft > 0.0:
        total, paid, lost, led = _softmax(i, begin, end, turn.anew, inverse, policy, means, top, values)
    if turn.mixed:
        lanes.mix(turn.soft, policy.weights, total, turn.greedy, turn.uniform, values, mixed, begin, end)
        total, paid, lost = lanes.add_up(mixed, means, top, begin, end)
        cells, entropy = lanes.choose(mixed, total * u, begin, end), lanes.entropy_of(mixed, begin, end)
        expected, lost = paid / total, lost / total  # not times 1/total, which could break ties
        return _Decision(cells, eight(1.0), expected, lost, entropy, eight(0.0))
    expected, lost, entropy = lanes.softmax_measures(total, paid, lost, led, inverse)
    cells = lanes.choose(policy.weights, total * u, begin, end)
    return _Decision(cells, total, expected, lost, entropy, eight(0.0))


@placed
def _softmax(i, begin, end, anew, inverse, policy, means, top, values):  # type: ignore[no-untyped-def]
    """Bring the weights up to date, and sum over them."""
    reference, weights = load(policy.reference, i), policy.weights
    if anew:
        reference = lanes.weigh(values, inverse, eight(0.0) == 0.0, reference, weights, begin, end)
        store(policy.reference, i, reference)
    total, paid, lost, led = lanes.softmax_sums(weights, means, top, values, reference, begin, end)
    outside = lanes.outside(total)
    if any_of(outside):
        reference = lanes.weigh(values, inverse, outside, reference, weights, begin, end)
        store(policy.reference, i, reference)
        total, paid, lost, led = lanes.softmax_sums(weights, means, top, values, reference, begin, end)
    return total, paid, lost, led


@placed
def _measure(turn, step, t, i, decision, reward, regret, space, measured):  # type: ignore[no-untyped-def]
    """Add a tile's samples to the sums over runs, and to those over the segment."""
    hit = where(regret == 0.0, eight(1.0), 0.0)
    so_far = load(measured.cumulative, i) + regret
    store(measured.cumulative, i, so_far)
    add_to_segment(0, reward, i, measured)
    add_to_segment(1, hit, i, measured)
    add_to_segment(2, regret, i, measured)
    add_to_segment(3, decision.expected, i, measured)
    add_to_segment(4, decision.lost, i, measured)
    if turn.ended >= 0:
        end_segment(turn.ended, step, i, measured)
    add_sample(0, reward, step, t, i, space.partial, measured)
    add_sample(1, hit, step, t, i, space.partial, measured)
    add_sample(2, regret, step, t, i, space.partial, measured)
    add_sample(3, decision.expected, step, t, i, space.partial, measured)
    add_sample(4, decision.lost, step, t, i, space.partial, measured)
    add_sample(5, so_far, step, t, i, space.partial, measured)
    entropy, effective = decision.entropy, decision.effective
    if not turn.ranked:
        entropy = where(entropy < 0.0, 0.0, entropy)
        effective = exp_nonpositive(entropy)  # also accurate for positive numbers as small as entropies
    add_sample(6, entropy, step, t, i, space.partial, measured)
    add_sample(7, effective, step, t, i, space.partial, measured)


@placed
def _rank(i, begin, end, turn, decision, policy, problem, learner, space, measured):  # type: ignore[no-untyped-def]
    """Add the probabilities of a tile's arms, in the order of their means, to the sums over runs."""
    place, part = turn.point * (end - begin), where(lanes_from(i) < measured.runs, 1.0 / decision.total, 0.0)
    if turn.ranked:
        best, ties, _ = lanes.rank(learner.values, begin, end)
        high, low = part * (turn.greedy / ties + turn.uniform), part * turn.uniform
        lanes.add_leaders(learner.values, best, high, low, problem.order, measured.ranks, place, begin, end)
    elif policy.indices is None and not turn.mixed:
        lanes.add_ordered(policy.weights, part, problem.order, measured.ranks, place, begin, end)
    else:
        lanes.add_ordered(space.mixed, part, problem.order, measured.ranks, place, begin, end)


@placed
def _learn(i, begin, end, turn, decision, reward, policy, learner, space):  # type: ignore[no-untyped-def]
    """Whether what is learned is valid, and the new values of the chosen arms."""
    kind, values, cells, weights = learner.kind, learner.values, decision.cells, policy.weights
    if turn.mixed:
        weights = space.mixed
    if kind == AVERAGE:
        return True, lanes.average(values, learner.pulls, cells, reward)
    if kind == FADING:
        return True, lanes.fade(values, learner.rate, cells, reward)
    if kind == REWARDS:
        propensity = gather(weights, cells) / decision.total
        return not any_of(propensity <= 0.0), lanes.credit(values, propensity, cells, reward)
    before, after = lanes.follow(learner.known, learner.seen, i, reward)
    baseline = eight(learner.fixed)
    if kind == GRADIENT_PREVIOUS:
        baseline = before
    elif kind == GRADIENT_CURRENT:
        baseline = after
    amount = learner.rate * (reward - baseline)
    return True, lanes.climb(values, amount, weights, decision.total, cells, begin, end)
