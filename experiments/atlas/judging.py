"""Judging: what rules lose against references that are tuned on each problem. Pure functions of tables.

The loss of a candidate on a problem is its mean regret divided by that of a reference: the best constant temperature,
or the best constant or schedule. A reference is chosen on half of the runs and its regret is taken from the other half,
both ways, and averaged: the smallest of many noisy means would be too low.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

# Columns that name a candidate.
CANDIDATE = ["rule", "constants"]

# Quantiles of the losses that are reported, and resamples of the problems for their intervals.
QUANTILES = {"median": 0.5, "p90": 0.9}
RESAMPLES = 2000

Criterion = Callable[[np.ndarray], float]


def split_half(half_a: np.ndarray, half_b: np.ndarray) -> float:
    """The regret of the best candidate, chosen on half of the runs and taken from the other half, averaged both ways.

    Args:
        half_a: Mean regrets of the candidates in one half of the runs.
        half_b: Those in the other half.

    Example:
        >>> split_half(np.array([1.0, 2.0, 4.0]), np.array([5.0, 3.0, 4.0]))
        3.5
    """
    return float(half_b[np.argmin(half_a)] + half_a[np.argmin(half_b)]) / 2.0


def references(table: pd.DataFrame, rules: Collection[str]) -> pd.Series:
    """The tuned reference of each problem: the best candidate of some rules, by `split_half`.

    Example:
        >>> rows = [("a", "constant", "1", 1.0, 5.0), ("a", "constant", "2", 2.0, 3.0), ("a", "other", "", 0.0, 0.0)]
        >>> table = pd.DataFrame(rows, columns=["problem", "rule", "constants", "half_a", "half_b"])
        >>> references(table, ["constant"]).to_dict()
        {'a': 3.5}
    """
    of = table[table["rule"].isin(rules)]
    found = {p: split_half(r["half_a"].to_numpy(), r["half_b"].to_numpy()) for p, r in of.groupby("problem")}
    return pd.Series(found, dtype=np.float64)


def losses(table: pd.DataFrame, reference: pd.Series) -> pd.DataFrame:
    """The loss of every candidate (rows) on every problem (columns); NaN where it was not measured.

    Example:
        >>> table = pd.DataFrame({"problem": ["a", "b"], "rule": "τ = 1", "constants": "", "regret": [3.0, 8.0]})
        >>> losses(table, pd.Series({"a": 2.0, "b": 4.0})).to_numpy()
        array([[1.5, 2. ]])
    """
    found = table.pivot(index=CANDIDATE, columns="problem", values="regret")
    return found / reference.reindex(found.columns)


def ninth_decile(found: np.ndarray) -> float:
    """The 90th percentile of losses."""
    return float(np.quantile(found, QUANTILES["p90"]))


def mean_log(found: np.ndarray) -> float:
    """The mean logarithm of losses."""
    return float(np.mean(np.log(found)))


def chosen(found: pd.DataFrame, problems: Iterable[str], criterion: Criterion = mean_log) -> dict[str, str]:
    """For each rule the constants with the lowest criterion on some problems; of equal ones the first.

    Problems on which a candidate was not measured do not count for it.

    Args:
        found: Of `losses`.
        problems: Those that choose.
        criterion: A function of the losses of one candidate.

    Example:
        >>> index = pd.MultiIndex.from_tuples([("rule", "1"), ("rule", "2")], names=CANDIDATE)
        >>> found = pd.DataFrame([[1.0, 2.0], [1.1, 1.2]], index, columns=["a", "b"])
        >>> chosen(found, ["a", "b"]), chosen(found, ["a"])
        ({'rule': '2'}, {'rule': '1'})
    """
    best: dict[str, tuple[float, str]] = {}
    for (rule, constants), row in found[list(problems)].dropna(how="all").iterrows():
        value = criterion(row.dropna().to_numpy())
        if rule not in best or value < best[rule][0]:
            best[rule] = value, constants
    return {rule: constants for rule, (_, constants) in best.items()}


def rule_losses(found: pd.DataFrame, constants: Mapping[str, str], problems: Sequence[str]) -> pd.DataFrame:
    """The losses of rules (rows) with these constants on some problems (columns)."""
    rows = {rule: found.loc[(rule, text), list(problems)] for rule, text in constants.items()}
    return pd.DataFrame(rows).T


def leave_one_out(
    found: pd.DataFrame, families: Mapping[str, str], choosing: Collection[str], criterion: Criterion = mean_log
) -> pd.DataFrame:
    """The losses of rules on all problems, with constants that were chosen without the problem's family.

    Args:
        found: Of `losses`.
        families: The family of each problem.
        choosing: The problems that may choose; the others judge.
        criterion: As of `chosen`.
    """
    parts = []
    for family in dict.fromkeys(families.values()):
        others = [problem for problem in choosing if families[problem] != family]
        judged = [problem for problem in found.columns if families[problem] == family and problem not in choosing]
        parts.append(rule_losses(found, chosen(found, others, criterion), judged))
    return pd.concat(parts, axis=1)


def summary(found: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Quantiles of each rule's losses over problems, with 95 % intervals by resampling the problems.

    Problems on which a rule was not measured do not count for it, and their number shows that.

    Args:
        found: Losses of rules (rows) on problems (columns).
        rng: Draws the resamples, the same for all rules.

    Example:
        >>> found = pd.DataFrame([[1.0, 1.0, 4.0]], ["τ = 1"], ["a", "b", "c"])
        >>> summary(found, np.random.default_rng(0))[["problems", "median", "p90", "worst", "where"]]
               problems  median  p90  worst where
        τ = 1         3     1.0  3.4    4.0     c
    """
    seed = int(rng.integers(2**62))
    return pd.DataFrame({rule: _summary(row.dropna(), seed) for rule, row in found.iterrows()}).T.infer_objects()


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


def rivals(found: pd.DataFrame, rule: str, others: Collection[str], by: float = 1.0) -> pd.DataFrame:
    """Where a rule loses to another: the problem, the best of the others, and the ratio of the regrets, worst first.

    Args:
        found: Losses of rules (rows) on problems (columns).
        rule: The rule.
        others: Those it is compared with.
        by: Only ratios above this are listed.

    Example:
        >>> found = pd.DataFrame([[2.0, 1.0], [1.0, 2.0], [1.5, 3.0]], ["Boltzmann", "UCB1", "ε"], ["a", "b"])
        >>> rivals(found, "Boltzmann", ["UCB1", "ε"])
          problem rival  ratio
        0       a  UCB1    2.0
    """
    rest = found.loc[[other for other in others if other in found.index]]
    best = rest.min()
    ratio = (found.loc[rule] / best).dropna()
    ratio = ratio[ratio > by].sort_values(ascending=False, kind="stable")
    rows = [(problem, rest[problem].astype(float).idxmin(), value) for problem, value in ratio.items()]
    return pd.DataFrame(rows, columns=["problem", "rival", "ratio"])


def tuned(table: pd.DataFrame, rule: str) -> pd.DataFrame:
    """The best constants of a rule on each problem, by the mean regret of all runs, and that regret.

    Example:
        >>> rows = [("a", "constant", "1", 2.0), ("a", "constant", "2", 1.0), ("a", "other", "", 0.0)]
        >>> tuned(pd.DataFrame(rows, columns=["problem", "rule", "constants", "regret"]), "constant")
          problem constants  regret
        0       a         2     1.0
    """
    of = table[table["rule"] == rule]
    best = of.loc[of.groupby("problem")["regret"].idxmin()]
    return best[["problem", "constants", "regret"]].reset_index(drop=True)
