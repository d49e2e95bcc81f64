"""Figures of schedules."""

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.figures.style import Drawing, known_to_pyplot, label_lines, line_style, short, styled
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
    with styled():
        figure = Drawing(figsize=(3.5 if len(schedules) == 1 else 5.0, 2.4), layout="constrained")
        ax = figure.subplots()
        for index, (name, each) in enumerate(schedules.items()):
            ax.plot(at, evaluate(each, at), **line_style(index), label=short(name))
        ax.set(xlabel="step", ylabel=visible(label, "\n"), ylim=(0, None))
        ax.margins(x=0)
        if len(schedules) == 1:
            ax.set_title(visible(textwrap.fill(next(iter(schedules)), 60), "\n"), fontsize=7)
        else:
            label_lines(ax)
    return known_to_pyplot(figure)
