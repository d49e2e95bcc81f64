"""What is measured, and how figures show it."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    pass

__all__ = []


class _Panel(NamedTuple):
    metric: str
    title: str
    unit: str
    scale: str = "linear"


PANELS = {
    "step": (
        _Panel("expected_reward", "Expected reward", "reward per step"),
        _Panel("best_action", "Best action chosen", "share of runs", "share"),
        _Panel("cumulative_regret", "Regret so far", "reward"),
        _Panel("effective_actions", "Effective actions, exp(entropy)", "actions"),
    ),
    "episode": (
        _Panel("smoothed_return", "Return, mean of last 10 episodes", "reward per episode", "late"),
        _Panel("length", "Length of the episode", "steps", "log"),
    ),
}


STUDY_PANELS = {
    "step": (
        _Panel("reward", "Mean reward over the run", "reward per step"),
        _Panel("best_action", "Best action chosen", "share of steps", "share"),
    ),
    "episode": (
        _Panel("return", "Mean return over the run", "reward per episode"),
        _Panel("length", "Mean length of an episode", "steps"),
    ),
}
