"""Episodes of a tabular agent as machine code: `boltzmann_rl.training.loops`, operation for operation.

Every sum is taken in the order of the reference, so that the results are equal to the last bit. The reference decides
with plain floats, as in `boltzmann_rl.policies.mixture`. The small functions are inlined and take whole tables: passing
an array, or making a view of a row, would cost more than their arithmetic.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.kernels import pcg
from boltzmann_rl.kernels.jit import compiled, inner, placed
from boltzmann_rl.kernels.sums import COMPENSATES, add
from boltzmann_rl.kernels.vectors import flat, where
from boltzmann_rl.numerics.softmax import LARGEST_TEMPERATURE
from boltzmann_rl.tables.measures import Measure, measured
from boltzmann_rl.tables.worlds import World

# The learners, as a `Rule` names them.
Q_LEARNING, SARSA, EXPECTED_SARSA, DOUBLE_Q_LEARNING = range(4)

# The largest value for which no sum of values overflows.
LARGEST = 1e300


class Rule(NamedTuple):
    """An agent in numbers: the weights and the temperature of `boltzmann_rl.policies.mixture`, and how it learns.

    Weights, temperatures and learning rates are arrays over the clock, or have one entry if they are constant.

    Attributes:
        unit: What ``temperatures`` means: a constant of `boltzmann_rl.numerics.plain_temperatures`; None if they are
            temperatures.
        logs: NumPy's logarithms of 0, 1, … up to the number of actions.
        untried_first: Whether each action of a state is tried once before anything else.
        measures_noise: Whether temporal-difference errors are remembered, as by `boltzmann_rl.NoiseEstimate`.
    """

    uniform: Floats
    soft: Floats
    greedy: Floats
    temperatures: Floats
    unit: int | None
    logs: Floats
    counts_visits: bool
    untried_first: bool
    measures_noise: bool
    learner: int
    learning_rates: Floats
    discount: float


class State(NamedTuple):
    """The state of a run: the tables of values ``(n, S + 1, A)``, visits, and the current episode.

    In the last row of the tables all values are 0: there decide the untried actions of a state.

    Attributes:
        tables: One table, or the mean of two tables followed by the two.
        tried: Which actions of each state were taken ``(S, A)``.
        noise: The sum of the squared temporal-difference errors, and their number.
        visits: Decisions in each state ``(S,)``.
        roots: Where the search for the next temperature starts in each row ``(S + 1,)``, NaN before the first one.
        now: Step, episode, state (−1 before an episode begins), the action if it is already chosen (else −1), and
            steps of this episode.
        total: The sum of the rewards of this episode, and its regret.
    """

    tables: Floats
    tried: NDArray[np.bool_]
    noise: Floats
    visits: NDArray[np.int64]
    roots: Floats
    now: NDArray[np.int64]
    total: Floats


def start(world: World, initial: float) -> tuple[World, State]:
    """A world with room for a row more of available actions, and the state of a run before its first step.

    The kernel reads available actions as 1 or 0.
    """
    shape = states, actions = world.available.shape
    tables = np.full((3, states + 1, actions), initial)
    tables[:, -1] = 0.0
    visits, roots, now = np.zeros(states, dtype=np.int64), np.full(states + 1, np.nan), np.array([0, 0, -1, -1, 0])
    available: Any = np.append(world.available, np.zeros((1, actions), dtype=bool), axis=0).view(np.uint8)
    state = State(tables, np.zeros(shape, dtype=bool), np.zeros(2), visits, roots, now, np.zeros(2))
    return world._replace(available=available), state


@placed
def _at(parameter, clock):  # type: ignore[no-untyped-def]
    last = len(parameter) - 1
    return parameter[clock if clock < last else last]


@placed
def _best(tables, table, here, available):  # type: ignore[no-untyped-def]
    best = -np.inf
    for action in range(tables.shape[2]):
        if available[here, action] and tables[table, here, action] > best:
            best = tables[table, here, action]
    return best


@placed
def _mixed(uniform, soft, greedy, temperatures, clock):  # type: ignore[no-untyped-def]
    return _at(uniform, clock), _at(soft, clock), _at(greedy, clock), _at(temperatures, clock)


@placed
def _row(untried_first, tried, available, here):  # type: ignore[no-untyped-def]
    """The row of the tables that decides in a state: its own, or the last one, for its untried actions."""
    row, last = here, available.shape[0] - 1
    if untried_first:
        for action in range(available.shape[1]):
            waits = available[here, action] != 0 and not tried[here, action]
            available[last, action] = waits
            row = last if waits else row
    return row


@placed
def _first(start, u):  # type: ignore[no-untyped-def]
    """The first state whose cumulative probability exceeds u; state 0 if none does, as with argmax."""
    for state in range(len(start)):
        if start[state] > u:
            return state
    return 0


@placed
def _outcome(cumulative, here, action, u):  # type: ignore[no-untyped-def]
    """The first outcome of a step whose cumulative probability exceeds u; outcome 0 if none does."""
    chosen = 0
    for outcome in range(cumulative.shape[2] - 1, -1, -1):  # without a branch that the processor could mispredict
        chosen = where(cumulative[here, action, outcome] > u, outcome, chosen)
    return chosen


@inner
def _numpy_sum(x, count):  # type: ignore[no-untyped-def]
    """NumPy's sum of the first ``count`` numbers, up to 128.

    With eight numbers or more it adds eight partial sums in place, and so overwrites the first eight.
    """
    total, first = 0.0, 0
    if count >= 8:
        first = 8
        while first + 8 <= count:
            for k in range(8):
                x[k] += x[first + k]
            first += 8
        total = ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]))
    for i in range(first, count):
        total += x[i]
    return total


@placed
def _weigh(soft, tables, here, available, temperature, weights):  # type: ignore[no-untyped-def]
    """Unnormalised weights of the softmax, or of the uniform policy if soft = 0; exact at temperatures 0 and ∞.

    Returns the best value, the numbers of available actions and of maxima, and the sum of the weights.
    """
    best = _best(tables, 0, here, available)
    free, ties, total, lost = 0, 0, 0.0, 0.0
    for action in range(len(weights)):
        value, weight = tables[0, here, action], 0.0
        if available[here, action]:
            free += 1
            ties += value == best
            if soft == 0.0 or temperature == np.inf or value == best:
                weight = 1.0
            elif temperature > 0.0:
                weight = math.exp((value - best) / temperature)
        weights[action] = weight
        total, lost = add(total, lost, weight)
    return best, free, ties, total + lost


@placed
def _pick(weights, total, u):  # type: ignore[no-untyped-def]
    """The action at which the plain cumulative sum of the weights exceeds u times the total."""
    if COMPENSATES:
        total = 0.0
        for action in range(len(weights)):
            total += weights[action]
    goal, passed, last = u * total, 0.0, 0
    for action in range(len(weights)):
        last = where((weights[action] > 0.0) & (passed <= goal), action, last)
        passed += weights[action]
    return last


@placed
def _choose(mixture, tables, here, available, u, weights):  # type: ignore[no-untyped-def]
    """The action for a uniform, or −1 where the reference raises an error or computes in another way.

    Also returns a number, by which ``weights`` have to be divided to be the probabilities.
    """
    uniform, soft, greedy, temperature = mixture
    if soft > 0.0 and not (0.0 <= temperature <= LARGEST_TEMPERATURE or temperature == np.inf):
        return -1, 1.0
    best, free, ties, norm = _weigh(soft, tables, here, available, temperature, weights)
    if free == 0:
        return -1, 1.0
    if uniform == 0.0 and greedy == 0.0:
        return _pick(weights, norm, u), norm
    low, more, high = uniform / free, soft / norm, greedy / ties
    if soft == 0.0 and greedy == 0.0:
        low = 1.0
    elif soft == 0.0 and uniform == 0.0:
        high = 1.0
    total, lost = 0.0, 0.0
    for action in range(len(weights)):
        weight = more * weights[action]
        if available[here, action]:
            weight += low
            if tables[0, here, action] == best:
                weight += high
        weights[action] = weight
        total, lost = add(total, lost, weight)
    return _pick(weights, total + lost, u), total + lost


@placed
def _mean(tables, here, weights, total):  # type: ignore[no-untyped-def]
    """The expected value under the policy's probabilities ``weights / total``."""
    mean = 0.0
    for action in range(len(weights)):
        mean += tables[0, here, action] * (weights[action] / total)
    return mean


@placed
def _evaluated(tables, chosen, here, available, ties):  # type: ignore[no-untyped-def]
    """The mean, in the other of two tables, over the best actions of the chosen one."""
    count = _take_best(tables, chosen, here, available, ties)
    return _numpy_sum(ties, count) / count


@placed
def _take_best(tables, chosen, here, available, ties):  # type: ignore[no-untyped-def]
    """Write what the other table has for the best actions of the chosen one; returns their number.

    Separate from `_evaluated`, since Numba gives ``count`` the type of the literal 0 at first, and would compile
    `_numpy_sum` for that type, too.
    """
    best, count = _best(tables, chosen, here, available), 0
    for action in range(len(ties)):
        if available[here, action] and tables[chosen, here, action] == best:
            ties[count] = tables[3 - chosen, here, action]
            count += 1
    return count


def is_compiled(*, with_unit: bool) -> bool:
    """Whether `run_episodes` is compiled for rules whose temperatures have a unit, or for those without."""
    place = Rule._fields.index("unit")
    return any((str(rule[place]) != "none") == with_unit for _, rule, *_ in run_episodes.signatures)


@compiled
def run_episodes(world, rule, state, nature, deciding, learning, until, samples, places, rewards, losses):  # type: ignore[no-untyped-def]
    """Run until a step, or until all episodes are over; returns False where only the reference can go on.

    Args:
        world: A `World`, with room for a row more of available actions, as 1 or 0 ``(S + 1, A)``.
        rule: A `Rule`, known for all steps up to ``until``.
        state: A `State`, from which the run continues.
        nature: `pcg.Uniforms` of the environment's stream.
        deciding: `pcg.Uniforms` of the stream of decisions.
        learning: `pcg.Uniforms` of the learner's stream.
        until: The step at which to stop.
        samples: Filled with each episode's return, length, whether it terminated, and, with losses, its regret:
            ``(3, episodes)`` or ``(4, episodes)``.
        places: Filled with the first steps ``(n, 5)``: state, action, next state, terminated, truncated.
        rewards: Filled with the rewards of these steps ``(n,)``.
        losses: What each action loses ``(limit, S, A)``: `boltzmann_rl.planning.time_limits.gaps_of`; or empty.
    """
    cumulative, following, paid, ends, start, available, limit = world
    uniform, soft, greedy, temperatures, unit, logs, by_visits, untried_first, measures_noise = rule[:9]
    learner, learning_rates, discount = rule[9:]
    tables, tried, noise, visits, roots, now, running = state
    step, episode, here, action, elapsed = now
    total, lost, counts_regret = running[0], running[1], len(losses) > 0
    weights = np.empty(tables.shape[2])  # of a row's actions; also room for its gaps, and for the values of its ties
    nature, deciding, learning = pcg.flat_uniforms(nature), pcg.flat_uniforms(deciding), pcg.flat_uniforms(learning)
    held = flat(tables), flat(available), flat(weights)
    measure = Measure(unit, flat(logs), flat(roots), flat(noise), held[0], held[1], held[2])
    looks_ahead = learner in (SARSA, EXPECTED_SARSA)
    while step < until and episode < samples.shape[1]:
        if here < 0:
            here = _first(start, pcg.next_uniform(nature))
        if action < 0:
            clock = visits[here] if by_visits else step
            mixture, u = _mixed(uniform, soft, greedy, temperatures, clock), pcg.next_uniform(deciding)
            row = _row(untried_first, tried, available, here)
            mixture = measured(unit, mixture, measure, row, len(weights))
            action, _ = _choose(mixture, tables, row, available, u, weights)
            if action < 0:
                return False
        outcome = _outcome(cumulative, here, action, pcg.next_uniform(nature))
        there, reward = following[here, action, outcome], paid[here, action, outcome]
        if there < 0:
            return False
        if counts_regret:
            lost += losses[elapsed, here, action]
        elapsed += 1
        terminated, truncated = ends[here, action, outcome], elapsed >= limit
        visits[here] += 1
        # The next action; after a truncated step it is not taken, and drawn from the learner's stream.
        then, target, table = -1, reward, 0
        if looks_ahead and not terminated:
            clock = visits[there] if by_visits else step + 1
            u = pcg.next_uniform(learning) if truncated else pcg.next_uniform(deciding)
            mixture = _mixed(uniform, soft, greedy, temperatures, clock)
            row = _row(untried_first, tried, available, there)
            mixture = measured(unit, mixture, measure, row, len(weights))
            then, norm = _choose(mixture, tables, row, available, u, weights)
            if then < 0:
                return False
            after = tables[0, there, then] if learner == SARSA else _mean(tables, there, weights, norm)
            target += discount * after
        elif learner == DOUBLE_Q_LEARNING:
            table = 1 if pcg.next_uniform(learning) < 0.5 else 2
            if not terminated:
                target += discount * _evaluated(tables, table, there, available, weights)
        elif not terminated:
            target += discount * _best(tables, 0, there, available)
        value = tables[table, here, action]
        if measures_noise:
            error = target - value
            if learner == DOUBLE_Q_LEARNING:  # that of Q-learning, on the mean of the two tables
                ahead = 0.0 if terminated else discount * _best(tables, 0, there, available)
                error = reward + ahead - tables[0, here, action]
            noise[0] += error * error
            noise[1] += 1.0
        tried[here, action] = True
        value += _at(learning_rates, step) * (target - value)
        if not abs(value) <= LARGEST:
            return False
        tables[table, here, action] = value
        if learner == DOUBLE_Q_LEARNING:
            tables[0, here, action] = 0.5 * (tables[1, here, action] + tables[2, here, action])
        if step < len(rewards):
            places[step, 0], places[step, 1], places[step, 2] = here, action, there
            places[step, 3], places[step, 4], rewards[step] = terminated, truncated, reward
        total += reward
        step += 1
        here, action = there, then
        if terminated or truncated:
            samples[0, episode], samples[1, episode], samples[2, episode] = total, elapsed, terminated
            if counts_regret:
                samples[3, episode] = lost
            episode, here, action, elapsed, total, lost = episode + 1, -1, -1, 0, 0.0, 0.0
    now[0], now[1], now[2], now[3], now[4] = step, episode, here, action, elapsed
    running[0], running[1] = total, lost
    return True
