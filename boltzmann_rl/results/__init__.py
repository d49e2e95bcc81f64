"""Results: what an experiment showed, as tidy tables and as a folder that is found again."""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
