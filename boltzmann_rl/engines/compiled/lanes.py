"""The parts of a step of the compiled engine for bandits, for a tile of eight runs as the lanes of vectors.

A tile's numbers are a slice of a flat array, arm by arm: ``range(first, last, WIDTH)`` iterates over its arms. The cell
of a run's arm is its index in that array.
"""

import numpy as np

from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import fused, placed
from boltzmann_rl.kernels.logarithm import log_positive
from boltzmann_rl.kernels.vectors import (
    WIDTH,
    any_of,
    counted,
    eight,
    floats_of,
    gather,
    lanes_from,
    load,
    root,
    scatter,
    store,
    where,
)

# If the sum of the running weights leaves this range, they are recomputed with a new reference value, long before a
# relevant weight under- or overflows.
_SMALLEST, _LARGEST = 1e-30, 1e30

# Above, an exponential is ∞.
_MOST = 1000.0

_LOG2_WIDTH = WIDTH.bit_length() - 1

_TINY, _GREATEST = np.finfo(np.float64).tiny, np.finfo(np.float64).max


@placed
def untried(pulls, shown, first, last):  # type: ignore[no-untyped-def]
    """Values while arms are unpulled: 0 for these and −∞ for all others."""
    for at in range(first, last, WIDTH):
        store(shown, at, where(load(pulls, at) == 0.0, eight(0.0), -np.inf))


@placed
def indices(values, learner, deviation, logarithm, shown, first, last):  # type: ignore[no-untyped-def]
    """Upper confidence indices, by the exploration or by each arm's own variance; 0 where exploration is infinite."""
    exploration = learner.exploration * deviation if learner.noisy else eight(learner.exploration)
    for at in range(first, last, WIDTH):
        confidence = logarithm / load(learner.pulls, at)
        if learner.tuned:
            variance = load(learner.squares, at) / load(learner.pulls, at) + root(2.0 * confidence)
            bonus = root(confidence * where(variance < 0.25, variance, 0.25))
        else:
            bonus = exploration * root(confidence)
        store(shown, at, where(exploration < np.inf, load(values, at) + bonus, 0.0))


@placed
def deviation_of(noise, i):  # type: ignore[no-untyped-def]
    """The pooled standard deviations of rewards within arms, ∞ while they are unknown."""
    if not noise.measured:
        return eight(np.inf)
    degrees = load(noise.degrees, i)
    known = degrees > 0.0
    return where(known, root(load(noise.squares, i) / where(known, degrees, 1.0)), np.inf)


@placed
def measure(noise, i, cells, reward):  # type: ignore[no-untyped-def]
    """Add rewards to the squared deviations within arms, by Welford's recurrence, and count the pulls."""
    before = gather(noise.means, cells)
    after = average(noise.means, noise.pulls, cells, reward)
    again = gather(noise.pulls, cells) > 1.0
    store(noise.squares, i, load(noise.squares, i) + where(again, (reward - before) * (reward - after), 0.0))
    store(noise.degrees, i, load(noise.degrees, i) + where(again, eight(1.0), 0.0))


@placed
def add_deviation(squares, before, after, cells, reward):  # type: ignore[no-untyped-def]
    """Add the squared deviations of rewards from the means of their arms, before and after."""
    scatter(squares, cells, gather(squares, cells) + (reward - before) * (reward - after))


@placed
def highest(values, first, last):  # type: ignore[no-untyped-def]
    """The best values."""
    best = load(values, first)
    for at in range(first + WIDTH, last, WIDTH):
        q = load(values, at)
        best = where(q > best, q, best)
    return best


@placed
def rank(values, first, last):  # type: ignore[no-untyped-def]
    """The best values, the number of arms that have them, and the cells of the last of these."""
    best, ties, leaders = highest(values, first, last), eight(0), lanes_from(first)
    for at in range(first, last, WIDTH):
        leads = load(values, at) == best
        ties = where(leads, ties + 1, ties)  # adding integers takes a third of the time
        leaders = where(leads, lanes_from(at), leaders)
    return best, floats_of(ties), leaders


@placed
def weigh(values, inverse, renewed, reference, weights, first, last):  # type: ignore[no-untyped-def]
    """Recompute exp((values − reference)/temperature) where ``renewed``, with the best values as references."""
    best = where(renewed, highest(values, first, last), reference)
    for at in range(first, last, WIDTH):
        store(weights, at, where(renewed, exp_nonpositive((load(values, at) - best) * inverse), load(weights, at)))
    return best


@placed
def reweigh(new, cells, reference, inverse, weights):  # type: ignore[no-untyped-def]
    """Update the weights of the arms whose values have changed."""
    z = (new - reference) * inverse
    scatter(weights, cells, exp_nonpositive(where(z < _MOST, z, _MOST)))


@placed
def outside(total):  # type: ignore[no-untyped-def]
    """Where a sum of weights is out of range."""
    return (total <= _SMALLEST) | (total >= _LARGEST)


@fused
def softmax_sums(weights, means, top, values, reference, first, last):  # type: ignore[no-untyped-def]
    """Σw, Σw·mean, Σw·gap below the top mean, and Σw·(value − reference)."""
    total, paid, lost, led = eight(0.0), eight(0.0), eight(0.0), eight(0.0)
    for at in range(first, last, WIDTH):
        w, mean = load(weights, at), load(means, at)
        total += w
        paid += w * mean
        lost += w * (top - mean)
        led += w * (load(values, at) - reference)
    return total, paid, lost, led


@fused
def softmax_measures(total, paid, lost, led, inverse):  # type: ignore[no-untyped-def]
    """Means and gaps averaged over the softmax; its entropy ln Σw − Σw·z/Σw, z = (value − reference)/temperature."""
    part = 1.0 / total
    return paid * part, lost * part, log_positive(total) - (led * inverse) * part


@fused
def add_up(weights, means, top, first, last):  # type: ignore[no-untyped-def]
    """Σw, Σw·mean and Σw·gap below the top mean."""
    total, paid, lost = eight(0.0), eight(0.0), eight(0.0)
    for at in range(first, last, WIDTH):
        w, mean = load(weights, at), load(means, at)
        total += w
        paid += w * mean
        lost += w * (top - mean)
    return total, paid, lost


@placed
def mix(soft, weights, total, greedy, uniform, values, mixed, first, last):  # type: ignore[no-untyped-def]
    """The mixture soft·softmax + greedy/ties for the best arms + uniform for the available ones."""
    best, ties, _ = rank(values, first, last)
    each = greedy * (1.0 / ties) if greedy > 0.0 else eight(0.0)  # rounded as in the reference, to keep ties
    for at in range(first, last, WIDTH):
        q = load(values, at)
        rest = where(q == best, each, 0.0) + where(q > -np.inf, eight(uniform), 0.0)
        store(mixed, at, soft * (load(weights, at) / total) + rest)


@fused
def add_ordered(weights, part, order, sums, place, first, last):  # type: ignore[no-untyped-def]
    """Add ``part`` of the weights of the cells in ``order`` to the sums from ``place`` on."""
    for at in range(first, last, WIDTH):
        to = place + (at - first)
        store(sums, to, load(sums, to) + part * gather(weights, load(order, at)))


@placed
def add_leaders(values, best, high, low, order, sums, place, first, last):  # type: ignore[no-untyped-def]
    """Add ``high`` for the cells in ``order`` that have the best value, and ``low`` for the others, to the sums."""
    for at in range(first, last, WIDTH):
        to = place + (at - first)
        store(sums, to, load(sums, to) + where(gather(values, load(order, at)) == best, high, low))


@placed
def entropy_of(mixed, first, last):  # type: ignore[no-untyped-def]
    """The entropy Σ −p·ln p of probabilities."""
    entropy = eight(0.0)
    for at in range(first, last, WIDTH):
        p = load(mixed, at)
        entropy -= p * log_positive(where(p > _TINY, p, _TINY))
    return entropy


@placed
def greedy_entropies(greedy, uniform, arms, by_ties, first, ties):  # type: ignore[no-untyped-def]
    """Entropies by the number of best arms, which divide ``greedy`` while every arm has ``uniform``; then their exp."""
    low = eight(uniform)
    lowest = low * log_positive(where(low > _TINY, low, _TINY))
    for n in range(0, ties, WIDTH):
        best = floats_of(lanes_from(n))
        high = greedy / best + low  # without a best arm, since values are NaN, the entropy is NaN
        entropy = -((float(arms) - best) * lowest + best * (high * log_positive(high)))
        entropy = where(entropy < 0.0, 0.0, entropy)
        store(by_ties, first + n, entropy)
        store(by_ties, first + ties + n, exp_nonpositive(entropy))


@placed
def choose(weights, target, first, last):  # type: ignore[no-untyped-def]
    """The cells of the first arms at which the running sum of the weights passes the target."""
    cells, passed = lanes_from(first), eight(0.0)
    for at in range(first, last, WIDTH):
        passed += load(weights, at)
        cells = where(passed <= target, cells + WIDTH, cells)
    if any_of(cells >= last):  # the target was rounded to the total
        final = lanes_from(first)
        for at in range(first, last, WIDTH):
            final = where(load(weights, at) > 0.0, lanes_from(at), final)
        cells = where(cells >= last, final, cells)
    return cells


@placed
def choose_leaders(leaders, means, top, sums, greedy, uniform, u, first, last):  # type: ignore[no-untyped-def]
    """`choose_greedily` where a single arm is the best, so that all others have intervals of u of the same length.

    ``sums`` are those of all means and of all gaps below the top mean.
    """
    arm = (leaders - lanes_from(first)) >> _LOG2_WIDTH
    below = floats_of(arm) * uniform
    leads = (u >= below) & (u < below + (greedy + uniform))
    others = where(u < below, u, u - greedy) * (1.0 / uniform if uniform > _TINY else 0.0)
    chosen, final = counted(others), (last - first) // WIDTH - 1
    chosen = where(leads, arm, where(chosen > final, final, where(chosen < 0, 0, chosen)))
    mean = gather(means, leaders)
    paid, lost = uniform * sums[0] + greedy * mean, uniform * sums[1] + greedy * (top - mean)
    return lanes_from(first) + (chosen << _LOG2_WIDTH), paid, lost


@placed
def choose_greedily(values, means, top, best, greedy, uniform, u, first, last):  # type: ignore[no-untyped-def]
    """Cells, Σp·mean and Σp·gap where all arms have the probability ``uniform``, and the best ones ``greedy`` more."""
    cells, passed, paid, lost, more = lanes_from(first), eight(0.0), eight(0.0), eight(0.0), greedy + uniform
    for at in range(first, last, WIDTH):
        p, mean = where(load(values, at) == best, more, uniform), load(means, at)
        paid += p * mean
        lost += p * (top - mean)
        passed += p
        cells = where(passed <= u, cells + WIDTH, cells)
    if any_of(cells >= last):  # the sum of the probabilities was rounded to less than u
        final = lanes_from(first)
        for at in range(first, last, WIDTH):
            final = where(where(load(values, at) == best, more, uniform) > 0.0, lanes_from(at), final)
        cells = where(cells >= last, final, cells)
    return cells, paid, lost


@placed
def pay(means, bernoulli, scale, base, noise):  # type: ignore[no-untyped-def]
    """The rewards."""
    return where(noise < means, eight(base + scale), base) if bernoulli else means + scale * noise


@placed
def average(values, pulls, cells, reward):  # type: ignore[no-untyped-def]
    """Update sample averages, where the first reward replaces the initial estimate; returns the new ones."""
    count, old = gather(pulls, cells) + 1.0, gather(values, cells)
    new = where(count == 1.0, reward, old + (reward - old) / count)
    scatter(pulls, cells, count)
    scatter(values, cells, new)
    return new


@placed
def fade(values, rate, cells, reward):  # type: ignore[no-untyped-def]
    """Update by a constant learning rate; returns the new values."""
    old = gather(values, cells)
    new = old + rate * (reward - old)
    scatter(values, cells, new)
    return new


@placed
def follow(known, seen, i, reward):  # type: ignore[no-untyped-def]
    """Mean rewards before (at first, the reward itself) and after these rewards."""
    count, before = load(seen, i) + 1.0, load(known, i)
    before = where(count == 1.0, reward, before)
    after = before + (reward - before) / count
    store(seen, i, count)
    store(known, i, after)
    return before, after


@placed
def climb(values, amount, weights, total, cells, first, last):  # type: ignore[no-untyped-def]
    """Update preferences by a gradient step; returns those of the chosen arms."""
    for at in range(first, last, WIDTH):
        store(values, at, load(values, at) - amount * (load(weights, at) / total))
    new = gather(values, cells) + amount
    scatter(values, cells, new)
    return new


@placed
def credit(values, propensity, cells, reward):  # type: ignore[no-untyped-def]
    """Update importance-weighted sums of rewards; returns the new ones."""
    new = gather(values, cells) + reward / propensity
    new = where(new < -_GREATEST, -_GREATEST, new)
    new = where(new > _GREATEST, _GREATEST, new)
    scatter(values, cells, new)
    return new
