"""The steps of the compiled engine for bandits, for each kind of policy and learner.

Eight runs, a tile, are simulated at a time as the lanes of vectors. Arrays are ``(tiles, arms, lanes)``. A group of
tiles that fits into the fastest cache takes a chunk of steps before the next group does.
"""

from typing import Any, NamedTuple

from boltzmann_rl.engines.compiled import lanes, perturbation, units
from boltzmann_rl.engines.compiled.measuring import METRICS, add_sample, add_to_segment, end_segment, flat_measured
from boltzmann_rl.engines.compiled.state import (
    AVERAGE,
    FADING,
    GRADIENT_CURRENT,
    GRADIENT_PREVIOUS,
    REWARDS,
    flat_learner,
    flat_policy,
    flat_problem,
    flat_space,
    problem_at,
)
from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import compiled, placed
from boltzmann_rl.kernels.vectors import (
    WIDTH,
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

# Runs in a group: their numbers fit into the fastest cache.
_GROUP = 8 * WIDTH


class _Turn(NamedTuple):
    """What all runs have in common at a step."""

    uniform: float  # weight of each arm
    soft: float
    greedy: float
    inverse: float
    logarithm: float
    anew: bool
    indexed: bool
    unpulled: bool  # whether some arms are unpulled, which come first
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


@compiled
def run_steps(first, steps, column, uniforms, noise, policy, problem, learner, space, measured):  # type: ignore[no-untyped-def]
    """Simulate a chunk of steps; returns whether every value that was learned is valid.

    Uniforms and reward noise have a row for each step and more, and a column for each run of the block, of which the
    runs' are those from ``column`` on; a policy that perturbs has a column of uniforms for each run and arm.
    """
    block = noise.shape[1]
    per_run = uniforms.shape[1] // block
    uniforms, noise = beyond(flat(uniforms), column * per_run), beyond(flat(noise), column)
    policy, problem = flat_policy(policy), flat_problem(problem)
    learner, space, measured = flat_learner(learner), flat_space(space), flat_measured(measured)
    arms, runs, fine = problem.arms, measured.tiles * WIDTH, True
    for group in range(0, runs, _GROUP):
        size = runs - group if runs - group < _GROUP else _GROUP
        for t in range(steps):
            step = first + t
            turn, carried = _turn(t, first, policy, problem, learner, measured), policy.anew[step + 1] == 0
            now = problem_at(t, runs, problem)
            if turn.ranked and group == 0:  # the same for all groups
                lanes.greedy_entropies(turn.greedy, turn.uniform, arms, space.by_ties, 2 * t * space.ties, space.ties)
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
    return fine and units.found_all(policy.unit)


@placed
def _turn(t, first, policy, problem, learner, measured):  # type: ignore[no-untyped-def]
    step = first + t
    indexed, soft, greedy = learner.exploration >= 0.0, policy.soft[step], policy.greedy[step]
    unpulled = (indexed or learner.noise.first) and step < problem.arms
    uniform = policy.uniform[step] * (1.0 / (problem.arms - step if unpulled else problem.arms))
    # The other kinds of learners learn from the probabilities.
    ranked = policy.indices is None and soft == 0.0 and not indexed and not unpulled and learner.kind <= FADING
    mixed = not ranked and (greedy > 0.0 or uniform > 0.0 or indexed or unpulled)
    inverse, logarithm, anew = policy.inverse[step], learner.logarithm[step], policy.anew[step] == 1
    number = measured.segment[step]
    ended = number - measured.segment[first] if measured.segment[step + 1] > number else -1
    kinds = anew, indexed, unpulled, ranked, mixed
    place = t * measured.tiles * WIDTH if units.needed(policy.unit, soft) else -1
    return _Turn(uniform, soft, greedy, inverse, logarithm, *kinds, ended, measured.point[step], step, place)


@placed
def _decide(indices, t, i, begin, end, uniforms, drawn, turn, policy, problem, learner, space):  # type: ignore[no-untyped-def]
    values, means, mixed, top = learner.values, problem.means, space.mixed, load(problem.best, i)
    deviation = lanes.deviation_of(learner.noise, i)
    if indices is not None:  # a compile-time constant: only one branch is compiled
        shown, scales = space.shown, space.scales
        cells = perturbation.perturb(
            values, policy.clock, indices, deviation, uniforms, drawn, problem.arms, shown, scales, begin, end
        )
        scatter(policy.clock, cells, gather(policy.clock, cells) + 1.0)
        perturbation.propensities(indices.kind, shown, scales, space.room, mixed, begin, end)
        total, paid, lost = lanes.add_up(mixed, means, top, begin, end)
        entropy = lanes.entropy_of(mixed, begin, end)
        return _Decision(cells, eight(1.0), paid / total, lost / total, entropy, eight(0.0))
    u = load(uniforms, drawn)
    if turn.unpulled:
        lanes.untried(learner.noise.pulls, space.shown, begin, end)
        values = space.shown
    elif turn.indexed:
        lanes.indices(values, learner, deviation, turn.logarithm, space.shown, begin, end)
        values = space.shown
    inverse = eight(turn.inverse)
    if turn.found >= 0:
        inverse = units.inverses(policy.unit, values, deviation, turn.step, turn.found + i, i, begin, end)
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
    # In loops, since Numba would compile a function anew for each literal number of a metric.
    for m, x in enumerate((reward, hit, regret, decision.expected, decision.lost)):
        add_to_segment(m, x, i, measured)
    if turn.ended >= 0:
        end_segment(turn.ended, step, i, measured)
    entropy, effective = decision.entropy, decision.effective
    if not turn.ranked:
        entropy = where(entropy < 0.0, 0.0, entropy)
        effective = exp_nonpositive(entropy)  # also accurate for positive numbers as small as entropies
    samples = reward, hit, regret, decision.expected, decision.lost, so_far, entropy, effective
    for m, x in enumerate(samples):
        add_sample(m, x, step, t, i, space.partial, measured)


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
    if learner.noise.measured:
        lanes.measure(learner.noise, i, cells, reward)
    if kind == AVERAGE:
        before = gather(values, cells)
        after = lanes.average(values, learner.pulls, cells, reward)
        if learner.tuned:
            lanes.add_deviation(learner.squares, before, after, cells, reward)
        return True, after
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
