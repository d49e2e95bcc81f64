"""The command ``animate``."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boltzmann_rl.cli.numbers import whole
from boltzmann_rl.cli.sources import WrongCall, experiments_in, meant, no_experiment
from boltzmann_rl.cli.terminal import say


def declare(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    summary = "one run of an experiment as a GIF or MP4: a bandit, or a grid world"
    example = "boltzmann-rl animate experiments/ten_armed_testbed.py --output testbed.gif"
    option = command("animate", animate, summary, example).add_argument
    option("file", type=Path, metavar="FILE", help="a Python file with a module-level EXPERIMENT")
    option("--experiment", metavar="NAME", help="if the file declares several (default: the first)")
    option("--agent", metavar="LABEL", help="default: the first")
    option("--problem", metavar="LABEL", help="default: the first")
    option("--run", type=int, default=0, metavar="N", help="number of the run (default: 0)")
    option("--frames", type=whole, default=60, metavar="N", help="number of pictures (default: 60)")
    option("--output", type=Path, metavar="PATH", help="ends in .gif or .mp4 (default: NAME.gif)")


def animate(options: argparse.Namespace) -> int:
    """Animate one run of an experiment."""
    from boltzmann_rl.animations import animate as animation_of  # imported here: it imports Matplotlib

    experiment = _chosen(options.file, options.experiment)
    label: dict[str, Any] = {"agent": options.agent, "problem": options.problem}
    animation = animation_of(experiment, **label, run=options.run, frames=options.frames)
    path = animation.save(options.output or Path(f"{experiment.name}.gif"))
    say(f"{animation.title}: {path}")
    return 0


def _chosen(file: Path, name: str | None) -> Any:
    """The experiment with a name, or the first of the file."""
    found = {experiment.name: experiment for experiment in experiments_in(file)}
    if not found:
        raise no_experiment(file)
    if name is not None and name not in found:
        raise WrongCall(f"{file} declares no experiment {name!r}{meant(name, found)} It declares {', '.join(found)}")
    return next(iter(found.values())) if name is None else found[name]
