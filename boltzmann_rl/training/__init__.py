"""Training: an agent that acts and learns in an environment or a vector of them."""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
