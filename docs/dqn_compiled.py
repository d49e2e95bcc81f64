"""Compare the DQN of ``dqn.py`` with its decisions inside and outside of ``torch.compile``: draw ``dqn_compiled.png``.

The runs are in ``dqn_compiled.csv`` and, for those outside, in ``dqn_comparison.csv``. Needs ``pip install
boltzmann-rl``. Run: ``python docs/dqn_compiled.py``. With ``--train JOBS`` it trains the compiled agent anew, which
also needs ``torch`` and a C++ compiler, and takes about four minutes on one core.
"""

import argparse
from pathlib import Path

import dqn_comparison
import pandas as pd

import boltzmann_rl as brl

RUNS = Path(__file__).with_suffix(".csv")
POLICY = "Boltzmann, τ from 1 to 0.05"
LABELS = {POLICY: "decisions outside", "compiled": "decisions inside torch.compile"}


def trained(cell: tuple[str, int]) -> list[tuple[str, int, int, float]]:
    """Agent, seed, transitions and return at each evaluation of one training."""
    import torch
    from dqn import POLICIES, Settings, compiled, train

    agent, seed = cell
    torch.set_num_threads(1)
    policy = POLICIES[dqn_comparison.LABELS[POLICY]]
    return [(agent, seed, *point) for point in train(policy, Settings(), seed, compiled)]


def judged() -> brl.Results:
    """The results of both kinds of runs, those inside compared with those outside."""
    outside = pd.read_csv(dqn_comparison.RUNS).query("agent == @POLICY")
    runs = pd.concat([outside, pd.read_csv(RUNS)]).replace({"agent": LABELS})
    return dqn_comparison.judged(runs, LABELS[POLICY])


def main() -> None:
    """Draw the figure and print what it shows, of the runs that are there or of new ones."""
    parser = argparse.ArgumentParser(description="Compare a DQN inside and outside of torch.compile on CartPole-v1.")
    parser.add_argument("--train", type=int, metavar="JOBS", help="train anew, in this number of processes")
    if jobs := parser.parse_args().train:
        dqn_comparison.all_trained(trained, ["compiled"], jobs).to_csv(RUNS, index=False)
    results = judged()
    results.plot().savefig(RUNS.with_suffix(".png"), dpi=200, metadata={"Software": None})
    print(results.sentence)


if __name__ == "__main__":
    main()
