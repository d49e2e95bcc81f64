"""Blocks of runs: what is left of them, and how many runs one holds."""

from typing import NamedTuple

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.moments import Moments

__all__ = ["BLOCK", "Block"]


# Runs in lock-step. Streams are always read for the full width, so that a run's numbers do not depend on how many
# runs there are beside it.
BLOCK = 1000


class Block(NamedTuple):
    """What is left of one block of runs: moments per metric and step, and totals per run."""

    curves: dict[str, Moments]
    totals: dict[str, Floats]
