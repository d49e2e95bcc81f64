"""The reference engine for bandits: one Python loop over steps, with the runs of a block as rows."""

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

# Steps that are kept before they are merged into the moments, so that memory does not grow with the number of steps.
_BUFFER_STEPS = 32


@np.errstate(under="ignore")  # as by default: underflow rounds to 0, whatever the caller has set
def simulate(
    bandit: Bandit, agent: Agent, *, block: int, runs: int, steps: int, seed: int, uncounted_steps: int = 0
) -> Block:
    """Simulate ``runs`` ≤ BLOCK runs of ``steps`` steps, and measure them.

    Draws from five streams keyed by the seed and the number of the block, always for a full block: ``problem`` (the
    means), ``reward`` (one variate per run and step), ``action`` (one uniform per decision; a policy that perturbs
    every action draws from ``perturbation`` instead), ``drift``, and ``learner`` (only for its own rows, if the learner
    draws). No stream depends on the agent: all agents face the same problems, reward noise and uniforms.

    Measured per step: ``reward``; ``best_action``, whether the chosen arm has the highest mean; ``regret``, the
    distance of its mean from the highest; ``expected_reward`` and ``expected_regret``, averaged over the policy's
    probabilities, which have far less variance; ``cumulative_regret``; ``entropy`` of the policy in nats;
    ``effective_actions``, its exponential; and the policy's ``temperature``, if it has one. If the temperature is
    infinite in some runs, as that of `RelativeToRange` is while all estimates tie, its mean is infinite, and so are
    both ends of its interval. Totals of runs leave out the first ``uncounted_steps``.

    Raises:
        ValueError: A reward that is not finite; rewards or regrets of a run whose sum overflows; or a policy that does
            not return a distribution.
    """
    learner, policy, traits = agent.learner, agent.policy, traits_of(agent.policy)
    problem, rewards, actions, drift, learning = (
        stream(seed, purpose, block) for purpose in ("problem", "reward", traits.stream, "drift", "learner")
    )
    shape = (BLOCK, bandit.arms)
    means = checked_result(bandit, "start", bandit.start(BLOCK, problem), shape)
    gaps = _gaps(means[:runs])
    state = learner.start((runs, bandit.arms), learning)
    pulls = np.zeros((runs, bandit.arms), dtype=np.int64) if agent.clock == "pulls" else None
    buffer = _Buffer(runs, steps, uncounted_steps)
    rows = np.arange(runs)
    width = traits.uniforms(shape)
    for step in range(steps):
        values = learner.values(state)
        now = step if pulls is None else pulls
        memory = memory_of(learner, state) if traits.takes_memory else None
        p = probabilities(policy, values, now, memory)
        action = decide(policy, p, values, now, actions.random(width)[:runs], memory)
        noise = checked_result(bandit, "noise", bandit.noise(BLOCK, rewards), (BLOCK,))
        with np.errstate(over="ignore"):  # an infinite reward is refused below
            reward = checked_result(bandit, "reward", bandit.reward(means[rows, action], noise[:runs]), (runs,))
        if not np.isfinite(reward).all():
            raise ValueError(
                f"{bandit!r} paid {reward[~np.isfinite(reward)][0]} at step {step}: rewards must be finite"
            )
        shown = {}
        if traits.temperature is not None:
            shown["temperature"] = temperature_at(traits.temperature, values, now)
        buffer.record(reward, p, means[:runs], gaps, gaps[rows, action], shown)
        if pulls is not None:
            pulls[rows, action] += 1
        state = learner.update(state, action, reward, p, learning)
        moved = bandit.move(means, drift)
        if moved is not means:
            means = checked_result(bandit, "move", moved, shape)
            gaps = _gaps(means[:runs])
    return buffer.block()


class _Buffer:
    """The latest steps of every metric, which are merged into moments when it is full, and the totals of each run."""

    def __init__(self, runs: int, steps: int, uncounted: int) -> None:
        self._runs, self._steps, self._uncounted, self._at = runs, steps, uncounted, 0
        self._cumulative = np.zeros(runs)
        self._samples: dict[str, Floats] = {}
        self._parts: dict[str, list[Moments]] = {}
        self._sums: dict[str, Floats] = {}

    def record(
        self, reward: Floats, p: Floats, means: Floats, gaps: Floats, regret: Floats, temperature: dict[str, Any]
    ) -> None:
        """Add the metrics of a step."""
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
                **temperature,
            )

    def _add(self, **metrics: Any) -> None:
        if not self._samples:
            self._samples = {metric: np.empty((_BUFFER_STEPS, self._runs)) for metric in metrics}
            self._parts = {metric: [] for metric in metrics}
            self._sums = {metric: np.zeros(self._runs) for metric in metrics}
        line = self._at % _BUFFER_STEPS
        for metric, sample in metrics.items():
            self._samples[metric][line] = sample
        self._at += 1
        if line == _BUFFER_STEPS - 1 or self._at == self._steps:
            self._merge(line + 1)

    def _merge(self, lines: int) -> None:
        first_counted = max(0, self._uncounted - (self._at - lines))
        for metric, samples in self._samples.items():
            self._parts[metric].append(Moments.of(samples[:lines]))
            for sample in samples[first_counted:lines]:  # not samples.sum(), which adds up one run in another order
                self._sums[metric] += sample

    def block(self) -> Block:
        curves = {
            metric: Moments(
                self._runs, np.concatenate([p.mean for p in parts]), np.concatenate([p.squares for p in parts])
            )
            for metric, parts in self._parts.items()
        }
        totals = {metric: self._sums[metric] for metric in BANDITS.kept}
        for metric, total in totals.items():
            beyond = total[~np.isfinite(total)]
            if beyond.size:
                raise ValueError(
                    f"the sum of the {metric}s of a run must be finite, got {beyond[0]} after {self._steps} steps: "
                    "measure rewards in larger units"
                )
        return Block(curves, totals)


def _gaps(means: Floats) -> Floats:
    """The distance of each arm's mean from the best one; finite, so that its product with a probability of 0 is 0."""
    with np.errstate(over="ignore", under="ignore"):
        return np.minimum(means.max(axis=1, keepdims=True) - means, np.finfo(np.float64).max)


def _entropy(p: Floats) -> Floats:
    """The entropy in nats of probabilities that were checked already."""
    logarithm = np.log(np.maximum(p, np.finfo(np.float64).tiny))  # finite where p = 0
    return np.maximum(-np.einsum("ra,ra->r", p, logarithm), 0.0)
