"""Parameter studies: the mean over whole runs against the parameter, one line for each family."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from boltzmann_rl.engines.metrics import Measures, Metric
from boltzmann_rl.figures.panels import caption, finish, line_with_band, titled
from boltzmann_rl.figures.style import Drawing, label_lines, styled


def plot_study(summary: pd.DataFrame, measures: Measures, study: Mapping[str, Any], confidence: float) -> Figure:
    """The means of a parameter study, one panel for each metric, with the problems below each other.

    Args:
        summary: The table `Results.summary`.
        measures: The metrics of the experiment.
        study: The family and the parameter of each agent, by its label.
        confidence: Of the intervals in the table.

    Returns:
        A Matplotlib figure, as `boltzmann_rl.figures.curves.plot_curves`.
    """
    problems = list(summary["problem"].unique())
    others = [agent for agent in summary["agent"].unique() if agent not in study]
    names = [*dict.fromkeys(family for family, _ in study.values()), *others]
    with styled():
        figure = Drawing(figsize=(7.0, 2.2 * len(problems) + 0.3), layout="constrained")
        axes = figure.subplots(len(problems), 2, squeeze=False)
        for row, problem in enumerate(problems):
            here = summary[summary["problem"] == problem].set_index("agent")
            for ax, name in zip(axes[row], measures.study, strict=True):
                metric = measures[name]
                title = titled(problem, metric.of_run, len(problems) > 1)
                _draw(ax, here, study, names, metric, title)
            label_lines(axes[row, -1])
        caption(figure, summary, confidence)
    return figure


def _draw(
    ax: Axes, summary: pd.DataFrame, study: Mapping[str, Any], names: Sequence[str], metric: Metric, title: str
) -> None:
    everywhere = sorted({parameter for _, parameter in study.values()})
    for index, name in enumerate(names):
        points = sorted((value, label) for label, (family, value) in study.items() if family == name)
        points = [point for point in points if point[1] in summary.index]
        if name in summary.index and name not in study:  # an agent without the parameter is the same everywhere
            points = [(value, name) for value in everywhere]
        if not points:
            continue
        means = summary.loc[[label for _, label in points]]
        columns = means[metric.name], means[f"{metric.name}_low"], means[f"{metric.name}_high"]
        line_with_band(ax, [value for value, _ in points], *columns, index, name)
    finish(ax, metric, title)
    for line in ax.get_lines():
        line.set_marker("o")
        line.set_markersize(2.5)
        line.set_clip_on(False)
    ax.set_xlabel("parameter")
    if everywhere[0] > 0.0:
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}" if x >= 1 else f"1/{1 / x:g}"))
    ax.tick_params(axis="x", labelsize=7)
