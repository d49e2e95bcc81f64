"""The view of a figure: which agents, metrics and problems it shows, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.figures.labels import shortened
from boltzmann_rl.figures.looks import Look


@dataclass(frozen=True)
class View:
    """What a figure shows, and how.

    Attributes:
        looks: The look of each agent, in the order in which they are drawn.
        metrics: One panel each.
        problems: By their labels.
        axis: The horizontal axis of curves, ``"step"`` or ``"episode"``.
        confidence: Of the intervals in the tables.
        log: The logarithmic axes: ``""``, ``"x"``, ``"y"`` or ``"xy"``.
        ax: Axes of the user's own, for one metric on one problem; None for a new figure.
        labels: What to write instead of the labels of problems, typeset by Matplotlib.
        panels: ``"agents"`` for small multiples, one panel for each agent with the others in grey behind; else ``""``.
        focus: The agent that stands out in a panel of small multiples; ``""`` in other panels.
        legend: Whether the lines are labelled.
        width: Of a new figure, in inches; None for a usual one.
    """

    looks: Mapping[str, Look]
    metrics: tuple[Metric, ...]
    problems: tuple[str, ...]
    axis: str
    confidence: float
    log: str = ""
    ax: Axes | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    panels: str = ""
    focus: str = ""
    width: float | None = None
    legend: bool = True

    @property
    def figure(self) -> Figure:
        """The figure of the user's axes."""
        figure: Any = self.ax.get_figure(root=True) if self.ax is not None else None
        return figure

    def with_log(self, log: str) -> "View":
        """The same with other logarithmic axes."""
        return replace(self, log=log)

    def focused(self, agent: str) -> "View":
        """The same with one agent in its own look, drawn last, and the others in light grey."""
        others = {label: look.faded() for label, look in self.looks.items() if label != agent}
        return replace(self, looks={**others, agent: self.looks[agent]}, focus=agent)

    def problem(self, label: str) -> str:
        """What is written for a problem."""
        return self.labels.get(label, shortened(self.problems)[label])

    def part(self, table: pd.DataFrame, problem: str, metric: str) -> pd.DataFrame:
        """The rows of one metric on one problem, of the agents that are shown."""
        here = (table["problem"] == problem) & (table["metric"] == metric) & table["agent"].isin([*self.looks])
        return table[here]
