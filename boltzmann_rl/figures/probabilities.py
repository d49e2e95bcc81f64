"""The probability of an action against its value."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.arguments import Floats, as_finite, as_integer, as_sequence
from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.figures.axes import figure_of, panel, size_of
from boltzmann_rl.figures.labels import as_written
from boltzmann_rl.figures.legends import label_ends, legend_inside
from boltzmann_rl.figures.looks import looks_of
from boltzmann_rl.figures.panels import Band, line_with_band, note
from boltzmann_rl.figures.policies import LARGEST, as_row, family_of, named, probabilities_in
from boltzmann_rl.protocols import Policy

# Values that the axis lists one by one, at most.
_LISTED = 4


@suggesting
def plot_probabilities(
    policies: Policy | Mapping[str, Policy],
    values: Any,
    action: int = 0,
    *,
    over: tuple[float, float] | None = None,
    step: Any = None,
    ax: Axes | None = None,
) -> Figure:
    """The probability of one action against its value, a line for each policy; the other values stay as they are.

    With two actions, the line of `Boltzmann` is a sigmoid: 1 / (1 + exp(−gap / temperature)). Grey vertical lines are
    at the values of the other actions.

    Args:
        policies: A policy, or a mapping of labels to policies. Those of one class have one hue.
        values: Action values ``(A,)``, at least two; −inf for an action that is not available.
        action: The index of the action whose value is moved, 0 to A − 1.
        over: The lowest and the highest value of that action; default: the range of ``values``, extended on both sides
            by its width.
        step: Decisions made so far, ≥ 0, for policies that depend on it. For a policy that counts pulls, also a number
            of pulls for each action ``(A,)``.
        ax: Axes of your own, such as those of ``plt.subplots()``; default: a new figure.

    Returns:
        The figure, which pyplot knows.

    Raises:
        TypeError: Something that is not a policy, a policy that needs its learner's memory, no ``step`` for a policy
            that depends on it.
        ValueError: Values of another shape, NaN or beyond ±1e300; no other action available; ``over`` without width; a
            policy with a parameter for each row.

    Example:
        >>> from boltzmann_rl import Boltzmann, EpsilonGreedy
        >>> policies = {"ε = 0.1": EpsilonGreedy(0.1), "τ = 0.2": Boltzmann(0.2), "τ = 1": Boltzmann(1.0)}
        >>> figure = plot_probabilities(policies, values=[0.0, 1.0])
        >>> figure.savefig("probabilities.png")  # doctest: +SKIP
    """
    shown, row = named(policies), as_row(values)
    action = as_integer(action, "action", maximum=len(row) - 1)
    others = np.delete(row, action)
    others = others[np.isfinite(others)]
    if not len(others):
        raise ValueError(f"values must have another available action beside action {action}, got {row.tolist()}")
    with np.errstate(under="ignore"):
        x = _moved(row, others, over)
    rows = np.tile(row, (len(x), 1))
    rows[:, action] = x
    found = {label: probabilities_in(each, rows, step, f"policies[{label!r}]") for label, each in shown.items()}
    looks = looks_of({label: family_of(policy) for label, policy in shown.items()})
    with panel(ax, size_of(len(shown))) as here:
        here.set(xlim=(x[0], x[-1]), ylim=(-0.02, 1.02), ylabel="probability")
        here.set_xlabel(f"value of action {action}")
        note(here, [f"grey: {_listed(others)}"])
        here.vlines(others, 0.0, 1.0, colors="0.8", linewidths=0.6, transform=here.get_xaxis_transform(), zorder=0)
        for label, p in found.items():
            line_with_band(here, Band(x, p[:, action], *[np.full(len(x), np.nan)] * 2), looks[label])
        if len(shown) == 1:
            as_written(here.set_title(visible(textwrap.fill(next(iter(shown)), 60), "\n"), fontsize="small"))
        else:
            (label_ends if ax is None else legend_inside)(here, [*looks.values()])
    return figure_of(here)


def _moved(row: Floats, others: Floats, over: Any) -> Floats:
    """The values that the action takes in turn, with those just below, at and just above the other values."""
    if over is None:
        finite = row[np.isfinite(row)]
        width = float(np.ptp(finite)) or max(1.0, 1e-6 * float(np.abs(finite).max()))
        low, high = float(finite.min()) - width, float(finite.max()) + width
    else:
        ends = as_sequence(over, "over", "the lowest and the highest value")
        if len(ends) != 2:
            raise ValueError(f"over must be the lowest and the highest value, got {over!r}")
        low, high = (as_finite(end, f"over[{k}]", minimum=-LARGEST, maximum=LARGEST) for k, end in enumerate(ends))
    if not low < high:
        raise ValueError(f"over must go from a lower to a higher value, got ({low:g}, {high:g})")
    near = np.concatenate([np.nextafter(others, -np.inf), others, np.nextafter(others, np.inf)])
    return np.unique(np.concatenate([np.linspace(low, high, 501), near[(near > low) & (near < high)]]))


def _listed(others: Floats) -> str:
    """The values of the other actions, in words."""
    if len(others) <= _LISTED:
        *first, last = (f"{value:g}" for value in others)
        return f"the other{'s' * bool(first)} at {', '.join(first)}{' and ' * bool(first)}{last}"
    return f"{len(others)} others from {others.min():g} to {others.max():g}"
