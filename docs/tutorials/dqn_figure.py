"""Draw ``dqn.png`` of the runs in ``dqn.csv``, by the code of the page ``dqn.md``.

Run ``python docs/tutorials/dqn_figure.py``; with ``--train`` it trains all agents anew, which takes some minutes and
needs ``pip install 'boltzmann-rl[sb3]'``.
"""

import argparse
import re
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

import boltzmann_rl as brl

HERE = Path(__file__).parent
CODE = re.findall(r"^```python\n(.*?)^```", (HERE / "dqn.md").read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
TRIAL = next(number for number, block in enumerate(CODE) if "range(2), 2_000" in block)
SEEDS, STEPS = 6, 6_000


def train() -> None:
    """Write the runs of the figure: the page's trial with more seeds and steps."""
    import torch

    torch.set_num_threads(1)
    trial = CODE[TRIAL].replace("range(2), 2_000", f"range({SEEDS}), {STEPS}")
    names: dict[str, Any] = {}
    with TemporaryDirectory() as folder, chdir(folder):
        for block in (*CODE[:TRIAL], trial):
            exec(block, names)
        (HERE / "dqn.csv").write_bytes(Path("dqn.csv").read_bytes())


def judged() -> brl.Results:
    """The results of the kept runs, by the code after the trial, which draws the figure as well."""
    names: dict[str, Any] = {"pd": pd, "brl": brl}
    with chdir(HERE):
        exec("\n".join(CODE[TRIAL + 1 :]), names)
    return names["results"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--train", action="store_true", help="train all agents anew")
    if parser.parse_args().train:
        train()
    judged()
