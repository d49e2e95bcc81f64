"""Records: what an experiment showed, as tidy tables and as a folder that is found again."""

from boltzmann_rl.results.results import Results, load, run
from boltzmann_rl.storage.atomic import write

__all__ = ["Results", "load", "run", "write"]
