"""Choices: which metrics, agents and problems a figure shows, checked against the results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar

from boltzmann_rl.arguments import as_choice, as_finite, as_sequence, shown
from boltzmann_rl.arguments.labels import check_label
from boltzmann_rl.arguments.near_names import nearest
from boltzmann_rl.engines.metrics import Measures, Metric
from boltzmann_rl.figures.families import Family
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.statistics.levels import as_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from boltzmann_rl.figures.view import View

Some = str | Sequence[str] | None
Log = Literal["", "x", "y", "xy"]
Panels = Literal["", "agents"]
Runs = Literal["band", "lines"]
Part = TypeVar("Part")


class Asked(TypedDict, total=False):
    """What the user asks a figure to show: see `boltzmann_rl.results.results.Results.plot`."""

    metrics: Some
    agents: Some
    problems: Some
    labels: Mapping[str, str] | None
    ax: Axes | None
    log: Log
    confidence: float | None
    panels: Panels
    width: float | None
    legend: bool


def view_of(
    manifest: Mapping[str, Any],
    metrics: Mapping[str, Metric],
    usual: Sequence[str],
    problems: Sequence[str],
    families: Mapping[str, Family],
    asked: Asked,
) -> View:
    """The view that is asked for.

    Args:
        manifest: Of the results.
        metrics: Those that can be drawn, by name.
        usual: The names of those that are drawn unless others are asked for; with several problems the first two.
        problems: The labels of all problems.
        families: The family of each agent that can be drawn.
        asked: Of the user.

    Raises:
        TypeError, ValueError: It says which argument is wrong, and what is allowed.
    """
    from boltzmann_rl.figures.looks import looks_of  # imported here: it imports Matplotlib
    from boltzmann_rl.figures.view import View

    agents = chosen(asked.get("agents"), families, "agents")
    where = chosen(asked.get("problems"), problems, "problems")
    there = [name for name in usual if name in metrics] or [*metrics]
    what, panels = asked.get("metrics"), as_choice(asked.get("panels", ""), "panels", ("", "agents"))
    few = there[:1] if panels else there[:2] if len(where) > 1 else there
    what = chosen(few if what is None else what, metrics, "metrics")
    labels = renamed(asked.get("labels"), [*families, *problems], manifest)
    _check_mathematics(labels)
    looks = looks_of(families, {label: labels[label] for label in labels if label in families})
    ax, width = _axes(asked.get("ax"), where, what), asked.get("width")
    if ax is not None and (panels or width is not None):
        raise ValueError("ax takes one panel, as wide as it is: leave out panels and width")
    return View(
        looks={agent: looks[agent] for agent in agents},
        metrics=tuple(metrics[name] for name in what),
        problems=where,
        axis=str(manifest["axis"]),
        confidence=level_of(manifest, asked.get("confidence")),
        log=as_choice(asked.get("log", ""), "log", ("", "x", "y", "xy")),
        ax=ax,
        labels={label: labels[label] for label in labels if label in problems},
        panels=panels,
        width=None if width is None else as_finite(width, "width", minimum=2.0, maximum=40.0),
        legend=as_choice(asked.get("legend", True), "legend", (True, False)),
    )


def taken(asked: Asked, figure: str, names: Sequence[str], instead: str = "") -> None:
    """Refuse arguments that a figure does not take.

    Args:
        asked: Of the user.
        figure: The name of the method.
        names: Of the arguments that apply.
        instead: What takes the others.

    Raises:
        TypeError: An argument does not apply, or there is none with this name.
    """
    for name, given in asked.items():
        if name not in Asked.__annotations__:
            near = nearest(name, names)
            raise TypeError(f"{figure}() has no argument {name}" + (f": did you mean {near}?" if near else ""))
        if name not in names and given is not None and not (isinstance(given, str) and not given):
            said = instead.format(name=name) or f"it takes {', '.join(names)}"
            raise TypeError(f"{figure}() does not take {name}: {said}")


def chosen(asked: Some, known: Iterable[str], name: str) -> tuple[str, ...]:
    """The labels or names that are asked for, in that order; all known ones if none are.

    Example:
        >>> chosen("regret", ["reward", "regret"], "metrics"), chosen(None, ["a", "b"], "agents")
        (('regret',), ('a', 'b'))
    """
    known = tuple(known)
    if asked is None:
        return known
    names = (asked,) if isinstance(asked, str) else as_sequence(asked, name, "strings")
    if not names:
        raise ValueError(f"{name} must name at least one of {_listed(known)}")
    for one in names:
        if one not in known:
            near = nearest(one, known) if isinstance(one, str) else None
            meant = f": did you mean {near!r}?" if near else ""
            raise ValueError(f"{name} must be among {_listed(known)}, got {shown(one)}{meant}")
    if len(set(names)) < len(names):
        raise ValueError(f"{name} must be different, got {shown([*names])}")
    return tuple(names)


def _listed(known: Sequence[str]) -> str:
    few = ", ".join(repr(one) for one in known[:12])
    return few if len(known) <= 12 else f"{few} and {len(known) - 12} others"


def renamed(labels: Any, shown_labels: Iterable[str], manifest: Mapping[str, Any]) -> dict[str, str]:
    """What is written instead of labels, checked: one dictionary serves all figures and tables of the results.

    Args:
        labels: What the user wants to be written, by label.
        shown_labels: Labels in the figure or table, beside those that are declared.
        manifest: Of the results.
    """
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        raise TypeError(f"labels must map labels to what is written instead, got {shown(labels)}")
    declared = manifest["declaration"]
    families = [family for family, _ in (manifest.get("study") or {}).values()]
    known = [*shown_labels, *declared["agents"], *declared.get("problem", {}), *families]
    chosen([*labels] or None, dict.fromkeys(known), "the keys of labels")
    for text in labels.values():
        check_label(text, "agents and problems")
    return dict(labels)


def _check_mathematics(labels: Mapping[str, str]) -> None:
    """Refuse mathematics that Matplotlib could not draw."""
    from matplotlib.cbook import is_math_text
    from matplotlib.mathtext import MathTextParser

    for label, text in labels.items():
        try:
            if is_math_text(text):
                MathTextParser("path").parse(text)
        except ValueError as error:
            reason = str(error).strip().splitlines()[-1]
            raise ValueError(
                f"labels[{label!r}] is no mathematics that Matplotlib can typeset, got {text!r} ({reason}); write \\$ "
                "for a dollar sign"
            ) from None


def _axes(ax: Any, problems: Sequence[str], metrics: Sequence[str]) -> Axes | None:
    from boltzmann_rl.figures.axes import as_axes  # imported here: it imports Matplotlib

    ax = as_axes(ax)
    if ax is not None and (len(metrics) > 1 or len(problems) > 1):
        name, many = ("metrics", metrics) if len(metrics) > 1 else ("problems", problems)
        raise ValueError(
            f"ax takes one panel, and there are {len(many)} {name}: choose one of them by {name}={many[0]!r}"
        )
    return ax


def level_of(manifest: Mapping[str, Any], confidence: float | None) -> float:
    """The confidence that is asked for, or the one that was declared."""
    declared = judgement_in(manifest).confidence
    return declared if confidence is None else as_level(confidence, "confidence", declared)


def metrics_of(curves: pd.DataFrame, measures: Measures) -> dict[str, Metric]:
    """The metrics in a table of curves, in the order in which they are declared; a user's own one has its name."""
    declared = {metric.name: metric for metric in measures.metrics}
    there = dict.fromkeys(map(str, curves["metric"].unique()))
    names = [*(name for name in declared if name in there), *(name for name in there if name not in declared)]
    return {name: declared.get(name, Metric(name, name)) for name in names}
