"""The best of many candidates with few runs: successive halving, then a curve around the leader.

All candidates of a round have the same runs, so that they are compared run by run. A search knows nothing of agents:
it is a generator that asks for losses, seeks the candidate with the least mean, and returns what it found.
"""

import math
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.statistics.kriging import LEAST_POINTS, fitted_curve

# The part of the budget that finds the leader; the rest goes to the leader and its neighbours.
HALVING = 0.3

# A budget has at least this number of runs for each candidate of the first round.
LEAST = 20


class Ask(NamedTuple):
    """A question for the losses ``(candidates, runs)`` of some candidates in the runs of a round.

    Attributes:
        candidates: Their numbers.
        round: The number of the round, from 0. All candidates have the same runs in a round, whenever it asks for them.
        runs: Runs of the round.
    """

    candidates: tuple[int, ...]
    round: int
    runs: int


class Search(NamedTuple):
    """What was found.

    Attributes:
        chosen: The candidate with the least expected loss, by its number.
        rounds: Runs of each round.
        losses: The losses of each candidate ``(runs,)`` in all rounds in which it took part: the first ones, so that
            the runs of one candidate are the first of those of another.
    """

    chosen: int
    rounds: tuple[int, ...]
    losses: dict[int, Floats]

    @property
    def runs(self) -> int:
        """Runs of all candidates together."""
        return sum(len(losses) for losses in self.losses.values())

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last candidate around the chosen one between which none has a loss that is not finite."""
        failed = [one for one, losses in self.losses.items() if not np.isfinite(losses).all()]
        below = max((one for one in failed if one < self.chosen), default=-math.inf)
        above = min((one for one in failed if one > self.chosen), default=math.inf)
        between = [one for one in self.losses if below < one < above]
        return min(between), max(between)


Steps = Generator[Ask, Floats, Search]


def searched(steps: Steps, losses: Callable[[Ask], Floats]) -> Search:
    """What a search finds when a function answers its questions.

    Example:
        >>> searched(halved(range(8), budget=320), lambda ask: np.ones((len(ask.candidates), ask.runs))).chosen
        0
    """
    ask = next(steps)
    while True:
        try:
            ask = steps.send(losses(ask))
        except StopIteration as stop:
            found: Search = stop.value
            return found


def halved(candidates: Iterable[int], budget: int) -> Steps:
    """The best candidate by successive halving: each round takes an equal part of the budget, and the better half stay.

    Of two candidates with equal means the earlier one stays; those whose mean is not finite are dropped first.

    Args:
        candidates: Their numbers, at least one.
        budget: Runs of all candidates together, at least `LEAST` for each.

    Raises:
        ValueError: The budget is too small.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> def losses(ask):
        ...     return np.abs(np.array(ask.candidates) - 5.2)[:, np.newaxis] + rng.normal(size=ask.runs)
        >>> searched(halved(range(8), budget=3000), losses).chosen
        5

    Source: Karnin, Koren & Somekh (2013), *Almost Optimal Exploration in Multi-Armed Bandits*; Jamieson & Talwalkar
    (2016), *Non-stochastic Best Arm Identification and Hyperparameter Optimization*.
    """
    alive = list(candidates)
    tries = _Tries(alive, budget)
    leader = yield from tries.halve(alive, budget, until=1)
    return tries.found(leader)


def refined(x: Floats, coarse: Sequence[int], budget: int) -> Steps:
    """The best point of a fine grid: halving on some of its points, then a curve that is fitted to all losses.

    Halving takes `HALVING` of the budget. The rest goes to the leader and the two points beside it, which get equally
    many runs. Between these two, the least point of the curve of `boltzmann_rl.statistics.kriging` is chosen.

    Args:
        x: ``(points,)``, the grid, ascending: logarithms of a parameter, for example.
        coarse: The points of the grid with which to begin, ascending, at least three.
        budget: As in `halved`.

    Raises:
        ValueError: The budget is too small.

    Example:
        >>> rng, x = np.random.default_rng(0), np.log(np.geomspace(0.01, 10.0, 121))
        >>> def losses(ask):
        ...     means = (x[list(ask.candidates)] - np.log(0.2)) ** 2
        ...     return means[:, np.newaxis] + rng.normal(size=(len(means), ask.runs))
        >>> float(np.exp(x[searched(refined(x, range(0, 121, 8), budget=10_000), losses).chosen]).round(2))
        0.2

    Source: common random numbers with response surfaces: Schruben & Margolin (1978), *Journal of the American
    Statistical Association* 73. ``docs/tuning.md`` measures both parts together.
    """
    tries = _Tries(coarse, budget)
    leader = yield from tries.halve(list(coarse), math.floor(HALVING * budget), until=2)
    place = min(max(list(coarse).index(leader), 1), len(coarse) - 2)
    beside = [coarse[place + step] for step in (-1, 0, 1)]
    yield from tries.fill(beside)
    means = yield from tries.round(beside, (budget - tries.runs) // 3)
    found = tries.found(beside[int(np.argmin(means))])
    finite = [one for one, values in found.losses.items() if np.isfinite(values).all()]
    if len(finite) < LEAST_POINTS:
        return found
    first, last = found.span
    between = np.arange(max(first, beside[0]), min(last, beside[2]) + 1)
    curve = fitted_curve(x[finite], [found.losses[one] for one in finite], x[between])
    return found._replace(chosen=int(between[np.argmin(curve.mean)]))


class _Tries:
    """The rounds so far, and the losses of each candidate in them."""

    def __init__(self, candidates: Sequence[int], budget: int) -> None:
        if budget < LEAST * len(candidates):
            raise ValueError(
                f"budget must be at least {LEAST * len(candidates):,} runs, {LEAST} for each of {len(candidates)} "
                f"candidates, got {budget:,}"
            )
        self._rounds: list[int] = []
        self._parts: dict[int, list[Floats]] = {}

    @property
    def runs(self) -> int:
        return sum(self._rounds[n] for parts in self._parts.values() for n in range(len(parts)))

    def halve(self, alive: list[int], budget: int, until: int) -> Generator[Ask, Floats, int]:
        """Rounds of equal cost until at most ``until`` candidates are left; the best of them."""
        sizes = [len(alive)]
        while sizes[-1] > max(until, 2):
            sizes.append((sizes[-1] + 1) // 2)
        sizes = sizes if until == 1 or len(sizes) == 1 else sizes[:-1]
        for size in sizes:
            means = yield from self.round(alive, budget // (len(sizes) * size))
            order = np.argsort(means, kind="stable")
            best = alive[order[0]]
            alive = [alive[number] for number in sorted(order[: (size + 1) // 2])]
        return best

    def round(self, candidates: Sequence[int], runs: int) -> Generator[Ask, Floats, Floats]:
        """One more round of candidates that were in all earlier ones; their means over all rounds."""
        self._rounds.append(runs)
        yield from self._ask(candidates, len(self._rounds) - 1)
        means = np.array([np.concatenate(self._parts[one]).mean() for one in candidates])
        return np.where(np.isfinite(means), means, np.inf)

    def fill(self, candidates: Sequence[int]) -> Generator[Ask, Floats, None]:
        """Let candidates make up for the rounds that they missed."""
        for number in range(len(self._rounds)):
            missing = [one for one in candidates if len(self._parts.get(one, [])) <= number]
            if missing:
                yield from self._ask(missing, number)

    def found(self, chosen: int) -> Search:
        losses = {one: np.concatenate(parts) for one, parts in sorted(self._parts.items())}
        return Search(chosen, tuple(self._rounds), losses)

    def _ask(self, candidates: Sequence[int], number: int) -> Generator[Ask, Floats, None]:
        answer = yield Ask(tuple(candidates), number, self._rounds[number])
        for one, losses in zip(candidates, answer, strict=True):
            self._parts.setdefault(one, []).append(losses)
