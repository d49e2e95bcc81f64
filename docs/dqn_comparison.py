"""Compare the explorations of the DQN of ``dqn.py`` on CartPole-v1: print a table, and draw ``dqn_comparison.png``.

The runs are in ``dqn_comparison.csv``. Trainings are paired by seed: network, environments and batches start the same.
Needs ``pip install boltzmann-rl``. Run: ``python docs/dqn_comparison.py``. With ``--train JOBS`` it trains all anew,
which also needs ``torch`` and takes about eight minutes on one core.
"""

import argparse
import itertools
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd

import boltzmann_rl as brl

SEEDS = range(2, 10)  # the hyperparameters were chosen on seeds 0 and 1, among four settings
BASE = "ε-greedy, ε from 1 to 0.05"
LABELS = {
    BASE: "epsilon-greedy",
    "Boltzmann, τ from 1 to 0.05": "boltzmann",
    "Boltzmann, 2–1.1 effective actions": "effective-actions",
}
RUNS = Path(__file__).with_suffix(".csv")


def trained(cell: tuple[str, int]) -> list[tuple[str, int, int, float]]:
    """Agent, seed, transitions and return at each evaluation of one training."""
    import torch
    from dqn import POLICIES, Settings, train

    label, seed = cell
    torch.set_num_threads(1)
    return [(label, seed, *point) for point in train(POLICIES[LABELS[label]], Settings(), seed)]


def all_trained(one: Callable[[tuple[str, int]], list], agents: Iterable[str], jobs: int) -> pd.DataFrame:
    """The trainings of all agents and seeds, in a number of processes."""
    with ProcessPoolExecutor(jobs) as processes:
        rows = itertools.chain.from_iterable(processes.map(one, itertools.product(agents, SEEDS)))
        return pd.DataFrame(rows, columns=["agent", "seed", "step", "return"])


def judged(runs: pd.DataFrame | None = None, base: str = BASE) -> brl.Results:
    """The results of runs, of those that are kept if none are given, compared with one agent."""
    runs = (pd.read_csv(RUNS) if runs is None else runs).assign(problem="CartPole-v1")
    metric = brl.Metric("return", "Return of the greedy policy", "reward per episode")
    return brl.Results.of_runs(runs, "DQN_on_CartPole-v1", metrics=[metric], compare=base)


def table(results: brl.Results) -> str:
    """The mean of each agent, and its paired difference from ε-greedy, as a Markdown table."""
    means, ahead = results.summary.set_index("agent"), results.comparisons.set_index("first")
    lines = ["| exploration | mean return | ahead of ε-greedy | p | seeds ahead |", "|---|---|---|---|---|"]
    for label in LABELS:
        mean = means.loc[label]
        line = f"| {label} | {mean['return']:.0f} [{mean['return_low']:.0f}, {mean['return_high']:.0f}] |"
        if label in ahead.index:
            pair = ahead.loc[label]
            line += f" {pair['difference']:+.0f} [{pair['low']:+.0f}, {pair['high']:+.0f}] | {pair['p_value']:.3f} |"
            lines.append(f"{line} {pair['superiority'] * pair['runs']:g} of {pair['runs']} |".replace("-", "−"))
        else:
            lines.append(f"{line} | | |")
    return "\n".join(lines)


def main() -> None:
    """Print the comparison and draw the figure, of the runs that are there or of new ones."""
    parser = argparse.ArgumentParser(description="Compare explorations of a DQN on CartPole-v1.")
    parser.add_argument("--train", type=int, metavar="JOBS", help="train all agents anew, in this number of processes")
    if jobs := parser.parse_args().train:
        all_trained(trained, LABELS, jobs).to_csv(RUNS, index=False)
    results = judged()
    results.plot().savefig(RUNS.with_suffix(".png"), dpi=200, metadata={"Software": None})
    print(f"{table(results)}\n\n{results.sentence}")


if __name__ == "__main__":
    main()
