"""`animate`: one run of an experiment as a GIF or MP4."""

import base64
import html
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from boltzmann_rl.animations.film import gif, has_ffmpeg, mp4
from boltzmann_rl.animations.recording import bandit_frames, grid_frames, moments_of
from boltzmann_rl.arguments import as_integer, as_positive, shown
from boltzmann_rl.arguments.near_names import dataclass, suggesting
from boltzmann_rl.experiments.checks import entrants_of
from boltzmann_rl.experiments.declarations import BanditExperiment, GymnasiumExperiment
from boltzmann_rl.figures.frames import bandit_pictures, grid_pictures
from boltzmann_rl.storage.atomic import write


@dataclass(frozen=True, eq=False, repr=False)
class Animation:
    """Pictures of one run, which a notebook shows and `Animation.save` writes.

    Attributes:
        pictures: Arrays ``(height, width, 3)`` of red, green and blue, one for each frame.
        title: What it shows.
        seconds: How long it takes.

    Example:
        >>> import numpy as np
        >>> shades = tuple(np.full((8, 8, 3), shade, dtype=np.uint8) for shade in (0, 255))
        >>> film = Animation(shades, title="black and white", seconds=1.0)
        >>> film, film.gif[:6]
        (<Animation of black and white, 2 pictures>, b'GIF89a')
    """

    pictures: tuple[Any, ...]
    title: str
    seconds: float

    @cached_property
    def gif(self) -> bytes:
        """The GIF."""
        return gif(self.pictures, self.seconds)

    def save(self, path: str | Path) -> Path:
        """Write a GIF, or an MP4 if the name ends so; without ffmpeg a GIF with a warning.

        Returns:
            Where it is.

        Raises:
            ValueError: A name that ends otherwise.
            RuntimeError: ffmpeg failed.
        """
        path = Path(path)
        if path.suffix not in (".gif", ".mp4"):
            raise ValueError(f"path must end in .gif or .mp4, got {shown(str(path))}")
        if path.suffix == ".mp4" and has_ffmpeg():
            mp4(self.pictures, self.seconds, str(path))
            return path
        if path.suffix == ".mp4":
            path = path.with_suffix(".gif")
            warnings.warn(f"ffmpeg, which makes MP4, is not installed: wrote {path} instead", stacklevel=2)
        write(path, self.gif)
        return path

    def __repr__(self) -> str:
        return f"<Animation of {self.title}, {len(self.pictures)} pictures>"

    def _repr_html_(self) -> str:
        source, title = base64.b64encode(self.gif).decode(), html.escape(self.title, quote=True)
        return f'<img alt="Animation of {title}" src="data:image/gif;base64,{source}">'


@suggesting
def animate(
    experiment: BanditExperiment | GymnasiumExperiment,
    agent: str | None = None,
    problem: str | None = None,
    *,
    run: int = 0,
    frames: int = 60,
    seconds: float = 6.0,
) -> Animation:
    """One run of an experiment as an animation; it is simulated again, and is the same run as in the results.

    Of a bandit it shows the estimates beside the true means, the probabilities, and the shares of pulls; of a grid
    world the values, and the policy as arrows. About half of the frames are evenly spaced, the others evenly on a
    logarithmic scale. A colour is the same value in all frames.

    Args:
        experiment: Of bandits, or of grid worlds: FrozenLake, CliffWalking, `DeepSea`, `WindyGridworld`, or an
            environment with the attributes ``grid_shape`` and ``moves``.
        agent: Its label; default: the first.
        problem: Its label; default: the first.
        run: Its number, ≥ 0.
        frames: How many, ≥ 2; fewer if the run has fewer steps.
        seconds: How long it takes, above 0.

    Raises:
        TypeError: Something else, such as a sweep, or an environment that is no grid world.
        ValueError: An unknown label, or a number out of range.

    Example:
        >>> from boltzmann_rl import Agent, Boltzmann, GaussianBandit, SampleAverage
        >>> agents = {"τ = 0.2": Agent(SampleAverage(), Boltzmann(0.2))}
        >>> animate(BanditExperiment("film", GaussianBandit(), agents, runs=1, steps=50), frames=10)
        <Animation of τ = 0.2 on GaussianBandit, 10 pictures>
    """
    if not isinstance(experiment, BanditExperiment | GymnasiumExperiment):
        raise TypeError(f"experiment must be a BanditExperiment or a GymnasiumExperiment, got {shown(experiment)}")
    agents = {label: entrant.agent for label, entrant in entrants_of(experiment.agents).items()}
    problems: Any = experiment.problem  # a mapping, once it was checked
    player, where = _label(agent, agents, "agent"), _label(problem, problems, "problem")
    run, frames = as_integer(run, "run", minimum=0), as_integer(frames, "frames", minimum=2)
    title = f"{player} on {where.rpartition(':')[2]}"
    place: Any = {"seed": experiment.seed, "run": run}
    seconds = as_positive(seconds, "seconds")
    if isinstance(experiment, BanditExperiment):
        steps = moments_of(experiment.steps, frames)
        found = bandit_frames(problems[where], agents[player], steps, length=experiment.steps, **place)
        return Animation(tuple(bandit_pictures(found, title)), title, seconds)
    episodes = moments_of(experiment.episodes + 1, frames)
    grid, seen = grid_frames(problems[where], agents[player], episodes, **place)
    return Animation(tuple(grid_pictures(grid, seen, title)), title, seconds)


def _label(given: str | None, known: Mapping[str, Any], name: str) -> str:
    """The label, or the first one if none is given."""
    if given is None:
        return next(iter(known))
    if given not in known:
        raise ValueError(f"{name} must be one of {', '.join(map(shown, known))}, got {shown(given)}")
    return given
