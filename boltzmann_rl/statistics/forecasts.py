"""How many more runs would decide, and with what chance, judged by the runs so far."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.statistics.intervals import Spread, spread_of
from boltzmann_rl.statistics.stopping import decisions, looks


class Forecast(NamedTuple):
    """The chances of a decision.

    Attributes:
        runs: ``(looks,)``, runs in all, at every look still to come.
        first: ``(looks,)``, the chance that by then the first is ahead.
        second: ``(looks,)``, that the second is.
        same: ``(looks,)``, that no difference matters.
    """

    runs: NDArray[np.intp]
    first: Floats
    second: Floats
    same: Floats

    @property
    def chance(self) -> Floats:
        """The chance of any decision by then."""
        return self.first + self.second + self.same

    def runs_for(self, chance: float) -> int | None:
        """The least runs in all that decide with this chance; None if no look in sight does.

        Example:
            >>> differences = np.random.default_rng(0).normal(0.4, 1.0, size=30)
            >>> forecast(differences, np.random.default_rng(0)).runs_for(0.5)
            94
        """
        enough = np.flatnonzero(self.chance >= chance)
        return int(self.runs[enough[0]]) if len(enough) else None


@np.errstate(all="ignore")
def forecast(
    differences: Floats,
    rng: np.random.Generator,
    *,
    alpha: float = 0.05,
    matters: float | None = None,
    at_most: int = 10_000,
    futures: int = 400,
) -> Forecast:
    """Continue the runs so far many times, and see when each continuation decides.

    Every continuation draws its runs from the differences so far, with weights of its own: Rubin's Bayesian bootstrap,
    so that the chances contain how little is known of the true mean. They assume that runs to come are like those seen.

    Args:
        differences: ``(runs,)``, first − second, at least two, undecided so far.
        rng: Draws one vector of weights a continuation, and multinomial counts for every look.
        alpha: As of `boltzmann_rl.statistics.stopping.decide`.
        matters: As there.
        at_most: Looks up to so many runs.
        futures: Continuations.

    Raises:
        ValueError: Fewer than two differences.

    Source: Rubin (1981), *Annals of Statistics* 9.
    """
    if len(differences) < 2:
        raise ValueError(f"a forecast needs at least two runs, got {len(differences)}")
    now, to_come = spread_of(differences), [look for look in looks(at_most) if look > len(differences)]
    shares = np.zeros((len(to_come), 3))
    if now.vary and np.isfinite(now.mean):
        scaled = (differences - now.mean) / now.sd
        powers = np.stack([scaled, scaled**2, scaled**3], axis=-1)
        weights = rng.dirichlet(np.ones(now.runs), size=futures)
        sums, runs, decided = np.tile(powers.sum(axis=0), (futures, 1)), now.runs, np.full(futures, np.nan)
        for row, look in enumerate(to_come):
            sums = sums + rng.multinomial(look - runs, weights) @ powers
            runs = look
            found = decisions(of_sums(sums, runs, now.mean, now.sd), alpha, matters)
            decided = np.where(np.isnan(decided), found, decided)
            shares[row] = [(decided == said).mean() for said in (1.0, -1.0, 0.0)]
    return Forecast(np.array(to_come, dtype=np.intp), *shares.T)


@np.errstate(all="ignore")
def of_sums(sums: Floats, runs: int, mean: Floats | float = 0.0, sd: Floats | float = 1.0) -> Spread:
    """The moments of samples of which only sums are known, ``(..., 3)``: of the powers 1 to 3 of (sample − mean)/sd.

    Accurate if ``mean`` and ``sd`` are near those of the samples.
    """
    first, second, third = np.moveaxis(sums, -1, 0) / runs
    square = np.maximum(second - first**2, 0.0)
    own = np.sqrt(square * runs / (runs - 1.0))
    vary = square > 1e-12
    skewness = (third - 3.0 * first * second + 2.0 * first**3) / own**3 * runs**2 / ((runs - 1.0) * (runs - 2.0))
    skewness = np.where(vary, skewness, 0.0)
    return Spread(runs, mean + sd * first, sd * own, skewness, vary, np.zeros(vary.shape, dtype=bool))
