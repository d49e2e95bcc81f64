"""Animations of one run: a bandit's estimates, probabilities and pulls, or the values and arrows of a grid world."""

from boltzmann_rl.animations.animation import Animation, animate

__all__ = ["Animation", "animate"]
