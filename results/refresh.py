"""Refresh the shipped results: run the experiments of this repository, and copy what is shipped to ``shipped/``.

    python results/refresh.py [NAME...] [--jobs N]

runs all experiments, or those in the files with these names. Shipped are figures, summaries, comparisons and
manifests, without curves and cells. What is in ``results/`` already is used again.
"""

import argparse
import shutil
import sys
from pathlib import Path

from boltzmann_rl.cli import main

RESULTS = Path(__file__).resolve().parent
EXPERIMENTS = RESULTS.parent / "experiments"
SHIPPED = ("summary.csv", "comparisons.csv", "manifest.json")  # and the figures


def refresh(names: list[str], jobs: str) -> int:
    """Run the experiments with these names, and ship their results; returns the exit status."""
    files = [EXPERIMENTS / f"{name}.py" for name in names] or sorted(EXPERIMENTS.glob("*.py"))
    shown = [str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file) for file in files]
    status = main(["run", *shown, "--jobs", jobs, "--results", str(RESULTS)])
    for folder in sorted(RESULTS / file.stem for file in files):
        if status == 0 and folder.is_dir():
            ship(folder, RESULTS / "shipped" / folder.name)
    return status


def ship(source: Path, target: Path) -> None:
    """Replace the shipped results of an experiment."""
    new = target.with_name(f"{target.name}.new")  # complete before the old one goes
    shutil.copytree(source / "figures", new / "figures", ignore=shutil.ignore_patterns("*.svg", "*.pdf"))
    for name in SHIPPED:
        shutil.copy(source / name, new / name)
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("names", nargs="*", metavar="NAME", help="of experiment files, without .py (default: all)")
    arguments.add_argument("--jobs", default="1", metavar="N", help="processes (default: 1)")
    given = arguments.parse_args()
    sys.exit(refresh(given.names, given.jobs))
