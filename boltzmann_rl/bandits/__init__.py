"""Bandits: problems with one state, whose arms pay rewards."""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
