"""Results as sentences: what was compared, by how much it differs, how sure that is, and what would change it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.results.measures import better_in
from boltzmann_rl.statistics.comparison import Verdict
from boltzmann_rl.statistics.judgement import ALL, FAMILIES

# Comparisons with a baseline that are told; all of them are in the table.
_TOLD = 3

# The normal quantile of the probability, nine in ten, with which more runs would show a difference.
_NINE_IN_TEN = 1.2816

_MOST_RUNS = 1e7

# Runs in all for each run that compares families, since a third of them chooses.
_RUNS_OF_FAMILIES = 1.5


def sentences(summary: pd.DataFrame, comparisons: pd.DataFrame, manifest: Mapping[str, Any]) -> str:
    """What the results say of each problem."""
    said = []
    for problem, table in summary.groupby("problem", sort=False, observed=True):
        compared = comparisons[comparisons["problem"] == problem] if len(comparisons) else comparisons
        said += [_means(table, manifest), *_judged(table.iloc[0], compared, manifest)]
    return " ".join([*said, *_left_out(manifest)])


def _left_out(manifest: Mapping[str, Any]) -> list[str]:
    """Which seeds take no part, if not all agents have the same."""
    if not (left_out := manifest.get("left_out", {})):
        return []
    seeds = [f"{len(some)} of {agent}" for agent, some in left_out.items()]
    return [f"(Only the seeds that every agent has take part; left out are {_listed(seeds)}.)"]


def _means(table: pd.DataFrame, manifest: Mapping[str, Any]) -> str:
    """Which agent was best, and its mean."""
    primary, best = manifest["primary"], table.iloc[0]
    among = f" of {len(table)} agents" if len(table) > 2 else ""
    most = "highest" if better_in(manifest) > 0.0 else "lowest"
    where = f"On {best['problem']}, {best['agent']} had the {most} mean {primary} {_over(manifest)}{among}"
    if best["runs"] < 2:
        return f"{where}, {best[primary]:.4g}; one run says nothing about how sure that is."
    interval = _interval(best[f"{primary}_low"], best[f"{primary}_high"], judgement_in(manifest).confidence)
    return f"{where}, {best[primary]:.4g} ({interval}{best['runs']} runs)."


def _over(manifest: Mapping[str, Any]) -> str:
    """Over what a mean was taken."""
    last = manifest["declaration"].get("last")
    if last is None:
        return f"per {manifest['axis']}"
    return "over the run" if last == 1.0 else f"over the last {100.0 * last:.4g} % of the run"


def _judged(best: pd.Series, comparisons: pd.DataFrame, manifest: Mapping[str, Any]) -> list[str]:
    """What the declared comparisons say: the best with its closest rival, or all with a baseline, or the list."""
    if comparisons.empty or comparisons["verdict"].iloc[0] == Verdict.ONE_RUN:
        return []
    judgement, better, others = judgement_in(manifest), better_in(manifest), []
    if judgement.compare in (None, ALL, FAMILIES):
        names = best["agent"], manifest.get("study", {}).get(best["agent"], (None,))[0]
        with_best = comparisons[comparisons["first"].isin(names) | comparisons["second"].isin(names)]
        rows = sorted((_led_by(row, names) for row in _rows(with_best, better)), key=lambda row: row["difference"])
        told, others = rows[:1], rows[1:]
    else:
        told = _rows(comparisons.head(_TOLD), better)
    said = [_compared(row, judgement.confidence, judgement.alpha) for row in told]
    if ahead := [row["second_agent"] for row in others if row["verdict"] == Verdict.FIRST]:
        said.append(f"{told[0]['first_agent']} was also ahead of {_listed(ahead)}.")
    if unclear := [row["second_agent"] for row in others if row["verdict"] != Verdict.FIRST]:
        said.append(f"{told[0]['first_agent']} is not shown to differ from {_listed(unclear)}.")
    if not others and len(comparisons) > len(told):
        said.append(f"Comparisons that only the table has: {len(comparisons) - len(told)}.")
    warnings = dict.fromkeys(f"Warning: {row['warning']}." for row in told if row["warning"])
    return [*said, _how(told, len(comparisons)), *warnings]


def _rows(comparisons: pd.DataFrame, better: float) -> list[dict[str, Any]]:
    """Comparisons of means, or of their negatives where a lower mean is better."""
    rows: list[Any] = comparisons.to_dict("records")
    return rows if better > 0.0 else [_negated(row) for row in rows]


def _led_by(row: dict[str, Any], names: tuple[str, str | None]) -> dict[str, Any]:
    """The comparison with the best side first."""
    if row["first"] in names:
        return row
    swapped = {"first": "second", "second": "first", "first_agent": "second_agent", "second_agent": "first_agent"}
    return {swapped.get(name, name): value for name, value in _negated(row).items()}


def _negated(row: dict[str, Any]) -> dict[str, Any]:
    """The comparison of the negative means of both sides."""
    turned = {Verdict.FIRST: Verdict.SECOND, Verdict.SECOND: Verdict.FIRST}
    verdict = Verdict(row["verdict"])
    ends = {"difference": -row["difference"], "low": -row["high"], "high": -row["low"]}
    return row | ends | {"verdict": turned.get(verdict, verdict)}


def _compared(row: dict[str, Any], confidence: float, alpha: float) -> str:
    """One comparison, and what would change it."""
    first, second, verdict, runs = row["first_agent"], row["second_agent"], Verdict(row["verdict"]), row["runs"]
    gap, word = abs(row["difference"]), "ahead of" if row["difference"] >= 0.0 else "behind"
    if verdict == Verdict.IDENTICAL:
        return f"{first} was the same as {second} in each of {runs} runs."
    if verdict == Verdict.CONSTANT:
        return (
            f"{first} was {gap:.3g} {word} {second} in each of {runs} runs alike, so nothing says how much that varies."
        )
    if verdict == Verdict.UNDEFINED:
        return f"{first} and {second} can't be compared: {verdict}."
    p_values = _shown(row["p_value"])
    if (row["p_value"] <= alpha) != (row["p_step_down"] <= alpha):
        p_values += f", step-down {_shown(row['p_step_down'])}"
    low, high = sorted(math.copysign(1.0, row["difference"]) * end for end in (row["low"], row["high"]))
    interval = f"{_interval(low, high, confidence)}{p_values}"
    if verdict == Verdict.UNDECIDED:
        said = f"{first} is not shown to differ from {second}: it was {gap:.3g} {word} it ({interval})"
    else:
        said = f"{first} was {gap:.3g} {word} {second} ({interval})"
    return f"{said}{_what_would_change(row, verdict)}."


def _what_would_change(row: dict[str, Any], verdict: Verdict) -> str:
    """How many more runs could change the verdict."""
    in_all = _RUNS_OF_FAMILIES if _of_families(row) else 1.0
    gap, runs = abs(row["difference"]), row["runs"]
    reach = row["difference"] - row["low"] if row["difference"] > 0.0 else row["high"] - row["difference"]
    if not reach > 0.0 or not math.isfinite(row["effect_size"]):
        return ""
    if verdict == Verdict.UNDECIDED:
        effect = abs(row["effect_size"])
        critical = reach * effect / gap * math.sqrt(runs) if effect > 0.0 else 0.0
        needed = ((critical + _NINE_IN_TEN) / effect) ** 2 * in_all if effect > 0.0 else math.inf
        if not needed < _MOST_RUNS:
            return "; if the true difference is as small as that, no number of runs in reach would show it"
        if gap >= reach:
            return "; a few further runs may decide that"
        return (
            f"; if the true difference is as large as that, about {_round(needed)} runs would show it nine times in ten"
        )
    undone = runs * ((gap / reach) ** 2 - 1.0) * in_all
    if undone < 1.0:
        return "; a few further runs with no difference would overturn this"
    return f"; it would take about {_round(undone)} further runs with no difference to overturn this"


def _how(rows: list[dict[str, Any]], number: int) -> str:
    """How all comparisons, of which these are some, were made."""
    method, runs = rows[0]["method"], rows[0]["runs"]
    chosen = "; the best of each family was chosen in other runs" if any(map(_of_families, rows)) else ""
    if number > 1:
        which = "both" if number == 2 else f"all {number}"
        return f"(Paired over {runs} runs; intervals and p-values hold for {which} together, by {method}{chosen}.)"
    method = "flips of signs" if "flips" in method else "a paired t-test"
    return f"(Paired over {runs} runs, by {method}{chosen}.)"


def _of_families(row: dict[str, Any]) -> bool:
    return bool(row["first"] != row["first_agent"] or row["second"] != row["second_agent"])


def _listed(names: list[str]) -> str:
    """Names, of which some contain commas."""
    if len(names) > _TOLD:
        return f"{'; '.join(names[:_TOLD])}; and {len(names) - _TOLD} more"
    return names[0] if len(names) == 1 else f"{'; '.join(names[:-1])} and {names[-1]}"


def _interval(low: float, high: float, confidence: float) -> str:
    return "" if math.isnan(low) else f"{100.0 * confidence:.4g} % CI {low:.4g} to {high:.4g}, "


def _shown(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def _round(runs: float) -> str:
    """A number of runs with two significant digits."""
    digits = max(0, math.floor(math.log10(runs)) - 1)
    return f"{round(runs, -digits):,.0f}"
