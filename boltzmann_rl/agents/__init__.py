"""Agents: pairs of a learner and a policy, and named agents from the literature."""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
