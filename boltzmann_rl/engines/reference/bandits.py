"""The reference engine for bandits: one Python loop over steps, all runs of a block as rows, policies as written."""

from typing import Any

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.bandits.stationary import checked_result
from boltzmann_rl.decisions.act import decide, probabilities
from boltzmann_rl.engines.blocks import BLOCK, Block
from boltzmann_rl.engines.metrics import BANDITS
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.policies.parameters import temperature_at
from boltzmann_rl.protocols import Bandit, memory_of, traits_of
from boltzmann_rl.streams import stream

__all__ = ["simulate"]


# Steps that are kept before they are taken into the moments: memory does not grow with the number of steps.
_TAPE = 32


def simulate(
    bandit: Bandit, agent: Agent, *, block: int, runs: int, steps: int, seed: int, uncounted_steps: int = 0
) -> Block:
    """Play ``runs`` ≤ BLOCK runs of ``steps`` steps, and measure them.

    Reads five streams keyed by the seed and the number of the block, at the full width: ``problem`` (the means),
    ``reward`` (one variate a run and step), ``action`` (one uniform a decision; a policy that perturbs every action
    reads ``perturbation`` instead), ``drift`` and ``learner`` (at the width of its rows, should a learner draw).
    None is keyed by the agent: all agents meet the same problems, the same luck and the same coins.

    Measured per step: ``reward``; ``best_action``, whether the arm chosen has the highest mean; ``regret``, by how
    much its mean lies below the highest; ``expected_reward`` and ``expected_regret``, the means averaged over the
    policy's probabilities, which have far less variance; ``cumulative_regret``; ``entropy`` of the policy in nats;
    ``effective_actions``, its exponential; and ``temperature`` of policies that have one. The mean of a temperature
    that is infinite in some runs, as `RelativeToRange`'s is where all estimates tie, is infinite, and so are both ends
    of its interval. The totals of the runs leave out the first ``uncounted_steps``.

    Raises:
        ValueError: A reward that is not finite, rewards or regrets of a run that add up to more than a float holds, or
            a policy whose answer is no distribution.
    """
    with np.errstate(under="ignore"):  # as by default; what underflows is rounded to 0, whatever the session says
        return _played(bandit, agent, block, runs, steps, seed, uncounted_steps)


def _played(bandit: Bandit, agent: Agent, block: int, runs: int, steps: int, seed: int, uncounted_steps: int) -> Block:
    learner, policy, traits = agent.learner, agent.policy, traits_of(agent.policy)
    problem, luck, coins, drift, learning = (
        stream(seed, purpose, block) for purpose in ("problem", "reward", traits.stream, "drift", "learner")
    )
    shape = (BLOCK, bandit.arms)
    means = checked_result(bandit, "start", bandit.start(BLOCK, problem), shape)
    gaps = _gaps(means[:runs])
    state = learner.start((runs, bandit.arms), learning)
    clock = _Clock(agent.clock, (runs, bandit.arms))
    tape = _Tape(runs, steps, uncounted_steps)
    rows = np.arange(runs)
    width = traits.uniforms(shape)
    for step in range(steps):
        values = learner.values(state)
        now = clock.read(step)
        memory = memory_of(learner, state) if traits.takes_memory else None
        p = probabilities(policy, values, now, memory)
        action = decide(policy, p, values, now, coins.random(width)[:runs], memory)
        noise = checked_result(bandit, "noise", bandit.noise(BLOCK, luck), (BLOCK,))
        with np.errstate(over="ignore"):  # what overflows is refused
            reward = checked_result(bandit, "reward", bandit.reward(means[rows, action], noise[:runs]), (runs,))
        if not np.isfinite(reward).all():
            raise ValueError(
                f"{bandit!r} paid {reward[~np.isfinite(reward)][0]} at step {step}: rewards must be finite"
            )
        tape.record(reward, p, means[:runs], gaps, gaps[rows, action], _temperature(traits.temperature, values, now))
        clock.advance(action)
        state = learner.update(state, action, reward, p, learning)
        moved = bandit.move(means, drift)
        if moved is not means:
            means = checked_result(bandit, "move", moved, shape)
            gaps = _gaps(means[:runs])
    return tape.block()


class _Clock:
    """The steps that a policy is given: one for all runs, or the pulls of each action."""

    def __init__(self, clock: str, shape: tuple[int, int]) -> None:
        self._pulls = np.zeros(shape, dtype=np.int64) if clock == "pulls" else None
        self._rows = np.arange(shape[0])

    def read(self, step: int) -> Any:
        return step if self._pulls is None else self._pulls

    def advance(self, action: Any) -> None:
        if self._pulls is not None:
            self._pulls[self._rows, action] += 1


class _Tape:
    """The last few steps of every metric, taken into moments when full, and the totals of each run."""

    def __init__(self, runs: int, steps: int, uncounted: int) -> None:
        self._runs, self._steps, self._uncounted, self._at = runs, steps, uncounted, 0
        self._cumulative = np.zeros(runs)
        self._samples: dict[str, Floats] = {}
        self._parts: dict[str, list[Moments]] = {}
        self._sums: dict[str, Floats] = {}

    def record(
        self, reward: Floats, p: Floats, means: Floats, gaps: Floats, regret: Floats, temperature: dict[str, Any]
    ) -> None:
        """What there is to measure of a step, of which numbers near the largest may overflow to ∞."""
        with np.errstate(all="ignore"):
            self._cumulative += regret
            entropy = _entropy(p)
            self._add(
                reward=reward,
                best_action=regret == 0.0,
                regret=regret,
                expected_reward=np.einsum("ra,ra->r", p, means),
                expected_regret=np.einsum("ra,ra->r", p, gaps),  # best − expected would be rounded as the means are
                cumulative_regret=self._cumulative,
                entropy=entropy,
                effective_actions=np.exp(entropy),
                **temperature,
            )

    def _add(self, **metrics: Any) -> None:
        if not self._samples:
            self._samples = {metric: np.empty((_TAPE, self._runs)) for metric in metrics}
            self._parts = {metric: [] for metric in metrics}
            self._sums = {metric: np.zeros(self._runs) for metric in metrics}
        line = self._at % _TAPE
        for metric, sample in metrics.items():
            self._samples[metric][line] = sample
        self._at += 1
        if line == _TAPE - 1 or self._at == self._steps:
            self._take_in(line + 1)

    def _take_in(self, lines: int) -> None:
        first_counted = max(0, self._uncounted - (self._at - lines))
        for metric, samples in self._samples.items():
            self._parts[metric].append(Moments.of(samples[:lines]))
            for sample in samples[first_counted:lines]:  # one by one: NumPy would sum a single run in another order
                self._sums[metric] += sample

    def block(self) -> Block:
        curves = {
            metric: Moments(
                self._runs,
                np.concatenate([p.mean for p in parts]),
                np.concatenate([p.squares for p in parts]),
            )
            for metric, parts in self._parts.items()
        }
        totals = {metric: self._sums[metric] for metric in BANDITS.kept}
        for metric, total in totals.items():
            beyond = total[~np.isfinite(total)]
            if beyond.size:
                raise ValueError(
                    f"the {metric}s of a run must add up to what a float holds, got {beyond[0]} after {self._steps} "
                    "steps: count rewards in larger units"
                )
        return Block(curves, totals)


def _gaps(means: Floats) -> Floats:
    """By how much each arm's mean lies below the best one's; finite, so that a probability of 0 makes 0 of it."""
    with np.errstate(over="ignore", under="ignore"):
        return np.minimum(means.max(axis=1, keepdims=True) - means, np.finfo(np.float64).max)


def _entropy(p: Floats) -> Floats:
    """In nats; the probabilities are the policy's own, checked already."""
    logarithm = np.log(np.maximum(p, np.finfo(np.float64).tiny))  # finite where p = 0, and times 0
    return np.maximum(-np.einsum("ra,ra->r", p, logarithm), 0.0)


def _temperature(temperature: Any, values: Floats, step: Any) -> dict[str, Any]:
    """Of policies that have one."""
    return {} if temperature is None else {"temperature": temperature_at(temperature, values, step)}
