"""The inner loops of the compiled engine for bandits: many runs side by side, as the lanes of vector registers.

What belongs to a run is an array ``(lanes,)``, what belongs to its arms ``(arms, lanes)``. A loop over the lanes does
one thing without a branch or a call, so that it compiles to vector instructions. Where several sums over the arms are
taken, it is four arms at a time, which saves most of the reading and writing of the sums, and the rest one by one. Arms
are mostly indexed where they are: a view of a row costs two locked operations of Numba's memory manager.
"""

import numpy as np

from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import inner
from boltzmann_rl.kernels.logarithm import log_positive

__all__ = [
    "add_up",
    "average",
    "choose",
    "choose_greedily",
    "climb",
    "credit",
    "deviations",
    "fade",
    "greedy_entropy",
    "indices",
    "measure",
    "mix",
    "mixed_entropy",
    "outside",
    "pay",
    "rank",
    "reweigh",
    "sum_softmax",
    "weigh",
    "weigh_again",
]

# A sum of running weights outside of these is brought back to 1 or more by a new reference value, long before a
# weight that matters is too small or too large for a float.
_SMALLEST, _LARGEST = 1e-30, 1e30

# Above, an exponential is ∞.
_MOST = 1000.0

_TINY, _GREATEST = np.finfo(np.float64).tiny, np.finfo(np.float64).max


@inner
def indices(values, pulls, exploration, logarithm, unpulled, shown):  # type: ignore[no-untyped-def]
    """Upper confidence indices; as long as arms are unpulled, 0 for these and −∞ for all others."""
    for a in range(len(values)):
        q, n, index = values[a], pulls[a], shown[a]
        for i in range(len(q)):
            index[i] = q[i] + exploration * np.sqrt(logarithm / n[i])
        if unpulled:
            for i in range(len(q)):
                index[i] = 0.0 if n[i] == 0.0 else -np.inf


@inner
def _highest(values, best):  # type: ignore[no-untyped-def]
    for i in range(len(best)):
        best[i] = values[0, i]
    for a in range(1, len(values)):
        for i in range(len(best)):
            best[i] = max(best[i], values[a, i])


@inner
def weigh(values, reference, inverse, weights):  # type: ignore[no-untyped-def]
    """exp((values − reference)/temperature), where the reference values are the best ones."""
    _highest(values, reference)
    for a in range(len(values)):
        for i in range(len(reference)):
            weights[a, i] = exp_nonpositive((values[a, i] - reference[i]) * inverse)


@inner
def reweigh(new, cell, reference, inverse, weights):  # type: ignore[no-untyped-def]
    """The weights of the arms whose values have moved."""
    flat = weights.reshape(-1)
    for i in range(len(new)):
        new[i] = exp_nonpositive(min((new[i] - reference[i]) * inverse, _MOST))
    for i in range(len(new)):
        flat[cell[i]] = new[i]


@inner
def outside(total):  # type: ignore[no-untyped-def]
    """Whether the sum of weights of any lane is out of bounds."""
    found = False
    for i in range(len(total)):
        found |= (total[i] <= _SMALLEST) | (total[i] >= _LARGEST)
    return found


@inner
def weigh_again(values, reference, inverse, weights, total):  # type: ignore[no-untyped-def]
    """As `weigh`, for the few lanes whose sum of weights is out of bounds."""
    for i in range(len(total)):
        if not (_SMALLEST < total[i] < _LARGEST):
            reference[i] = values[0, i]
            for a in range(1, len(values)):
                reference[i] = max(reference[i], values[a, i])
            for a in range(len(values)):
                weights[a, i] = exp_nonpositive((values[a, i] - reference[i]) * inverse)


@inner
def add_up(weights, means, total, expected):  # type: ignore[no-untyped-def]
    """The sums of the weights, and the means averaged over them."""
    total[:] = 0.0
    expected[:] = 0.0
    fours = len(weights) // 4 * 4
    for a in range(0, fours, 4):
        for i in range(len(total)):
            w0, w1, w2, w3 = weights[a, i], weights[a + 1, i], weights[a + 2, i], weights[a + 3, i]
            m0, m1, m2, m3 = means[a, i], means[a + 1, i], means[a + 2, i], means[a + 3, i]
            total[i] += (w0 + w1) + (w2 + w3)
            expected[i] += (w0 * m0 + w1 * m1) + (w2 * m2 + w3 * m3)
    for a in range(fours, len(weights)):
        for i in range(len(total)):
            total[i] += weights[a, i]
            expected[i] += weights[a, i] * means[a, i]
    for i in range(len(total)):
        expected[i] /= total[i]


@inner
def sum_softmax(weights, means, values, reference, inverse, total, expected, entropy):  # type: ignore[no-untyped-def]
    """`add_up`, and the entropy ln Σw − Σw·z/Σw of the softmax, with z = (values − reference)/temperature."""
    total[:] = 0.0
    expected[:] = 0.0
    entropy[:] = 0.0
    fours = len(weights) // 4 * 4
    for a in range(0, fours, 4):
        for i in range(len(total)):
            w0, w1, w2, w3 = weights[a, i], weights[a + 1, i], weights[a + 2, i], weights[a + 3, i]
            m0, m1, m2, m3 = means[a, i], means[a + 1, i], means[a + 2, i], means[a + 3, i]
            q0, q1, q2, q3, r = values[a, i], values[a + 1, i], values[a + 2, i], values[a + 3, i], reference[i]
            total[i] += (w0 + w1) + (w2 + w3)
            expected[i] += (w0 * m0 + w1 * m1) + (w2 * m2 + w3 * m3)
            entropy[i] += (w0 * (q0 - r) + w1 * (q1 - r)) + (w2 * (q2 - r) + w3 * (q3 - r))
    for a in range(fours, len(weights)):
        for i in range(len(total)):
            total[i] += weights[a, i]
            expected[i] += weights[a, i] * means[a, i]
            entropy[i] += weights[a, i] * (values[a, i] - reference[i])
    for i in range(len(total)):
        expected[i] /= total[i]
        entropy[i] = max(log_positive(total[i]) - entropy[i] * inverse / total[i], 0.0)


@inner
def rank(values, best, ties):  # type: ignore[no-untyped-def]
    """The best value, and how many arms have it."""
    _highest(values, best)
    ties[:] = 0.0
    for a in range(len(values)):
        for i in range(len(best)):
            ties[i] += 1.0 if values[a, i] == best[i] else 0.0


@inner
def mix(soft, weights, total, greedy, uniform, values, best, share, mixed):  # type: ignore[no-untyped-def]
    """soft·softmax, the greedy share that the best arms divide, and what each available arm has in any case."""
    share[:] = 0.0
    if greedy > 0.0:
        rank(values, best, share)
        for i in range(len(best)):
            share[i] = greedy * (1.0 / share[i])  # rounded as by the reference, or ties would break
    for a in range(len(values)):
        for i in range(len(best)):
            rest = (share[i] if values[a, i] == best[i] else 0.0) + (uniform if values[a, i] > -np.inf else 0.0)
            mixed[a, i] = soft * (weights[a, i] / total[i]) + rest


@inner
def mixed_entropy(mixed, entropy):  # type: ignore[no-untyped-def]
    """Σ −p·ln p of any probabilities."""
    entropy[:] = 0.0
    for a in range(len(mixed)):
        for i in range(len(entropy)):
            entropy[i] -= mixed[a, i] * log_positive(max(mixed[a, i], _TINY))
    for i in range(len(entropy)):
        entropy[i] = max(entropy[i], 0.0)


@inner
def greedy_entropy(greedy, uniform, ties, by_ties, entropy):  # type: ignore[no-untyped-def]
    """As `mixed_entropy`, where all arms have the probability ``uniform``, and the best ones share ``greedy``."""
    arms, low = len(by_ties) - 1, -uniform * log_positive(max(uniform, _TINY))
    for n in range(1, len(by_ties)):
        high = greedy / n + uniform
        by_ties[n] = max((arms - n) * low - n * high * log_positive(high), 0.0)
    for i in range(len(entropy)):
        entropy[i] = by_ties[int(ties[i])]


@inner
def choose(weights, total, coins, target, passed, action):  # type: ignore[no-untyped-def]
    """The first arm at which the running sum of the weights passes coin·total."""
    passed[:] = 0.0
    action[:] = 0
    for i in range(len(action)):
        target[i] = coins[i] * total[i]
    fours = len(weights) // 4 * 4
    for a in range(0, fours, 4):
        for i in range(len(action)):
            t, sum0 = target[i], passed[i] + weights[a, i]
            sum1 = sum0 + weights[a + 1, i]
            sum2 = sum1 + weights[a + 2, i]
            sum3 = sum2 + weights[a + 3, i]
            passed[i] = sum3
            action[i] += (int(sum0 <= t) + int(sum1 <= t)) + (int(sum2 <= t) + int(sum3 <= t))
    for a in range(fours, len(weights)):
        for i in range(len(action)):
            passed[i] += weights[a, i]
            action[i] += int(passed[i] <= target[i])
    for i in range(len(action)):
        if action[i] >= len(weights):  # coin·total was rounded to the total
            action[i] = len(weights) - 1
            while weights[action[i], i] == 0.0 and action[i] > 0:
                action[i] -= 1


@inner
def choose_greedily(values, means, greedy, uniform, best, ties, coins, passed, share, expected, action):  # type: ignore[no-untyped-def]
    """`add_up` and `choose` at once where all arms have the probability ``uniform``, and the best ones more."""
    passed[:] = 0.0
    expected[:] = 0.0
    action[:] = 0
    for i in range(len(action)):
        share[i] = greedy * (1.0 / ties[i])
    fours = len(values) // 4 * 4
    for a in range(0, fours, 4):
        for i in range(len(action)):
            b, more, t = best[i], share[i] + uniform, coins[i]
            p0, p1 = more if values[a, i] == b else uniform, more if values[a + 1, i] == b else uniform
            p2, p3 = more if values[a + 2, i] == b else uniform, more if values[a + 3, i] == b else uniform
            expected[i] += (p0 * means[a, i] + p1 * means[a + 1, i]) + (p2 * means[a + 2, i] + p3 * means[a + 3, i])
            sum0 = passed[i] + p0
            sum1 = sum0 + p1
            sum2 = sum1 + p2
            sum3 = sum2 + p3
            passed[i] = sum3
            action[i] += (int(sum0 <= t) + int(sum1 <= t)) + (int(sum2 <= t) + int(sum3 <= t))
    for a in range(fours, len(values)):
        for i in range(len(action)):
            p = share[i] + uniform if values[a, i] == best[i] else uniform
            expected[i] += p * means[a, i]
            passed[i] += p
            action[i] += int(passed[i] <= coins[i])
    for i in range(len(action)):
        if action[i] >= len(values):  # the probabilities were rounded to less than the coin
            action[i] = len(values) - 1
            while uniform == 0.0 and values[action[i], i] != best[i] and action[i] > 0:
                action[i] -= 1


@inner
def pay(means, best, bernoulli, sd, luck, action, cell, reward, regret):  # type: ignore[no-untyped-def]
    """Rewards and regrets; and where the chosen arm is in a flat array of arms and lanes."""
    flat = means.reshape(-1)
    for i in range(len(action)):
        cell[i] = action[i] * len(action) + i
        reward[i] = flat[cell[i]]
    for i in range(len(action)):
        regret[i] = best[i] - reward[i]
    for i in range(len(action)):
        reward[i] = (1.0 if luck[i] < reward[i] else 0.0) if bernoulli else reward[i] + sd * luck[i]


@inner
def measure(samples, best, cumulative):  # type: ignore[no-untyped-def]
    """The other metrics from regret, expected reward and entropy."""
    best_action, regret, expected, expected_regret = samples[1], samples[2], samples[3], samples[4]
    so_far, entropy, effective = samples[5], samples[6], samples[7]
    for i in range(len(best)):
        best_action[i] = 1.0 if regret[i] == 0.0 else 0.0
        expected_regret[i] = best[i] - expected[i]
    for i in range(len(best)):
        cumulative[i] += regret[i]
        so_far[i] = cumulative[i]
    for i in range(len(best)):
        effective[i] = exp_nonpositive(entropy[i])  # as exact for numbers as small as entropies


@inner(fastmath={"reassoc"})
def deviations(sample):  # type: ignore[no-untyped-def]
    """Mean, and sum of squared deviations from it; the order of summation is the compiler's choice.

    Both come from the deviations from the first sample, which itself is among those that are squared: what cancels is
    at most as many times the result as there are samples.
    """
    total = squares = 0.0
    for i in range(len(sample)):
        deviation = sample[i] - sample[0]
        total += deviation
        squares += deviation * deviation
    return sample[0] + total / len(sample), max(squares - total * total / len(sample), 0.0)


@inner
def average(values, pulls, cell, reward, new):  # type: ignore[no-untyped-def]
    """Sample averages, whose first reward overwrites the estimate."""
    q, n = values.reshape(-1), pulls.reshape(-1)
    for i in range(len(cell)):
        count, old = n[cell[i]] + 1.0, q[cell[i]]
        new[i] = reward[i] if count == 1.0 else old + (reward[i] - old) / count
        n[cell[i]], q[cell[i]] = count, new[i]


@inner
def fade(values, rate, cell, reward, new):  # type: ignore[no-untyped-def]
    """Fading means."""
    q = values.reshape(-1)
    for i in range(len(cell)):
        old = q[cell[i]]
        new[i] = old + rate * (reward[i] - old)
        q[cell[i]] = new[i]


@inner
def climb(values, rate, previous, current, fixed, known, seen, chances, total, cell, reward, new):  # type: ignore[no-untyped-def]
    """Preferences, one step up the gradient; the baseline is the mean before, that with this reward, or fixed."""
    for i in range(len(cell)):
        before = reward[i] if seen[i] == 0.0 else known[i]
        seen[i] += 1.0
        known[i] += (reward[i] - known[i]) / seen[i]
        new[i] = rate * (reward[i] - (before if previous else known[i] if current else fixed))
    for a in range(len(values)):
        q, p = values[a], chances[a]
        for i in range(len(cell)):
            q[i] -= new[i] * (p[i] / total[i])
    flat = values.reshape(-1)
    for i in range(len(cell)):
        flat[cell[i]] += new[i]


@inner
def credit(values, chances, total, cell, reward, new):  # type: ignore[no-untyped-def]
    """Importance-weighted sums of rewards; returns whether all that is credited has a meaning."""
    q, p, fine = values.reshape(-1), chances.reshape(-1), True
    for i in range(len(cell)):
        propensity = p[cell[i]] / total[i]
        fine &= propensity > 0.0
        new[i] = min(max(q[cell[i]] + reward[i] / propensity, -_GREATEST), _GREATEST)
        q[cell[i]] = new[i]
    return fine
