"""Bandits as Gymnasium environments: a single one, and many as the rows of one array."""

import copy
from typing import Any

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_choice, as_integer
from boltzmann_rl.bandit_environments.drawing import Image, Window, frame
from boltzmann_rl.bandit_environments.rows import Rows, observations_of
from boltzmann_rl.bandits.catalogue import as_bandit
from boltzmann_rl.numerics.sampling import as_probabilities

Info = dict[str, Any]


def _set_spec(env: Any, spec: Any) -> None:
    env._spec = copy.copy(spec)
    if spec is not None and env.steps > 1:  # an episode of one step terminates by itself
        env._spec.max_episode_steps = env._limit


# A plain attribute in Gymnasium, which `make` and `make_vec` set.
_SPEC = property(lambda env: env._spec, _set_spec, doc="Gymnasium's spec with the episode limit; None without `make`.")


class BanditEnv(gymnasium.Env[Any, Any]):
    """A bandit as an environment: an action pulls an arm, and every episode draws a new problem.

    The observation is always 0, or the context of the next pull. The info holds ``action_mask`` (all ones) and
    ``regret``, the best mean minus that of the arm just pulled (0 at a reset). An episode of one step terminates; a
    longer one is truncated after ``steps``, which is also ``spec.max_episode_steps``.

    Args:
        bandit: A bandit, contextual or not, of `boltzmann_rl.bandits` or your own; or the name of a registered one.
        steps: Pulls per episode, ≥ 1.
        render_mode: None, ``"rgb_array"``, ``"rgb_array_list"`` for the images since the last ``render()`` of the
            episode, or ``"human"`` for a pygame window.
        parameters: Parameters of a bandit given by its name.

    Raises:
        TypeError, ValueError: Parameters that the bandit does not have, or invalid ones.

    Example:
        >>> from boltzmann_rl.bandits import BernoulliBandit
        >>> env = BanditEnv(BernoulliBandit((0.0, 1.0)), steps=2)
        >>> env.reset(seed=0)
        (0, {'action_mask': array([1, 1], dtype=int8), 'regret': 0.0})
        >>> env.step(0)
        (0, 0.0, False, False, {'action_mask': array([1, 1], dtype=int8), 'regret': 1.0})
        >>> env.step(1)
        (0, 1.0, False, True, {'action_mask': array([1, 1], dtype=int8), 'regret': 0.0})
    """

    metadata = {"render_modes": ["human", "rgb_array", "rgb_array_list"], "render_fps": 30}  # noqa: RUF012 - as there
    spec: Any = _SPEC
    _spec: Any = None

    def __init__(self, bandit: Any, *, steps: int = 1000, render_mode: str | None = None, **parameters: Any) -> None:
        self.bandit, self.steps = as_bandit(bandit, parameters), as_integer(steps, "steps", minimum=1)
        self._limit = self.steps
        self.render_mode = as_choice(render_mode, "render_mode", (*self.metadata["render_modes"], None))
        self.observation_space, self.action_space = observations_of(self.bandit), Discrete(self.bandit.arms)
        self._rows, self._going = Rows(self.bandit, 1), False
        self._shown: Floats | None = None
        self._pulled: int | None = None
        self._window: Window | None = None
        self._pictures: list[Image] = []

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Any, Info]:
        """Begin an episode with a new problem; ``options`` are ignored."""
        super().reset(seed=seed)
        self._rows.begin(np.ones(1, dtype=bool), self.np_random)
        self._going, self._pulled, self._pictures = True, None, []
        return self._answer(0.0)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, Info]:
        """Pull an arm."""
        if not self._going:
            raise ResetNeeded("the episode is over or has not begun: call reset() before step()")
        self._pulled = as_integer(action, "action", maximum=self.bandit.arms - 1)
        reward, regret = self._rows.pull(np.array([self._pulled]), self.np_random)
        self._going = bool(self._rows.pulls[0] < self.steps)
        seen, info = self._answer(float(regret[0]))
        return seen, float(reward[0]), not self._going and self.steps == 1, not self._going and self.steps > 1, info

    def show(self, probabilities: Any) -> None:
        """Render these probabilities of the arms ``(arms,)`` from now on."""
        self._shown = _distributions(probabilities, (self.bandit.arms,))

    def render(self) -> Any:
        """The means (and the probabilities given to `show`) as bars, as an image or in a window."""
        if not _can_render(self.render_mode, begun=self._rows.means.size > 0):
            return None
        if self.render_mode == "rgb_array_list":
            pictures, self._pictures = self._pictures, []
            return pictures
        image = self._picture()
        if self.render_mode == "rgb_array":
            return image
        self._window = self._window or Window(self.metadata["render_fps"])
        self._window.show(image)
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close()
            self._window = None

    def _picture(self) -> Image:
        return frame(self._rows.means[0], self._shown, self._pulled)

    def _answer(self, regret: float) -> tuple[Any, Info]:
        if self.render_mode == "human":
            self.render()
        elif self.render_mode == "rgb_array_list":
            self._pictures.append(self._picture())
        seen = self._rows.seen[0].copy() if self._rows.seen.ndim == 2 else 0
        return seen, {"action_mask": np.ones(self.bandit.arms, dtype=np.int8), "regret": regret}


class BanditVectorEnv(VectorEnv[Any, Any, Any]):
    """Many `BanditEnv` as the rows of one array, stepped together by array operations.

    Rows are independent and distributed as single environments, but draw from one random stream, so the numbers of a
    row depend on ``num_envs``. Infos and ends of episodes are as in ``SyncVectorEnv``:

    - ``"NextStep"``: the next step begins a new episode in the row, ignores the action, and pays 0.
    - ``"SameStep"``: the row is reset in the same step; ``final_obs`` and ``final_info`` hold the end of the episode.
    - ``"Disabled"``: the row waits for ``reset(options={"reset_mask": mask})``.

    Args:
        bandit: As for `BanditEnv`.
        num_envs: Number of rows, ≥ 1.
        steps: Pulls per episode, ≥ 1.
        render_mode: None, ``"rgb_array"``, an image of each row, or ``"rgb_array_list"``, a list of the images since
            the last ``render()`` of the row's episode.
        autoreset_mode: One of the above, or Gymnasium's ``AutoresetMode``.
        max_episode_steps: Pulls after which an episode is truncated, as Gymnasium's ``TimeLimit`` does; None for no
            limit but ``steps``.
        parameters: Parameters of a bandit given by its name.

    Raises:
        TypeError, ValueError: Parameters that the bandit does not have, or invalid ones.

    Example:
        >>> envs = BanditVectorEnv("BernoulliBandit", num_envs=3, means=[0.0, 1.0])
        >>> observations, infos = envs.reset(seed=0)
        >>> observations, rewards, terminations, truncations, infos = envs.step(np.array([0, 1, 1]))
        >>> rewards, infos["regret"]
        (array([0., 1., 1.]), array([1., 0., 0.]))
    """

    metadata = {"render_modes": ["rgb_array", "rgb_array_list"], "render_fps": 30}  # noqa: RUF012 - as there
    spec: Any = _SPEC
    _spec: Any = None

    def __init__(
        self,
        bandit: Any,
        num_envs: int = 1,
        *,
        steps: int = 1000,
        render_mode: str | None = None,
        autoreset_mode: Any = "NextStep",
        max_episode_steps: int | None = None,
        **parameters: Any,
    ) -> None:
        self.bandit, self.steps = as_bandit(bandit, parameters), as_integer(steps, "steps", minimum=1)
        limit = self.steps if max_episode_steps is None else max_episode_steps
        self._limit = min(self.steps, as_integer(limit, "max_episode_steps", minimum=1))
        self.num_envs = as_integer(num_envs, "num_envs", minimum=1)
        self.render_mode = as_choice(render_mode, "render_mode", (*self.metadata["render_modes"], None))
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError:
            modes = ", ".join(mode.value for mode in AutoresetMode)
            raise ValueError(f"autoreset_mode must be one of {modes}, got {autoreset_mode!r}") from None
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self.single_observation_space = observations_of(self.bandit)
        self.single_action_space = Discrete(self.bandit.arms)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._rows = Rows(self.bandit, self.num_envs)
        self._begun, self._over = False, np.zeros(self.num_envs, dtype=bool)
        self._shown: Floats | None = None
        self._pulled = np.full(self.num_envs, -1)  # −1 in rows that have just begun
        self._pictures: list[list[Image]] = [[] for _ in range(self.num_envs)]

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Any, Info]:
        """Begin an episode in all rows, or in those of ``options["reset_mask"]``, a bool array."""
        super().reset(seed=seed)
        which = self._to_reset((options or {}).get("reset_mask"))
        self._begun, self._over = True, self._over & ~which
        self._begin(which)
        return self._rows.seen.copy(), self._info(np.zeros(self.num_envs), which)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, Info]:
        """Pull an arm in each row."""
        if not self._begun or (self.autoreset_mode is AutoresetMode.DISABLED and self._over.any()):
            raise ResetNeeded("some episodes are over or have not begun: call reset() before step()")
        self._pulled = self._arms(actions)
        reward, regret = self._rows.pull(self._pulled, self.np_random)
        begun = self._over if self.autoreset_mode is AutoresetMode.NEXT_STEP else np.zeros_like(self._over)
        if begun.any():
            self._begin(begun)
            reward, regret = np.where(begun, 0.0, reward), np.where(begun, 0.0, regret)
        self._draw(~begun)
        self._over = self._rows.pulls >= self._limit
        over, final = self._over, {}
        terminated, truncated = over & (self.steps == 1), over & (self.steps > 1)
        if self.autoreset_mode is AutoresetMode.SAME_STEP and over.any():
            final = self._final(regret, over)
            self._begin(over)
            regret, self._over = np.where(over, 0.0, regret), np.zeros_like(over)
        info = {**final, **self._info(regret, np.ones(self.num_envs, dtype=bool))}
        return self._rows.seen.copy(), reward, terminated, truncated, info

    def show(self, probabilities: Any) -> None:
        """Render these probabilities ``(num_envs, arms)`` from now on."""
        self._shown = _distributions(probabilities, (self.num_envs, self.bandit.arms))

    def render(self) -> tuple[Any, ...] | None:
        """An image of each row, or a list of images of each row."""
        if not _can_render(self.render_mode, begun=self._begun):
            return None
        if self.render_mode == "rgb_array_list":
            pictures, self._pictures = self._pictures, [[] for _ in range(self.num_envs)]
            return tuple(pictures)
        return tuple(map(self._picture, range(self.num_envs)))

    def _begin(self, which: NDArray[np.bool_]) -> None:
        self._rows.begin(which, self.np_random)
        self._pulled = np.where(which, -1, self._pulled)
        for row in np.flatnonzero(which):
            self._pictures[row] = []
        self._draw(which)

    def _draw(self, which: NDArray[np.bool_]) -> None:
        """Collect an image of each row of a mask, in the mode ``"rgb_array_list"``."""
        if self.render_mode == "rgb_array_list":
            for row in np.flatnonzero(which).tolist():
                self._pictures[row].append(self._picture(row))

    def _picture(self, row: int) -> Image:
        pulled, shown = int(self._pulled[row]), None if self._shown is None else self._shown[row]
        return frame(self._rows.means[row], shown, None if pulled < 0 else pulled)

    def _to_reset(self, mask: Any) -> NDArray[np.bool_]:
        every = np.ones(self.num_envs, dtype=bool)
        if mask is None:
            return every
        if not (isinstance(mask, np.ndarray) and mask.dtype == bool and mask.shape == (self.num_envs,) and mask.any()):
            raise ValueError(
                f"options['reset_mask'] must be a bool array of shape ({self.num_envs},), not all False, got {mask!r}"
            )
        return mask.copy() if self._begun else every

    def _arms(self, actions: Any) -> NDArray[np.int64]:
        found = np.asarray(actions)
        if found.shape != (self.num_envs,) or found.dtype.kind not in "iu":
            raise TypeError(f"actions must be {self.num_envs} integers, one per row, got {actions!r}")
        if ((found < 0) | (found >= self.bandit.arms)).any():
            raise ValueError(f"actions must be in [0, {self.bandit.arms - 1}], got {actions!r}")
        return found.astype(np.int64)

    def _info(self, regret: Floats, which: NDArray[np.bool_]) -> Info:
        mask = np.repeat(which[:, np.newaxis], self.bandit.arms, axis=1).astype(np.int8)
        return {"action_mask": mask, "_action_mask": which.copy(), "regret": regret, "_regret": which.copy()}

    def _final(self, regret: Floats, over: NDArray[np.bool_]) -> Info:
        """The final observations and infos of the rows that are over."""
        seen = np.full(self.num_envs, None, dtype=object)
        for row in np.flatnonzero(over):
            seen[row] = self._rows.seen[row].copy()
        info = self._info(np.where(over, regret, 0.0), over)
        return {"final_obs": seen, "_final_obs": over.copy(), "final_info": info, "_final_info": over.copy()}


def _can_render(render_mode: str | None, *, begun: bool) -> bool:
    if render_mode is None:
        gymnasium.logger.warn("render() draws nothing without a render_mode: make the environment with one")
    elif not begun:
        raise ResetNeeded("there is nothing to draw yet: call reset() before render()")
    return render_mode is not None


def _distributions(probabilities: Any, shape: tuple[int, ...]) -> Floats:
    p = as_probabilities(probabilities, "probabilities")
    if p.shape != shape:
        raise ValueError(f"probabilities must have shape {shape}, got {p.shape}")
    return p.copy()
