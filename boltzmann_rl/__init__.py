"""Exact Boltzmann (softmax) exploration with temperature schedules, for bandits and Gymnasium agents.

Every public name is imported when it is first asked for; the stub beside this file lists them.
"""

from boltzmann_rl.kernels import began as _began  # noqa: F401 - before all others
from boltzmann_rl.lazy import public as _public

__version__ = "0.1.0"

__all__, __getattr__, __dir__ = _public(__name__)
