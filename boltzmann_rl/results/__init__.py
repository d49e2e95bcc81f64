"""Results of experiments, as tidy tables and as folders that can be loaded again."""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
