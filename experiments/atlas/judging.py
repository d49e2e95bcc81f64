"""Judging: what rules lose against references that are tuned on each problem. Pure functions of tables.

The loss of a candidate on a problem is its mean regret as a multiple of that of a reference: the best constant
temperature, or the best constant or schedule, which other runs chose.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

# Columns that name a candidate.
CANDIDATE = ["rule", "constants"]

# Quantiles of the losses that are reported, and resamples of the problems for their intervals.
QUANTILES = {"median": 0.5, "p90": 0.9}
RESAMPLES = 2000


def best(table: pd.DataFrame, rules: Collection[str]) -> dict[str, tuple[str, str]]:
    """On each problem the candidate of some rules with the lowest mean regret; of equal ones the first.

    Example:
        >>> rows = [("a", "constant", "1", 2.0), ("a", "constant", "2", 1.0), ("a", "other", "", 0.0)]
        >>> best(pd.DataFrame(rows, columns=["problem", "rule", "constants", "regret"]), ["constant"])
        {'a': ('constant', '2')}
    """
    of = table[table["rule"].isin(rules)]
    lowest = of.loc[of.groupby("problem", sort=False)["regret"].idxmin()]
    return {row.problem: (row.rule, row.constants) for row in lowest.itertuples()}


def chosen(found: pd.DataFrame, problems: Iterable[str]) -> dict[str, str]:
    """For each rule the constants with the lowest mean logarithm of regret on some problems; of equal ones the first.

    By what a problem's regrets are divided makes no difference. Problems on which a candidate was not measured do not
    count for it.

    Args:
        found: Regrets or losses of candidates (rows) on problems (columns).
        problems: Those that choose.

    Example:
        >>> index = pd.MultiIndex.from_tuples([("rule", "1"), ("rule", "2")], names=CANDIDATE)
        >>> found = pd.DataFrame([[1.0, 2.0], [1.1, 1.2]], index, columns=["a", "b"])
        >>> chosen(found, ["a", "b"]), chosen(found, ["a"])
        ({'rule': '2'}, {'rule': '1'})
    """
    lowest: dict[str, tuple[float, str]] = {}
    for (rule, constants), row in found[list(problems)].dropna(how="all").iterrows():
        value = float(np.log(row.dropna().to_numpy()).mean())
        if rule not in lowest or value < lowest[rule][0]:
            lowest[rule] = value, constants
    return {rule: constants for rule, (_, constants) in lowest.items()}


def rule_losses(found: pd.DataFrame, constants: Mapping[str, str], problems: Sequence[str]) -> pd.DataFrame:
    """The losses of rules (rows) with these constants on some problems (columns)."""
    rows = {
        rule: found.loc[(rule, text), list(problems)] for rule, text in constants.items() if (rule, text) in found.index
    }
    return pd.DataFrame(rows).T


def leave_one_out(
    found: pd.DataFrame, families: Mapping[str, str], constants: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """The losses of rules on all problems, with constants that were chosen without the problem's family.

    Args:
        found: Losses of candidates (rows) on problems (columns).
        families: The family of each problem.
        constants: For each family the constants of each rule that other families chose.
    """
    parts = []
    for family in dict.fromkeys(families[problem] for problem in found.columns):
        judged = [problem for problem in found.columns if families[problem] == family]
        parts.append(rule_losses(found, constants[family], judged))
    return pd.concat(parts, axis=1)


def summary(found: pd.DataFrame, rng: np.random.Generator, errors: pd.DataFrame | None = None) -> pd.DataFrame:
    """Quantiles of each rule's losses over problems, with 95 % intervals by resampling the problems.

    Problems on which a rule was not measured do not count for it, and their number shows that.

    Args:
        found: Losses of rules (rows) on problems (columns).
        rng: Draws the resamples, the same for all rules.
        errors: The standard error of each loss, of which that of the worst one is told.

    Example:
        >>> found = pd.DataFrame([[1.0, 1.0, 4.0]], ["τ = 1"], ["a", "b", "c"])
        >>> summary(found, np.random.default_rng(0))[["problems", "median", "p90", "worst", "where"]]
               problems  median  p90  worst where
        τ = 1         3     1.0  3.4    4.0     c
    """
    seed = int(rng.integers(2**62))
    lines = {rule: _summary(row.dropna(), seed) for rule, row in found.iterrows()}
    if errors is not None:
        for rule, line in lines.items():
            line["worst_error"] = errors.loc[rule, line["where"]] if "where" in line else np.nan
    return pd.DataFrame(lines).T.infer_objects()


def _summary(row: pd.Series, seed: int) -> dict[str, object]:
    values = row.to_numpy(dtype=np.float64)
    if not len(values):
        return {"problems": 0}
    places = np.random.Generator(np.random.PCG64(seed)).integers(len(values), size=(RESAMPLES, len(values)))
    resampled = values[places]
    line: dict[str, object] = {"problems": len(values)}
    for name, level in QUANTILES.items():
        low, high = np.quantile(np.quantile(resampled, level, axis=1), (0.025, 0.975))
        line |= {name: np.quantile(values, level), f"{name}_low": low, f"{name}_high": high}
    logs = np.log(values)
    low, high = np.quantile(logs[places].mean(axis=1), (0.025, 0.975))
    line |= {"mean": np.exp(logs.mean()), "mean_low": np.exp(low), "mean_high": np.exp(high)}
    return line | {"worst": values.max(), "where": row.index[values.argmax()]}


def by_group(found: pd.DataFrame, groups: Mapping[str, str], rng: np.random.Generator) -> pd.DataFrame:
    """The `summary` in each group of problems, one row for each group and rule.

    Example:
        >>> found = pd.DataFrame([[1.0, 2.0, 4.0]], ["τ = 1"], ["a", "b", "c"])
        >>> table = by_group(found, {"a": "short", "b": "long", "c": "long"}, np.random.default_rng(0))
        >>> table[["group", "rule", "problems", "median", "worst"]]
           group   rule  problems  median  worst
        0  short  τ = 1         1     1.0    1.0
        1   long  τ = 1         2     3.0    4.0
    """
    parts = []
    for group in dict.fromkeys(groups[problem] for problem in found.columns):
        inside = [problem for problem in found.columns if groups[problem] == group]
        parts.append(summary(found[inside], rng).rename_axis("rule").reset_index().assign(group=group))
    return pd.concat(parts, ignore_index=True)


def rivals(
    found: pd.DataFrame, errors: pd.DataFrame, rule: str, others: Collection[str], by: float = 1.0
) -> pd.DataFrame:
    """Where a rule loses to another: the problem, the best of the others, and the ratio of the regrets, worst first.

    The standard error of a ratio is that of independent means. Common random numbers make the true one smaller.

    Args:
        found: Losses of rules (rows) on problems (columns).
        errors: The standard errors of the regrets, relative to these.
        rule: The rule.
        others: Those it is compared with.
        by: Only ratios above this are listed.

    Example:
        >>> found = pd.DataFrame([[2.0, 1.0], [1.0, 2.0], [1.5, 3.0]], ["Boltzmann", "UCB1", "ε"], ["a", "b"])
        >>> rivals(found, 0.0 * found + 0.1, "Boltzmann", ["UCB1", "ε"]).round(2)
          problem rival  ratio  error
        0       a  UCB1    2.0   0.28
    """
    rest = found.loc[[other for other in others if other in found.index]].astype(float)
    ratio = (found.loc[rule] / rest.min()).dropna()
    ratio = ratio[ratio > by].sort_values(ascending=False, kind="stable")
    rows = []
    for problem, value in ratio.items():
        rival = rest[problem].idxmin()
        rows.append((problem, rival, value, value * np.hypot(errors.loc[rule, problem], errors.loc[rival, problem])))
    return pd.DataFrame(rows, columns=["problem", "rival", "ratio", "error"])
