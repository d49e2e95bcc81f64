"""Sentences on the decisions of runs that go on until all pairs are decided."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.decisions import SAME_CELLS
from boltzmann_rl.results.manifest import stopping_in
from boltzmann_rl.statistics.stopping import FIRST_LOOK, SAME_DIFFERENCE, Decision, Stopping

# Pairs that are told one by one; all are in the table.
_TOLD = 6


def decisions_told(table: pd.DataFrame, manifest: Mapping[str, Any]) -> str:
    """What was decided of each pair, by how much an agent is ahead, how sure that is, and what would change it.

    Args:
        table: Of the looks: see `boltzmann_rl.results.decisions.looks_table`.
        manifest: Of the same results, whose runs went on until all pairs were decided.
    """
    stopping = stopping_in(manifest) or Stopping()
    if table.empty:
        return f"No pair is judged yet: there are {manifest['runs']} runs, and the first look is at {FIRST_LOOK}."
    pairs = [pair for _, pair in table.groupby(["problem", "first", "second"], sort=False)]
    told = [_pair(pair, manifest, stopping) for pair in sorted(pairs, key=_is_open)[:_TOLD]]
    others = [f"All {len(pairs)} pairs are in looks.csv."] if len(pairs) > _TOLD else []
    return " ".join([_stopped(pairs, stopping), *told, *others, _level(stopping), *_warnings(pairs), _doubts(pairs)])


def _is_open(pair: pd.DataFrame) -> bool:
    return bool(pair["decision"].iloc[-1] == Decision.OPEN)


def _stopped(pairs: Sequence[pd.DataFrame], stopping: Stopping) -> str:
    """At which look the runs stopped, and why."""
    runs, count = int(pairs[0]["runs"].max()), len(pairs)
    open_ = [pair for pair in pairs if _is_open(pair)]
    which = "The pair" if count == 1 else f"All {count} pairs"
    if not open_:
        return f"{which} of agents {'is' if count == 1 else 'are'} decided at the look at {runs:,} runs."
    told = f"At the look at {runs:,} runs, {len(open_)} of {count} pair{'s' * (count > 1)} of agents "
    told += "is not decided" if len(open_) == 1 else "are not decided"
    following = stopping.next_look(runs)
    if all(pair["warning"].iloc[-1] == SAME_CELLS for pair in open_):
        return f"{told}."
    if following is None:
        return f"{told}, and there is no further look up to {stopping.at_most:,} runs."
    return f"{told}; the next look is at {following:,} runs."


def _pair(pair: pd.DataFrame, manifest: Mapping[str, Any], stopping: Stopping) -> str:
    """What was decided of a pair, and the estimate of all runs."""
    last, decided = pair.iloc[-1], pair[pair["decision"] != Decision.OPEN]
    first, second, sign = last["first"], last["second"], 1
    if last["decision"] == Decision.SECOND:
        first, second, sign = second, first, -1
    difference = f"{sign * last['difference']:.3g}"
    if not math.isnan(last["low"]):
        low, high = sorted((sign * last["low"], sign * last["high"]))
        difference += f" ({low:.3g} to {high:.3g})"
    where, what = f"On {last['problem']}, {first}", f"mean {manifest['primary']} per {manifest['axis']}"
    if last["warning"] == SAME_CELLS:
        return f"{where} and {second}: {SAME_CELLS}."
    if last["decision"] == Decision.OPEN:
        needed, e_value = 1.0 / stopping.level, last["e_value"]
        return f"{where} and {second} differ in {what} by {difference}: the e-value is {e_value:.3g} of {needed:.3g}."
    at = f"decided at {decided['runs'].iloc[0]:,} runs"
    if last["decision"] == Decision.SAME:
        return f"{where} and {second} do not differ by {stopping.matters:g} or more in {what}: {difference}, {at}."
    return f"{where} is ahead of {second} by {difference} in {what}, {at}."


def _level(stopping: Stopping) -> str:
    """How sure the decisions are."""
    level = "" if stopping.pairs == 1 else f", divided among {stopping.pairs} pairs"
    return (
        f"The intervals hold together at all looks with {100.0 * (1.0 - stopping.alpha):g} % confidence "
        f"(alpha = {stopping.alpha:g}{level}); those of other tables are for a number of runs that is fixed beforehand."
    )


def _warnings(pairs: Sequence[pd.DataFrame]) -> list[str]:
    """The warnings, by pair."""
    said = []
    for pair in pairs:
        last = pair[pair["decision"] == pair["decision"].iloc[-1]].iloc[0 if not _is_open(pair) else -1]
        if last["warning"] not in ("", SAME_CELLS):
            said.append(f"Warning for {last['first']} and {last['second']} on {last['problem']}: {last['warning']}.")
    return said if len(said) <= _TOLD else [*said[:1], f"{len(said) - 1} more warnings are in looks.csv."]


def _doubts(pairs: Sequence[pd.DataFrame]) -> str:
    """What could change the decisions."""
    more = " More runs may decide what is open: boltzmann-rl plan-runs says with what chance." if any(
        _is_open(pair) and pair["warning"].iloc[-1] not in (SAME_CELLS, SAME_DIFFERENCE) for pair in pairs
    ) else ""  # fmt: skip
    return (
        f"Another problem, length or seed might change this, or a rare, large loss that none of "
        f"{pairs[0]['runs'].max():,} runs has shown.{more}"
    )
