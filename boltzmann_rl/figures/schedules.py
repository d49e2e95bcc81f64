"""Figures of schedules."""

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.figures.families import Family
from boltzmann_rl.figures.labels import as_written
from boltzmann_rl.figures.legends import label_ends
from boltzmann_rl.figures.looks import looks_of
from boltzmann_rl.figures.panels import Band, line_with_band, steps_axis
from boltzmann_rl.figures.style import SMALL, Drawing, known_to_pyplot, styled
from boltzmann_rl.protocols import Parameter
from boltzmann_rl.schedules import evaluate


@suggesting
def plot_schedule(schedule: Parameter | Mapping[str, Parameter], steps: int = 1000, *, label: str = "value") -> Figure:
    """One or several schedules over the first ``steps`` steps.

    Args:
        schedule: A number or a callable ``step -> value``, or a mapping of labels to these.
        steps: Number of steps to draw, ≥ 1.
        label: Label of the vertical axis.

    Example:
        >>> from boltzmann_rl.schedules import Cosine, Linear
        >>> figure = plot_schedule({"linear": Linear(1, 0, steps=500), "cosine": Cosine(1, 0, steps=500)})
        >>> figure.savefig("schedules.png")  # doctest: +SKIP
    """
    schedules = schedule if isinstance(schedule, Mapping) else {repr(schedule): schedule}
    at = np.unique(np.linspace(0, as_integer(steps, "steps", minimum=1), 501).round().astype(np.int64))
    looks = looks_of({name: Family(name) for name in schedules})
    with styled():
        figure = Drawing(figsize=(3.5 if len(schedules) == 1 else 5.0, 2.4), layout="constrained")
        ax = figure.subplots()
        steps_axis(ax, int(at[-1]), "step")
        values = {name: np.asarray(evaluate(each, at), np.float64) for name, each in schedules.items()}
        top = max((float(part[np.isfinite(part)].max(initial=0.0)) for part in values.values()), default=0.0)
        ax.set(ylabel=visible(label, "\n"), xlim=(0, at[-1]), ylim=(0, 1.05 * top or 1.0))
        as_written(ax.yaxis.label)
        for name, each in values.items():
            line_with_band(ax, Band(at.astype(np.float64), each, *[np.full(len(at), np.nan)] * 2), looks[name])
        if len(schedules) == 1:
            as_written(ax.set_title(visible(textwrap.fill(next(iter(schedules)), 60), "\n"), fontsize=SMALL))
        else:
            label_ends(ax, [*looks.values()])
    return known_to_pyplot(figure)
