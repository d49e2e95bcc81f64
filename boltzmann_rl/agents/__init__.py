"""Agents: a learner and a policy side by side, and the published ones that have names."""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
