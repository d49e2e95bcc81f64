"""Draw ``dqn_comparison.png``: the DQN of ``dqn.py`` on CartPole-v1, with Boltzmann and ε-greedy exploration.

Trainings are paired by seed: network, environments and batches start the same. Needs ``pip install boltzmann-rl torch``
and about eight minutes on one core. Run: ``python docs/dqn_comparison.py [JOBS]``.
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from dqn import POLICIES, Settings, train
from joblib import Parallel, delayed
from matplotlib.figure import Figure

from boltzmann_rl.statistics.comparison import holm, paired_difference
from boltzmann_rl.statistics.intervals import mean_interval

SEEDS = range(2, 10)  # the hyperparameters were chosen on seeds 0 and 1, among four settings
BASE = "epsilon-greedy"
LABELS = {  # with colours of Okabe & Ito
    BASE: ("ε-greedy, ε from 1 to 0.05", "#D55E00"),
    "boltzmann": ("Boltzmann, τ from 1 to 0.05", "#0072B2"),
    "effective-actions": ("Boltzmann, 2 to 1.1 effective actions", "#009E73"),
}


def curve(name: str, seed: int) -> list[tuple[int, float]]:
    """Transitions and returns of one training."""
    torch.set_num_threads(1)
    return list(train(POLICIES[name], Settings(), seed))


def draw(steps: Any, returns: dict[str, Any]) -> Figure:
    """Left: the returns while learning. Right: the difference in return from ε-greedy, for each seed."""
    with mpl.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(7.2, 2.9), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(2, 1))
        for place, (name, (label, colour)) in enumerate(LABELS.items()):
            mean, low, high = np.array([mean_interval(column) for column in returns[name].T]).T
            left.plot(steps, returns[name].T, color=colour, linewidth=0.4, alpha=0.35)
            left.plot(steps, mean, color=colour, linewidth=1.6, label=label)
            left.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)
            if name != BASE:
                ahead = returns[name].mean(axis=1) - returns[BASE].mean(axis=1)
                mean, low, high = mean_interval(ahead)
                right.plot(np.full(len(ahead), place), ahead, ".", color=colour, alpha=0.5)
                right.errorbar(place + 0.15, mean, [[mean - low], [high - mean]], fmt="o", color=colour, capsize=3)
        left.set_title("Return of the greedy policy", loc="left", fontsize=8)
        left.set(xlabel="transitions (thousands)", xlim=(0, steps[-1]), ylim=(0, 505))
        left.legend(frameon=False, labelcolor="linecolor", handlelength=0, labelspacing=0.2, loc="lower right")
        right.axhline(0.0, color="0.6", linewidth=0.8)
        right.set_title("Ahead of ε-greedy, mean of the curve", loc="left", fontsize=8)
        right.set(xlim=(0.5, 2.5), xticks=(1, 2), xticklabels=("τ from 1\nto 0.05", "2 to 1.1 effec-\ntive actions"))
        figure.supxlabel(
            f"CartPole-v1, {len(SEEDS)} seeds, paired; bands and bars: 95 % confidence intervals", fontsize=7
        )
    return figure


def table(returns: dict[str, Any]) -> str:
    """The mean of each curve, and its paired differences from ε-greedy, as a Markdown table."""
    means = {name: curves.mean(axis=1) for name, curves in returns.items()}
    differences = {name: paired_difference(means[name], means[BASE]) for name in LABELS if name != BASE}
    corrected = dict(zip(differences, holm(np.array([each.p_value for each in differences.values()])), strict=True))
    lines = ["| exploration | mean return | ahead of ε-greedy | p (Holm) | seeds ahead |", "|---|---|---|---|---|"]
    for name, (label, _) in LABELS.items():
        mean, low, high = mean_interval(means[name])
        line = f"| {label} | {mean:.0f} [{low:.0f}, {high:.0f}] |"
        if name == BASE:
            lines.append(f"{line} | | |")
            continue
        ahead = differences[name]
        lines.append(f"{line} {ahead.difference:+.0f} [{ahead.low:+.0f}, {ahead.high:+.0f}] | {corrected[name]:.2f} | "
                     f"{ahead.superiority * len(SEEDS):g} of {len(SEEDS)} |")  # fmt: skip
    return "\n".join(lines)


def main(jobs: int) -> None:
    """Train all agents, draw the figure beside this file, and print the comparison."""
    cells = [(name, seed) for name in LABELS for seed in SEEDS]
    curves = np.array(Parallel(n_jobs=jobs, verbose=5)(delayed(curve)(name, seed) for name, seed in cells))
    returns = dict(zip(LABELS, curves[:, :, 1].reshape(len(LABELS), len(SEEDS), -1), strict=True))
    figure = draw(curves[0, :, 0] / 1_000, returns)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=150, metadata={"Software": None})
    print(table(returns))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
