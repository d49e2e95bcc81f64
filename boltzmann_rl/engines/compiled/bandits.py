"""The compiled engine for bandits, which takes the same actions as `boltzmann_rl.engines.reference.bandits`."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.bandits.moving import AdversarialBandit, HeavyTailedBandit, SwitchingBandit
from boltzmann_rl.bandits.rescaled import RescaledBandit
from boltzmann_rl.bandits.stationary import BernoulliBandit, GaussianBandit
from boltzmann_rl.engines.blocks import BLOCK, Block
from boltzmann_rl.engines.compiled import bandit_kernel as kernel, state
from boltzmann_rl.engines.compiled.measuring import METRICS, keep_segments, measured_of
from boltzmann_rl.engines.compiled.translation import (
    Rule,
    indices_of,
    innermost,
    learner_of,
    policy_of,
    rule_of,
    update_rule,
)
from boltzmann_rl.engines.metrics import BANDITS, WINDOWS, over_windows
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.engines.reference import bandits as reference
from boltzmann_rl.kernels import pcg
from boltzmann_rl.kernels.vectors import WIDTH, aligned
from boltzmann_rl.learners.posterior import GaussianPosterior
from boltzmann_rl.numerics.softmax import LEAST_TEMPERATURE
from boltzmann_rl.policies.mixture import unknown
from boltzmann_rl.policies.units import UNITS
from boltzmann_rl.protocols import Bandit
from boltzmann_rl.streams import stream

# Steps for which random numbers are drawn at once; fewer if an array with numbers for each arm would exceed _LARGEST.
_CHUNK, _LARGEST = 64, 2**17


def reason(bandit: Any, agent: Any) -> str:
    """Why this engine can't simulate this agent on this bandit, in one line; empty if it can.

    Example:
        >>> from boltzmann_rl.learners import SampleAverage
        >>> from boltzmann_rl.policies import Boltzmann
        >>> reason(GaussianBandit(), Agent(SampleAverage(), Boltzmann(0.1)))
        ''
        >>> reason(GaussianBandit(), Agent(SampleAverage(), lambda values, step: values))
        '<function <lambda> at 0x...> is not known'
    """
    learner, rule = agent.learner, update_rule(agent.learner)
    if _payment(bandit) is None:
        return f"{bandit!r} is not known"
    if rule is None:
        return f"{learner!r} is not known"
    if getattr(innermost(learner), "bounded", False) and not _pays_at_most_1(bandit):
        return f"{learner!r} refuses rewards outside of [0, 1]"
    posterior = type(innermost(learner)) is GaussianPosterior
    if indices_of(agent) is None:
        if posterior or agent.clock == "pulls":
            return f"{learner!r} is not known under {agent.policy!r} on the clock {agent.clock!r}"
        return unknown(agent.policy, UNITS)
    if posterior or (agent.clock == "pulls" and rule.kind <= state.FADING and rule.exploration < 0.0):
        return ""
    return f"{learner!r} is not known under {agent.policy!r} on the clock {agent.clock!r}"


def simulate(bandit: Bandit, agent: Agent, *, block: int, runs: int, actions: Any = None, **work: Any) -> Block:
    """`simulate_ranges` for the first ``runs`` runs of a block; ``actions`` receives theirs."""
    return simulate_ranges(bandit, agent, [(block * BLOCK, runs)], actions=[actions], **work)[0]


def simulate_ranges(
    bandit: Bandit,
    agent: Agent,
    ranges: Sequence[tuple[int, int]],
    *,
    steps: int,
    seed: int,
    windows: int = WINDOWS,
    uncounted_steps: int = 0,
    actions: Sequence[Any] = (),
) -> list[Block]:
    """The reference's `simulate_ranges` for agents and bandits that this engine supports (`reason`).

    It draws from the same streams in the same order. Actions are the same, except where a uniform lies within 1e-12 of
    the boundary between two, or where two indices or values differ by rounding only. All measurements agree to 1e-12
    of the largest number, unless rounding errors grow (unbounded rewards divided by small probabilities). The reference
    runs instead where it would raise an error, or where numbers are too large or small for full precision. The
    interpreter lock is released, so that blocks can run in threads.

    Args:
        bandit: As in the reference, like the next six.
        agent: Its learner and policy.
        ranges: Number of the first run and number of runs of each range, all in the same block of BLOCK runs.
        steps: Pulls per run.
        seed: In [0, 2⁶³).
        windows: Number of windows of each run.
        uncounted_steps: Pulls that the totals leave out.
        actions: For each range None, or an int64 array ``(steps, runs)`` that receives the actions; meaningless if the
            reference runs.

    Example:
        >>> from boltzmann_rl.learners import SampleAverage
        >>> from boltzmann_rl.policies import Boltzmann
        >>> agent = Agent(SampleAverage(), Boltzmann(0.2))
        >>> work = {"ranges": [(0, 5)], "steps": 100, "seed": 0}
        >>> engines = simulate_ranges, reference.simulate_ranges
        >>> [one], [other] = (simulate(GaussianBandit(), agent, **work) for simulate in engines)
        >>> (one.totals["reward"] == other.totals["reward"]).all()
        np.True_
    """
    given: Any = {"steps": steps, "seed": seed, "windows": windows, "uncounted_steps": uncounted_steps}
    return simulate_agents(bandit, [agent], ranges, actions=actions, **given)[0]


def simulate_agents(
    bandit: Bandit,
    agents: Sequence[Agent],
    ranges: Sequence[tuple[int, int]],
    *,
    actions: Sequence[Any] = (),
    **work: Any,
) -> list[list[Block]]:
    """`simulate_ranges` for several agents, which share the random numbers that are drawn: the same bytes, sooner.

    Args:
        bandit: As in `simulate_ranges`.
        agents: Agents that this engine supports on the bandit, all or none of which perturb every action.
        ranges: As in `simulate_ranges`.
        actions: Likewise, if there is a single agent.
        work: The other arguments of `simulate_ranges`.

    Raises:
        ValueError: Agents or ranges that do not share random numbers.

    Example:
        >>> from boltzmann_rl.learners import SampleAverage
        >>> from boltzmann_rl.policies import Boltzmann
        >>> agents = [Agent(SampleAverage(), Boltzmann(temperature)) for temperature in (0.1, 0.2)]
        >>> work = {"ranges": [(0, 5)], "steps": 100, "seed": 0}
        >>> [[_], [other]] = simulate_agents(GaussianBandit(), agents, **work)
        >>> [alone] = simulate_ranges(GaussianBandit(), agents[1], **work)
        >>> (alone.totals["reward"] == other.totals["reward"]).all()
        np.True_
    """
    _check_shared(agents, ranges, actions)
    with np.errstate(under="ignore"):  # as by default, and as the compiled arithmetic does
        rules = [_known_rule(agent, work["steps"]) for agent in agents]
        known = [(agent, rule) for agent, rule in zip(agents, rules, strict=True) if rule is not None]
        played = iter(_play(bandit, known, ranges, actions, **work) if known else ())
        return [
            [
                runs.block(rule.shown) if runs.valid else reference.simulate_ranges(bandit, agent, [alone], **work)[0]
                for alone, runs in zip(ranges, next(played), strict=True)
            ]
            if rule is not None
            else reference.simulate_ranges(bandit, agent, ranges, **work)
            for agent, rule in zip(agents, rules, strict=True)
        ]


def _check_shared(agents: Sequence[Agent], ranges: Sequence[tuple[int, int]], actions: Sequence[Any]) -> None:
    """Refuse agents and ranges that would silently be given each other's random numbers."""
    if len({indices_of(agent) is None for agent in agents}) > 1:
        raise ValueError("agents that perturb every action draw from a stream of their own: simulate them separately")
    blocks = {run // BLOCK for first, runs in ranges for run in (first, first + runs - 1)}
    if len(blocks) > 1:
        raise ValueError(f"ranges must be in the same block of {BLOCK} runs, got {list(ranges)}")
    if len(agents) > 1 and any(recorded is not None for recorded in actions):
        raise ValueError(f"actions are recorded of a single agent, got {len(agents)} agents")


def _known_rule(agent: Agent, steps: int) -> Rule | None:
    """The policy at each step; None if the reference must run it."""
    try:
        rule = rule_of(agent, steps)
    except Exception:  # the reference raises the same error and names the step
        return None
    return rule if (rule.mixture.temperature >= LEAST_TEMPERATURE).all() else None


def _play(
    bandit: Any,
    agents: Sequence[tuple[Agent, Rule]],
    ranges: Sequence[tuple[int, int]],
    actions: Sequence[Any],
    *,
    steps: int,
    seed: int,
    uncounted_steps: int = 0,
    windows: int = WINDOWS,
) -> list[list["_Runs"]]:
    """Simulate ranges of runs of each agent, which share the random numbers that are drawn."""
    perturbs, drifts, (_, _, noise) = indices_of(agents[0][0]) is not None, _drifts(bandit), _payment(bandit)
    purposes = "problem", "reward", "perturbation" if perturbs else "action", "drift"
    problem, rewards, decisions, drift = (stream(seed, purpose, ranges[0][0] // BLOCK) for purpose in purposes)
    now = bandit.start(BLOCK, problem)
    chunk = max(1, min(_CHUNK, _LARGEST // (BLOCK * bandit.arms))) if drifts or perturbs else _CHUNK
    played = [
        [
            _Runs(bandit, *agent, alone, chunk, uncounted_steps, windows, recorded)
            for alone, recorded in zip(ranges, actions or [None] * len(ranges), strict=True)
        ]
        for agent in agents
    ]
    # One more row, which surplus runs in the last tile of a block read.
    x, u = aligned((chunk + 1, BLOCK)), aligned((chunk + 1, BLOCK * bandit.arms if perturbs else BLOCK))
    draw_uniforms = pcg.uniforms(decisions)
    draw_noise = noise(rewards) if noise else None
    for first in range(0, steps, chunk):
        size = min(chunk, steps - first)
        draw_uniforms(u[:size])
        if draw_noise:
            draw_noise(x[:size])
        else:
            x[:size] = [bandit.noise(BLOCK, rewards) for _ in range(size)]
        means = now[np.newaxis]
        if drifts:
            means = np.empty((size, BLOCK, bandit.arms))
            for step in range(size):
                means[step], now = now, bandit.move(now, drift)
        for place in range(len(ranges)):
            found = None
            for runs in (of_agent[place] for of_agent in played):
                found = runs.advance(first, size, u, x, means, found)
    return played


class _Runs:
    """A range of runs, in the kernel's numbers."""

    def __init__(
        self,
        bandit: Any,
        agent: Agent,
        rule: Rule,
        place: tuple[int, int],
        chunk: int,
        uncounted: int,
        windows: int,
        actions: Any,
    ) -> None:
        first, runs = place
        tiles, steps = -(-runs // WIDTH), len(rule.mixture.soft)  # the last tile may contain surplus runs
        learner, shape = update_rule(agent.learner), (tiles, bandit.arms, WIDTH)
        self._bandit, self._column, self._actions = bandit, first % BLOCK, actions
        self._problem: state.Problem | None = None
        self._policy = policy_of(rule, indices_of(agent), learner, shape, chunk)
        self._learner = learner_of(learner, shape, steps)
        self._temperatures: list[Moments] | None = [] if rule.recorded else None
        self._space = state.space_for(tiles, bandit.arms, chunk)
        self._measured = measured_of(runs, shape, steps, chunk, uncounted, windows, actions is not None)
        self._finished = True

    def advance(self, first: int, size: int, uniforms: Floats, noise: Floats, means: Floats, problem: Any) -> Any:
        """Simulate a chunk of steps, with numbers for the whole block, and the problem if it is there already."""
        if not self._finished:
            return problem
        measured, column = self._measured, self._column
        with np.errstate(all="ignore"):  # as the compiled arithmetic does, also where it is not compiled
            if problem is not None:
                self._problem = problem
            elif self._problem is None or _drifts(self._bandit):
                # Surplus runs at the end of the block have the means of its last run.
                columns = np.minimum(np.arange(column, column + measured.tiles * WIDTH), BLOCK - 1)
                bernoulli, units, _ = _payment(self._bandit)
                ranked = np.flatnonzero(measured.point[first : first + len(means)] >= 0)
                self._problem = state.problem_of(means[:, columns], ranked, bernoulli, *units)
            given = self._policy, self._problem, self._learner, self._space, measured
            self._finished = kernel.run_steps(first, size, column, uniforms, noise, *given)
            keep_segments(measured, first, first + size)
            if self._temperatures is not None:
                found = self._policy.unit.found[:size].reshape(size, -1)[:, : measured.runs]
                self._temperatures.append(Moments.of(np.ascontiguousarray(found)))
        if self._actions is not None:
            chosen = measured.cells[:size, : measured.runs] // WIDTH % self._bandit.arms
            self._actions[first : first + size] = chosen
        return self._problem

    @property
    def valid(self) -> bool:
        """Whether every number is finite and every value valid; otherwise the reference raises an error."""
        measured = self._measured
        # No sum over a window overflows if none of the first run's samples is huge, nor any deviation from these.
        samples = 2.0 * measured.steps * measured.origin
        results = (samples, measured.sums, measured.squares, measured.totals, self._learner.values)
        return self._finished and all(np.isfinite(x).all() for x in results)

    def block(self, temperatures: Floats | None) -> Block:
        """The results, with the temperature at each step if the policy has one."""
        measured, runs = self._measured, self._measured.runs
        with np.errstate(all="ignore"):
            means = measured.origin + measured.sums / runs
            squares = np.maximum(measured.squares - measured.sums**2 / runs, 0.0)
        numbers = zip(METRICS, means, squares, strict=True)
        curves = {metric: Moments(runs, mean, square) for metric, mean, square in numbers}
        if temperatures is not None:
            curves["temperature"] = Moments(runs, temperatures, np.zeros(len(temperatures)))
        if self._temperatures is not None:
            curves["temperature"] = Moments.joined(self._temperatures)
        totals = dict(zip(BANDITS.kept, measured.totals[:, :runs], strict=True))
        means = over_windows(measured.parts, measured.starts)
        windows = {metric: means[:, m, :runs].T for m, metric in enumerate(BANDITS.windowed)}
        return Block(curves, totals, windows, measured.ranks.sum(axis=2) / runs)


def _payment(bandit: Any) -> Any:
    """Whether rewards have two levels, their difference or the scale of the noise, and the lower level; what draws it.

    The noise is drawn by the bandit itself if that is None.
    """
    if type(bandit) is SwitchingBandit:
        return _payment(bandit.bandit)
    if type(bandit) is GaussianBandit:
        return False, (bandit.sd, 0.0), pcg.normals
    if type(bandit) is BernoulliBandit:
        return True, (1.0, 0.0), pcg.uniforms
    if type(bandit) is HeavyTailedBandit:
        return False, (bandit.scale, 0.0), None
    if type(bandit) is RescaledBandit and (paid := _payment(bandit.bandit)):
        bernoulli, (scale, base), noise = paid
        units = bandit.factor * scale, bandit.factor * base + bandit.offset
        return bernoulli, units, partial(_rescaled, noise, bandit) if bernoulli else noise
    return (False, (0.0, 0.0), None) if type(bandit) is AdversarialBandit else None


def _rescaled(noise: Any, bandit: RescaledBandit, rng: np.random.Generator) -> Any:
    """A function that fills an array with noise in the units of the means of a rescaled bandit."""
    draw = noise(rng)

    def fill(out: Floats) -> None:
        draw(out)
        out *= bandit.factor
        out += bandit.offset

    return fill


def _pays_at_most_1(bandit: Any) -> bool:
    """Whether all rewards are in [0, 1]."""
    if type(bandit) is AdversarialBandit:
        return all(0.0 <= reward <= 1.0 for row in bandit.rewards for reward in row)
    bernoulli, (scale, base), _ = _payment(bandit)
    return bool(bernoulli) and base >= 0.0 and base + scale <= 1.0


def _drifts(bandit: Any) -> bool:
    if type(bandit) is RescaledBandit:
        return _drifts(bandit.bandit)
    return type(bandit) in (SwitchingBandit, AdversarialBandit) or getattr(bandit, "drift", 0.0) > 0.0
