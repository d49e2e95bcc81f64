"""Parameter studies: the mean over whole runs against the parameter, one line for each family."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from boltzmann_rl.engines.metrics import Metric, measures_of
from boltzmann_rl.figures.panels import caption, finish, line_with_band
from boltzmann_rl.figures.style import Drawing, label_lines, short, styled


def plot_study(summary: pd.DataFrame, axis: str, study: Mapping[str, Any]) -> Figure:
    """The means of a parameter study, one panel for each metric, with the problems below each other.

    Args:
        summary: The table `Results.summary`.
        axis: The axis of the experiment: ``"step"`` or ``"episode"``.
        study: The family and the parameter of each agent, by its label.

    Returns:
        A Matplotlib figure, as `boltzmann_rl.figures.curves.plot_curves`.
    """
    measures, problems = measures_of(axis), list(summary["problem"].unique())
    with styled():
        figure = Drawing(figsize=(7.0, 2.2 * len(problems) + 0.3), layout="constrained")
        axes = figure.subplots(len(problems), 2, squeeze=False)
        for row, problem in enumerate(problems):
            here = summary[summary["problem"] == problem].set_index("agent")
            for ax, name in zip(axes[row], measures.study, strict=True):
                metric = measures[name]
                title = f"{short(problem)}: {metric.of_run}" if len(problems) > 1 else metric.of_run
                _draw(ax, here, study, metric, title)
            label_lines(axes[row, -1])
        caption(figure, summary)
    return figure


def _draw(ax: Axes, summary: pd.DataFrame, study: Mapping[str, Any], metric: Metric, title: str) -> None:
    for index, family in enumerate(dict.fromkeys(family for family, _ in study.values())):
        points = sorted((parameter, label) for label, (name, parameter) in study.items() if name == family)
        means = summary.loc[[label for _, label in points]]
        columns = means[metric.name], means[f"{metric.name}_low"], means[f"{metric.name}_high"]
        line_with_band(ax, [parameter for parameter, _ in points], *columns, index, family)
    finish(ax, metric, title)
    for line in ax.get_lines():
        line.set_marker("o")
        line.set_markersize(2.5)
        line.set_clip_on(False)
    ax.set_xscale("log", base=2)
    ax.set_xlabel("parameter")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}" if x >= 1 else f"1/{1 / x:g}"))
    ax.tick_params(axis="x", labelsize=7)
