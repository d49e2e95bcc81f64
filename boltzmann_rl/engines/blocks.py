"""Blocks of runs: their size and their results."""

from typing import NamedTuple

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.moments import Moments

# Runs that are simulated together. Random numbers are always drawn for a full block, so that a run's numbers do not
# depend on the number of runs beside it.
BLOCK = 1000


class Block(NamedTuple):
    """The results of one block of runs: moments per metric and step, and totals per run."""

    curves: dict[str, Moments]
    totals: dict[str, Floats]
