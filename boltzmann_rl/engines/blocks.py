"""Blocks of runs: their size and their results."""

from typing import NamedTuple

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.moments import Moments

# Runs that are simulated together. Random numbers are always drawn for a full block, so that a run's numbers do not
# depend on the number of runs beside it.
BLOCK = 1000


class Block(NamedTuple):
    """The results of a range of runs.

    Attributes:
        curves: For each metric the moments over the runs, at each step or episode.
        totals: For the metrics in `Measures.kept` the sum over each run ``(runs,)``.
        windows: For the metrics in `Measures.windowed` the mean over each window of each run ``(runs, windows)``:
            window w of W covers the steps from w·length // W up to, not including, (w + 1)·length // W.
        ranks: For a bandit, at each step in `points_of`, the mean over the runs of the policy's probability of the best
            arm, of the second best, … ``(points, arms)``, by the arms' means at that step; among equal means the arm
            with the lower number comes first. For an environment empty, ``(0, 0)``.
    """

    curves: dict[str, Moments]
    totals: dict[str, Floats]
    windows: dict[str, Floats]
    ranks: Floats
