"""Results as a sentence."""

import math
from typing import Any

import pandas as pd


def sentence(table: pd.DataFrame, manifest: dict[str, Any]) -> str:
    """Which agent was best on one problem, by how much, and how certain that is."""
    primary, axis = manifest["primary"], manifest["axis"]
    best = table.iloc[0]
    where = f"On {best['problem']}, {best['agent']} had the highest mean {primary} per {axis}, {best[primary]:.4g}"
    if len(table) == 1 and best["runs"] > 1:
        return f"{where} (95 % CI {best[f'{primary}_low']:.4g} to {best[f'{primary}_high']:.4g}, {best['runs']} runs)."
    if best["runs"] < 2:
        return f"{where}; one run says nothing about how sure that is."
    second = table.iloc[_rival(table, manifest)]
    if math.isnan(second["behind_low"]):  # no run differs from another, so there is nothing to estimate a spread from
        if second["behind"] == 0.0:
            return f"{where}, and {second['agent']} the same in each of {best['runs']} runs."
        return f"{where}: {second['behind']:.3g} ahead of {second['agent']} in each of {best['runs']} runs alike."
    gap = (
        f"{second['behind']:.3g} ahead of {second['agent']} "
        f"(95 % CI {second['behind_low']:.3g} to {second['behind_high']:.3g}, paired over {best['runs']} runs"
    )
    level, p = 0.05, second["p_value"]
    shown = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    if p > level:
        sure = [row for _, row in table.iloc[1:].iterrows() if row["p_value"] <= level]
        ahead = ", ".join(row["agent"] for row in sure[:3]) + (f" and {len(sure) - 3} more" if len(sure) > 3 else "")
        tail = f"; it is clearly ahead of {ahead}" if sure else ""
        unclear = f"but that is not clearly more than {second['agent']}"
        return f"{where}, {unclear}: {gap}, {shown} after Holm's correction for all pairs){tail}."
    return f"{where}: {gap}, {shown} after Holm's correction for all pairs)."


def _rival(table: pd.DataFrame, manifest: dict[str, Any]) -> int:
    """The row to compare the best with: the second, or in a parameter study the best of another family."""
    family = {label: name for label, (name, _) in manifest.get("study", {}).items()}
    families = [family.get(agent, agent) for agent in table["agent"]]
    others = [row for row, name in enumerate(families) if name != families[0]]
    return others[0] if others else 1
