"""Probabilities of three actions, on the simplex: a triangle whose corners are the actions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Annotation
from matplotlib.ticker import Formatter

from boltzmann_rl.arguments import Floats, as_number, shown
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.figures.axes import figure_of, panel
from boltzmann_rl.figures.families import Family
from boltzmann_rl.figures.legends import legend_at_foot, legend_below
from boltzmann_rl.figures.looks import Look, looks_of
from boltzmann_rl.figures.policies import as_row, family_of, named, probabilities_in
from boltzmann_rl.figures.simplex_labels import CORNERS, Labels, Trace, marked, number
from boltzmann_rl.numerics import effective_actions
from boltzmann_rl.protocols import Policy

# Effective numbers of actions whose contours are drawn.
_LEVELS = (1.5, 2.0, 2.5)
_CONTOURS = Look(f"{', '.join(f'{level:g}' for level in _LEVELS)} effective actions", False, "#b0b0b0", "-", "None")
_UNIFORM = Look("uniform", False, "#606060", "None", "P")
_CROSS: Any = {"marker": "+", "markersize": 13.0, "markeredgewidth": 0.9, "markeredgecolor": _UNIFORM.colour}

# The lower and the upper end of the vertical axis, and the width of the horizontal one.
_FOOT, _HEAD, _WIDTH = -0.03, 0.9, 1.2


@suggesting
def plot_simplex(
    policies: Policy | Mapping[str, Policy | Mapping[float, Policy]],
    values: Any,
    *,
    step: Any = None,
    ax: Axes | None = None,
) -> Figure:
    """The probabilities of three actions as points of a triangle, and as paths where a parameter changes.

    A point is the mean of the corners, weighted by the probabilities: a corner is certainty, the centre the uniform
    policy. Grey lines join points with the same number of effective actions, exp(entropy). A path joins its points by
    straight lines: give enough parameters to make it smooth. Some points are labelled by their parameter, those with
    few digits first.

    Args:
        policies: A policy, or a mapping of labels to policies. In place of a policy, a mapping of a parameter's values
            to policies is drawn as a path, as in a parameter study.
        values: Action values ``(3,)``; −inf for an action that is not available.
        step: Decisions made so far, ≥ 0, for policies that depend on it. For a policy that counts pulls, also a number
            of pulls for each action ``(3,)``.
        ax: Axes of your own, such as those of ``plt.subplots()``; default: a new figure.

    Returns:
        The figure, which pyplot knows.

    Raises:
        TypeError: Something that is not a policy, a policy that needs its learner's memory, no ``step`` for a policy
            that depends on it, a parameter that is not a number.
        ValueError: Values that are not three, NaN or beyond ±1e300; an empty mapping; a policy with a parameter for
            each row.

    Example:
        >>> from boltzmann_rl import Boltzmann, EpsilonGreedy
        >>> paths = {
        ...     "Boltzmann, τ": {t: Boltzmann(t) for t in np.geomspace(0.05, 20, 60)},
        ...     "ε-greedy, ε": {e: EpsilonGreedy(e) for e in (0.0, 0.25, 0.5, 0.75, 1.0)},
        ... }
        >>> figure = plot_simplex(paths, values=[0.0, 0.5, 1.0])
        >>> figure.savefig("simplex.png")  # doctest: +SKIP
    """
    given, row = _named(policies), as_row(values, 3)
    paths = {label: _path(label, entry, row, step) for label, entry in given.items()}
    looks = looks_of({label: _family(label, entry) for label, entry in given.items()})
    legend = [*(_with_range(looks[label], path) for label, path in paths.items()), _UNIFORM, _CONTOURS]
    with panel(ax, (3.5, 2.7 + 0.14 * len(legend))) as here:
        contours, corners = _draw_contours(here), _draw_triangle(here, row)
        for label, path in paths.items():
            line = here.plot(*path.places.T, **looks[label].line, linewidth=1.3, clip_on=False, label=label)[0]
            line.set_markevery(marked(path))
        if ax is None:
            legend_below(figure_of(here), legend)
        else:
            _make_room(here, legend_at_foot(here, legend), max(corner.get_window_extent().height for corner in corners))
        labels = Labels(here, [*paths.values()], corners, contours)
        for label, path in paths.items():
            labels.of_path(path, looks[label].ink)
        labels.of_contours()
    return figure_of(here)


def on_simplex(probabilities: Any) -> Floats:
    """The points ``(..., 2)`` of probabilities ``(..., 3)``.

    Example:
        >>> on_simplex([0.5, 0.5, 0.0])
        array([0.5, 0. ])
    """
    return np.asarray(probabilities, dtype=np.float64) @ CORNERS


def _named(policies: Any) -> dict[str, Any]:
    """Policies and paths of them by their labels, checked."""
    given = named(policies)
    for label, entry in given.items():
        if isinstance(entry, Mapping):
            if not entry:
                raise ValueError(f"policies[{shown(label)}] must have at least one policy, got an empty mapping")
            for parameter in entry:
                as_number(parameter, f"the parameter of policies[{shown(label)}]")
    return given


def _family(label: str, entry: Any) -> Family:
    if not isinstance(entry, Mapping):
        return family_of(entry)
    return Family(label, family_of(next(iter(entry.values()))).rule)


def _path(label: str, entry: Any, row: Floats, step: Any) -> Trace:
    """The points of a policy, or of those along a parameter."""
    if not isinstance(entry, Mapping):
        return Trace(np.array([np.nan]), on_simplex(probabilities_in(entry, row[None], step, f"policies[{label!r}]")))
    ordered = sorted(entry.items(), key=lambda item: float(item[0]))
    each = [probabilities_in(one, row[None], step, f"policies[{label!r}][{at!r}]")[0] for at, one in ordered]
    return Trace(np.array([float(at) for at, _ in ordered]), on_simplex(np.array(each)))


def _with_range(look: Look, path: Trace) -> Look:
    """The look of a path, whose label says the ends of its parameter."""
    first, last = path.parameters[[0, -1]]
    return look if np.isnan(first) else look._replace(label=f"{look.label}: {number(first)} to {number(last)}")


def _draw_contours(ax: Axes) -> dict[str, Floats]:
    """Draw the lines with the same number of effective actions; their points ``(n, 2)`` by what is written on them."""
    first, second = (part.ravel() for part in np.meshgrid(*[np.linspace(0.0, 1.0, 121)] * 2))
    p = np.column_stack([first, second, 1.0 - first - second])[first + second <= 1.0 + 1e-9].clip(0.0)
    x, y = on_simplex(p).T
    settings: Any = {"levels": _LEVELS, "colors": _CONTOURS.colour, "linewidths": 0.6}
    drawn = ax.tricontour(x, y, effective_actions(p / p.sum(axis=1, keepdims=True)), **settings)
    return {f"{level:g}": np.asarray(path.vertices) for level, path in zip(_LEVELS, drawn.get_paths(), strict=True)}


def _draw_triangle(ax: Axes, row: Floats) -> list[Annotation]:
    """Draw the triangle and its centre; the actions with their values at the corners."""
    ax.set_axis_off()
    ax.set_aspect("equal")
    ax.set(xlim=(-0.1, _WIDTH - 0.1), ylim=(_FOOT, _HEAD))
    ax.plot(*CORNERS[[0, 1, 2, 0]].T, color="0.3", linewidth=0.8)
    ax.plot(*on_simplex(np.full(3, 1 / 3)), **{**_UNIFORM.line, **_CROSS})  # seen around the end of a path
    values = ["not available" if value == -np.inf else f"value {Formatter.fix_minus(f'{value:g}')}" for value in row]
    return [
        ax.annotate(f"action {action}\n{value}", tuple(CORNERS[action]), (0, -6 if action < 2 else 6),
                    textcoords="offset points", ha="center", va="top" if action < 2 else "bottom", fontsize="small")
        for action, value in enumerate(values)
    ]  # fmt: skip


def _make_room(ax: Axes, legend: Legend, corner: float) -> None:
    """Extend axes of the user by the legend: downwards, or to the right where that leaves the triangle larger."""
    figure: Any = figure_of(ax)
    figure.draw_without_rendering()
    box, taken = ax.get_position(original=True).transformed(figure.transSubfigure), legend.get_window_extent()
    high, below = _HEAD - _FOOT, taken.height + 1.5 * corner
    foot = min(box.width / _WIDTH, (box.height - below) / high)
    side = min((box.width - taken.width) / _WIDTH, box.height / high)
    if side > foot > 0.0 or foot <= 0.0 < side:
        ax.set_xlim(-0.1, _WIDTH - 0.1 + taken.width / side)
        legend.set_loc("center right")
    else:
        scale = max(foot, 0.25 * box.height / high)
        ax.set_ylim(_FOOT - below / scale, _HEAD)
