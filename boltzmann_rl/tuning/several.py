"""Several parameters at once: Optuna's sampler proposes candidates, and the best of them are halved."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.statistics.halving import Ask, Search, Steps, halved
from boltzmann_rl.tuning.space import Grid

# Candidates that are proposed, and how many at a time; their part of the budget; how many of the best share the rest.
TRIALS, _TOGETHER, _PROPOSING, _BEST = 40, 4, 0.6, 8


def sampled(grids: Sequence[Grid], values: list[tuple[Any, ...]], budget: int, seed: int) -> Steps:
    """The best of the candidates that a tree-structured Parzen estimator proposes.

    Args:
        grids: Of the parameters.
        values: Gets the values of each candidate.
        budget: Runs of all candidates together.
        seed: Of the sampler.

    Source: Bergstra et al. (2011), *Algorithms for Hyper-Parameter Optimization*.
    """
    optuna = _optuna(grids)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    runs = int(_PROPOSING * budget) // TRIALS
    first: list[Floats] = []
    while len(first) < TRIALS:
        trials = [study.ask() for _ in range(_TOGETHER)]
        values += [tuple(_proposed(trial, grid) for grid in grids) for trial in trials]
        answer = yield Ask(tuple(range(len(first), len(values))), 0, runs)
        for trial, losses in zip(trials, answer, strict=True):
            if np.isfinite(losses).all():
                study.tell(trial, float(losses.mean()))
            else:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            first.append(losses)
    means = np.array([losses.mean() for losses in first])
    best = sorted(np.argsort(np.where(np.isfinite(means), means, np.inf), kind="stable")[:_BEST].tolist())
    rest = yield from _later(halved(best, budget - TRIALS * runs))
    nothing = np.empty(0)
    together = {one: np.concatenate([losses, rest.losses.get(one, nothing)]) for one, losses in enumerate(first)}
    return Search(rest.chosen, (runs, *rest.rounds), together)


def _later(steps: Steps) -> Steps:
    """A search whose rounds are counted from 1."""
    ask = next(steps)
    while True:
        answer = yield ask._replace(round=ask.round + 1)
        try:
            ask = steps.send(answer)
        except StopIteration as stop:
            found: Search = stop.value
            return found


def _optuna(grids: Sequence[Grid]) -> Any:
    """Optuna, without its own messages."""
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"several parameters of one agent, {', '.join(grid.path for grid in grids)}, are tuned by Optuna, which is "
            "not installed: pip install 'boltzmann-rl[optuna]', or tune one of them at a time"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _proposed(trial: Any, grid: Grid) -> Any:
    """A value of a parameter: of the range, or of the list."""
    if grid.ends is None:
        return grid.values[trial.suggest_categorical(grid.path, range(len(grid.values)))]
    low, high = grid.ends
    if type(grid.values[0]) is int:
        return trial.suggest_int(grid.path, int(low), int(high), log=low > 0)
    return min(max(float(f"{trial.suggest_float(grid.path, low, high, log=low > 0.0):.4g}"), low), high)
