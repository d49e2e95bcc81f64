"""The reference engine for bandits: one Python loop over steps, with the runs as rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.bandits.stationary import checked_result
from boltzmann_rl.decisions.act import decide, probabilities
from boltzmann_rl.engines.blocks import BLOCK, Block
from boltzmann_rl.engines.metrics import (
    BANDITS,
    WINDOWS,
    Moment,
    Own,
    bounds_of,
    over_windows,
    own_samples,
    points_of,
    segments_of,
    unit_of,
)
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.policies.parameters import temperature_at
from boltzmann_rl.protocols import Bandit, memory_of, traits_of
from boltzmann_rl.streams import stream

# Steps that are kept before they are merged into the moments, so that memory does not grow with the number of steps.
_BUFFER_STEPS = 32


def simulate(bandit: Bandit, agent: Agent, *, block: int, runs: int, **work: Any) -> Block:
    """`simulate_ranges` for the first ``runs`` runs of a block."""
    return simulate_ranges(bandit, agent, [(block * BLOCK, runs)], **work)[0]


@np.errstate(under="ignore")  # as by default: underflow rounds to 0, whatever the caller has set
def simulate_ranges(
    bandit: Bandit,
    agent: Agent,
    ranges: Sequence[tuple[int, int]],
    *,
    steps: int,
    seed: int,
    windows: int = WINDOWS,
    uncounted_steps: int = 0,
    own: Own = (),
) -> list[Block]:
    """Simulate ranges of runs of ``steps`` steps, and measure each range, with the same bytes as if it were alone.

    Draws from five streams keyed by the seed and the number of the block, always for a full block: ``problem`` (the
    means), ``reward`` (one variate per run and step), ``action`` (one uniform per decision; a policy that perturbs
    every action draws from ``perturbation`` instead), ``drift``; and ``learner``, keyed by the first run of the range,
    only if the learner draws. No stream depends on the agent: all agents face the same problems, reward noise and
    uniforms.

    Measured per step: ``reward``; ``best_action``, whether the chosen arm has the highest mean; ``regret``, the
    distance of its mean from the highest; ``expected_reward`` and ``expected_regret``, averaged over the policy's
    probabilities, which have far less variance; ``cumulative_regret``; ``entropy`` of the policy in nats;
    ``effective_actions``, its exponential; and the policy's ``temperature``, if it has one. If the temperature is
    infinite in some runs, as that of `RelativeToRange` is while all estimates tie, its mean is infinite, and so are
    both ends of its interval. Totals of runs leave out the first ``uncounted_steps``; they
    are added up window by window. A metric in ``own`` is measured
    like ``reward``; it is called with the rows of all ranges, so it must be a function of each row alone.

    Args:
        bandit: The problem.
        agent: Its learner and policy.
        ranges: Number of the first run and number of runs of each range, all in the same block of BLOCK runs.
        steps: Pulls per run.
        seed: In [0, 2⁶³).
        windows: Number of windows of each run.
        uncounted_steps: Pulls that the totals leave out.
        own: The user's metrics with their labels.

    Raises:
        ValueError: A reward that is not finite; rewards or regrets of a run whose sum overflows; a policy that does
            not return a distribution; or a metric that does not return finite floats.
    """
    buffer = _Buffer([runs for _, runs in ranges], steps, uncounted_steps, windows, own)
    if _record(bandit, agent, ranges, buffer, steps=steps, seed=seed):
        return buffer.blocks()
    given: Any = {"steps": steps, "seed": seed, "windows": windows, "uncounted_steps": uncounted_steps, "own": own}
    return [simulate_ranges(bandit, agent, [alone], **given)[0] for alone in ranges]


def _record(
    bandit: Bandit, agent: Agent, ranges: Sequence[tuple[int, int]], buffer: "_Buffer", *, steps: int, seed: int
) -> bool:
    """Simulate ranges together; whether that gives what each alone gives: not if the learner draws."""
    learner, policy, traits, block = agent.learner, agent.policy, traits_of(agent.policy), ranges[0][0] // BLOCK
    problem, rewards, actions, drift = (
        stream(seed, purpose, block) for purpose in ("problem", "reward", traits.stream, "drift")
    )
    learning = stream(seed, "learner", ranges[0][0])
    undrawn = learning.bit_generator.state
    mine: Any = np.concatenate([np.arange(first, first + runs) for first, runs in ranges]) - block * BLOCK
    shape, rows = (BLOCK, bandit.arms), np.arange(len(mine))
    if (np.diff(mine) == 1).all():  # a slice takes less time
        mine = slice(mine[0], mine[-1] + 1)
    every_mean = checked_result(bandit, "start", bandit.start(BLOCK, problem), shape)
    means = every_mean[mine]
    gaps = _gaps(means)
    state = learner.start((len(rows), bandit.arms), learning)
    pulls = np.zeros((len(rows), bandit.arms), dtype=np.int64) if agent.clock == "pulls" else None
    width = traits.uniforms(shape)
    for step in range(steps):
        values = learner.values(state)
        now = step if pulls is None else pulls
        memory = memory_of(learner, state) if traits.takes_memory else None
        p = probabilities(policy, values, now, memory)
        action = decide(policy, p, values, now, actions.random(width)[mine], memory)
        noise = checked_result(bandit, "noise", bandit.noise(BLOCK, rewards), (BLOCK,))
        reward = _paid(bandit, means[rows, action], noise[mine], step)
        temperature = None
        if traits.temperature is not None:
            temperature = temperature_at(traits.temperature, values, now, memory=memory)
        buffer.record(Moment(step, values, p, action, reward, means), gaps, temperature)
        if pulls is not None:
            pulls[rows, action] += 1
        state = learner.update(state, action, reward, p, learning)
        if len(ranges) > 1 and learning.bit_generator.state != undrawn:
            return False
        moved = bandit.move(every_mean, drift)
        if moved is not every_mean:
            every_mean = checked_result(bandit, "move", moved, shape)
            means = every_mean[mine]
            gaps = _gaps(means)
    return True


def _paid(bandit: Bandit, means: Floats, noise: Floats, step: int) -> Floats:
    """The checked rewards of arms with these means."""
    with np.errstate(over="ignore"):  # an infinite reward is refused below
        reward = checked_result(bandit, "reward", bandit.reward(means, noise), means.shape)
    if not np.isfinite(reward).all():
        raise ValueError(f"{bandit!r} paid {reward[~np.isfinite(reward)][0]} at step {step}: rewards must be finite")
    return reward


class _Buffer:
    """The latest steps of every metric, which are merged into moments when it is full; totals and windows of runs."""

    def __init__(self, sizes: list[int], steps: int, uncounted: int, windows: int, own: Own) -> None:
        self._own, labels = own, [label for label, _ in own]
        self._ends, self._steps, self._uncounted, self._at = np.cumsum(sizes), steps, uncounted, 0
        self._runs = sum(sizes)
        self._cumulative = np.zeros(self._runs)
        self._samples: dict[str, Floats] = {}
        self._parts: dict[str, list[list[Moments]]] = {}
        self._bounds, self._kept = bounds_of(steps, windows), (*BANDITS.kept, *labels)
        self._segments, self._starts = segments_of(self._bounds, uncounted)
        self._unit, shape = unit_of(self._bounds), (len(self._segments) - 1, self._runs)
        self._sums = {metric: np.zeros(shape) for metric in (*BANDITS.windowed, *labels)}
        self._points = set(points_of(steps).tolist())
        self._ranks: list[list[Floats]] = [[] for _ in sizes]
        self._ordered: tuple[Any, Any] = None, None

    def record(self, moment: Moment, gaps: Floats, temperature: Any) -> None:
        """Add the metrics of a step."""
        _, _, p, action, reward, means = moment
        regret = gaps[np.arange(len(action)), action]
        if self._at in self._points:
            self._rank(p, means)
        measured = {} if temperature is None else {"temperature": temperature}
        if self._own:
            seen = Moment._make(_fixed(part) if isinstance(part, np.ndarray) else part for part in moment)
            measured |= {label: own_samples(label, metric, seen, reward.shape) for label, metric in self._own}
        with np.errstate(all="ignore"):  # numbers near the largest float may overflow to ∞
            self._cumulative += regret
            entropy = _entropy(p)
            self._add(
                reward=reward,
                best_action=regret == 0.0,
                regret=regret,
                expected_reward=np.einsum("ra,ra->r", p, means),
                expected_regret=np.einsum("ra,ra->r", p, gaps),  # exact where means are large
                cumulative_regret=self._cumulative,
                entropy=entropy,
                effective_actions=np.exp(entropy),
                **measured,
            )

    def _rank(self, p: Floats, means: Floats) -> None:
        """Add the probabilities of a step in the order of the means."""
        if means is not self._ordered[0]:  # the order of means that never change is found once
            cells = np.argsort(-means, axis=1, kind="stable")
            cells += np.arange(0, means.size, means.shape[1])[:, np.newaxis]
            self._ordered = means, cells
        ranked = p.take(self._ordered[1])  # in a sixth of the time of take_along_axis
        for ranks, part in zip(self._ranks, np.split(ranked, self._ends[:-1]), strict=True):
            ranks.append(part.mean(axis=0))

    def _add(self, **metrics: Any) -> None:
        if not self._samples:
            self._samples = {metric: np.empty((_BUFFER_STEPS, self._runs)) for metric in metrics}
            self._parts = {metric: [] for metric in metrics}
        line = self._at % _BUFFER_STEPS
        for metric, sample in metrics.items():
            self._samples[metric][line] = sample
        self._at += 1
        if line == _BUFFER_STEPS - 1 or self._at == self._steps:
            self._merge(line + 1)

    def _merge(self, lines: int) -> None:
        first = self._at - lines
        for metric, samples in self._samples.items():
            # Contiguous, so that the samples are added up in the same order as if the range were alone.
            self._parts[metric].append(
                [Moments.of(np.ascontiguousarray(part)) for part in self._split(samples[:lines])]
            )
        numbers = (np.searchsorted(self._segments, np.arange(first, self._at), side="right") - 1).tolist()
        for metric, sums in self._sums.items():
            for number, sample in zip(numbers, self._samples[metric][:lines] * self._unit, strict=True):
                sums[number] += sample  # in this order, unlike samples.sum() of one run

    def _split(self, samples: Floats) -> list[Floats]:
        """The samples of each range, by the last axis."""
        return np.split(samples, self._ends[:-1], axis=-1)

    def blocks(self) -> list[Block]:
        sizes = np.diff(self._bounds)[:, np.newaxis] * self._unit
        totals = {metric: self._split(self._total(metric)) for metric in self._kept}
        windows = {metric: self._split(over_windows(sums, self._starts) / sizes) for metric, sums in self._sums.items()}
        blocks = []
        for number in range(len(self._ends)):
            curves = {
                metric: Moments.joined([merged[number] for merged in parts]) for metric, parts in self._parts.items()
            }
            total, window = ({metric: part[number] for metric, part in kept.items()} for kept in (totals, windows))
            window = {metric: np.ascontiguousarray(part.T) for metric, part in window.items()}
            blocks.append(Block(curves, total, window, np.array(self._ranks[number])))
        return blocks

    def _total(self, metric: str) -> Floats:
        """The sum of each run's counted segments."""
        total = np.zeros(self._runs)
        with np.errstate(all="ignore"):  # it may overflow to ∞
            for sums in self._sums[metric][np.searchsorted(self._segments, self._uncounted) :]:
                total += sums / self._unit
        beyond = total[~np.isfinite(total)]
        if beyond.size:
            raise ValueError(
                f"the sum of the {metric}s of a run must be finite, got {beyond[0]} after {self._steps} steps: "
                "measure rewards in larger units"
            )
        return total


def _fixed(array: Any) -> Any:
    """A view that can't be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def _gaps(means: Floats) -> Floats:
    """The distance of each arm's mean from the best one; finite, so that its product with a probability of 0 is 0."""
    with np.errstate(over="ignore", under="ignore"):
        return np.minimum(means.max(axis=1, keepdims=True) - means, np.finfo(np.float64).max)


def _entropy(p: Floats) -> Floats:
    """The entropy in nats of probabilities that were checked already."""
    logarithm = np.log(np.maximum(p, np.finfo(np.float64).tiny))  # finite where p = 0
    return np.maximum(-np.einsum("ra,ra->r", p, logarithm), 0.0)
