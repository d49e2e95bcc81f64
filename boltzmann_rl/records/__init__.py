"""Records: what an experiment showed, as tidy tables and as a folder that is found again."""

from boltzmann_rl.records.files import write
from boltzmann_rl.records.results import Results, load, run

__all__ = ["Results", "load", "run", "write"]
