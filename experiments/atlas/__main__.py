"""Which temperature, without tuning? Run the atlas, and make its tables and figures.

    python experiments/atlas [--small] [--hours H] [--jobs N]

The full atlas takes about two hours on two cores, ``--small`` three minutes. What is finished is kept in
``results/atlas`` or ``results/atlas-small``: the same command goes on after an interruption. The exit status is 1 if
something is not finished.
"""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from atlas.command import atlas, run, small  # noqa: E402 - the folder of this package must be on the path first

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python experiments/atlas", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the problems and fewer runs, in three minutes")
    parser.add_argument("--hours", type=float, default=2.0, metavar="H", help="stop after H hours (default: 2)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="workers (default: 2)")
    parser.add_argument("--results", type=Path, default=HERE.parents[1] / "results", help="folder of all results")
    parser.add_argument("--forecast", action="store_true", help="say how long it takes, and run nothing")
    parser.add_argument("--ship", action="store_true", help="copy tables and figures to results/shipped/atlas")
    given = parser.parse_args()
    sys.exit(0 if run(small() if given.small else atlas(), given, print) else 1)
