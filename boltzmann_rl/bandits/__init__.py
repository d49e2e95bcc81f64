"""Bandits: problems with one state, where an action pulls an arm."""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
