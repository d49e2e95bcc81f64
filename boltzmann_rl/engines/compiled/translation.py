"""Agents in the numbers of the compiled engine for bandits."""

from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.compiled import state, units
from boltzmann_rl.engines.compiled.perturbation import KINDS, Indices
from boltzmann_rl.kernels.vectors import WIDTH, aligned
from boltzmann_rl.learners.adversarial import ImportanceWeightedRewards
from boltzmann_rl.learners.bandit import UCB1, ConstantStep, GradientPreferences, SampleAverage
from boltzmann_rl.learners.classic import UCB1Tuned
from boltzmann_rl.learners.noise import NoiseEstimate
from boltzmann_rl.learners.posterior import GaussianPosterior
from boltzmann_rl.learners.untried import EveryActionFirst
from boltzmann_rl.numerics.plain_temperatures import GREEDY, PLAIN
from boltzmann_rl.policies.mixture import Mixture, mixtures
from boltzmann_rl.policies.noise import RelativeToNoise
from boltzmann_rl.policies.parameters import same_for_many, temperature_at
from boltzmann_rl.policies.perturbation import Noise
from boltzmann_rl.policies.temperatures import Odds
from boltzmann_rl.policies.units import meaning_of, numbers_of
from boltzmann_rl.protocols import is_unit, layers_of, traits_of

# Above this, an index may overflow.
_LARGEST_EXPLORATION = 1e300


class UpdateRule(NamedTuple):
    """A learner in the kernel's numbers."""

    kind: int
    rate: float = 0.0
    initial: float = 0.0
    pulls: float = 0.0
    exploration: float = -1.0  # of upper confidence indices; negative without them
    fixed: float = 0.0
    prior: float = 0.0  # the number of rewards that the prior is worth
    tuned: bool = False  # whether indices depend on the variance of each arm
    noisy: bool = False  # whether the exploration, or the deviation of the posterior, is in units of the noise
    remembers: bool = False  # whether its memory is the noise
    first: bool = False  # whether every arm is pulled once first


class Rule(NamedTuple):
    """A policy in the kernel's numbers, at each step.

    Attributes:
        mixture: Its weights, and its temperatures where these follow from the step; then ``unit`` is PLAIN.
        unit: What the target means: a constant of `boltzmann_rl.numerics.plain_temperatures`.
        target: As in `units.Unit`.
        goal: As in `units.Unit`.
        recorded: Whether each run's temperature is recorded.
        shown: The temperature that is recorded, if all runs have the same; else None.
    """

    mixture: Mixture
    unit: int = PLAIN
    target: Floats = np.zeros(0)
    goal: Floats = np.zeros(0)
    recorded: bool = False
    shown: Floats | None = None


def rule_of(agent: Agent, steps: int) -> Rule:
    """The policy at each step.

    Raises:
        Exception: Whatever is wrong at a step; the reference raises it again, and names the step.
    """
    if indices_of(agent) is not None:
        zero = np.zeros(steps)
        return Rule(Mixture(zero, zero, zero, np.ones(steps)))
    uniform, soft, greedy, temperature = mixtures(agent.policy, 0, steps)
    shown: Any = traits_of(agent.policy).temperature
    if type(temperature) is Odds:
        temperature = _temperatures(temperature, steps)
    if is_unit(temperature):
        mixture = _limited(uniform, soft, greedy, 1.0, steps)
        recorded = is_unit(shown)
        return Rule(mixture, *_target(temperature, steps), recorded, None if recorded else _shown(shown, steps))
    return Rule(_limited(uniform, soft, greedy, temperature, steps), shown=_shown(shown, steps))


def _limited(uniform: Floats, soft: Floats, greedy: Floats, temperature: Any, steps: int) -> Mixture:
    """The mixture at each step; softmax at a temperature of 0 or ∞ moves to the greedy or the uniform part."""
    uniform, soft, greedy, temperature = np.array([x + np.zeros(steps) for x in (uniform, soft, greedy, temperature)])
    if not (temperature[soft > 0.0] >= 0.0).all():
        raise ValueError(f"temperature must be 0 or more, got {temperature[~(temperature >= 0.0)][0]}")
    cold, hot = temperature == 0.0, np.isinf(temperature)
    return Mixture(
        uniform + np.where(hot, soft, 0.0),
        np.where(cold | hot, 0.0, soft),
        greedy + np.where(cold, soft, 0.0),
        np.where(cold | hot | (soft == 0.0), 1.0, temperature),
    )


def _shown(temperature: Any, steps: int) -> Floats | None:
    """The temperature that a policy shows at each step; None if it has none."""
    return None if temperature is None else _temperatures(temperature, steps)


def _temperatures(temperature: Any, steps: int) -> Floats:
    """A temperature at each step, which does not depend on values."""
    if is_unit(temperature) and not all(map(same_for_many, vars(temperature).values())):
        return np.array([temperature_at(temperature, np.zeros(1), step) for step in range(steps)])
    found: Floats = temperature_at(temperature, np.zeros((steps, 1)), np.arange(steps)) + np.zeros(steps)
    return found


def _target(unit: Any, steps: int) -> tuple[int, Floats, Floats]:
    """What a unit is relative to, its target and its goal at each step."""
    kind, target = meaning_of(unit), numbers_of(unit, 0, steps)
    with np.errstate(divide="ignore"):
        return kind, target, np.log((1.0 - target) / target) if kind == GREEDY else target


def policy_of(rule: Rule, indices: Indices | None, learner: UpdateRule, shape: tuple[int, int, int], chunk: int) -> Any:
    """The kernel's policy; at some steps all weights are computed anew."""
    mixture, steps = rule.mixture, len(rule.mixture.soft)
    changed = np.ones(steps + 1, dtype=np.int64)
    if learner.kind <= state.REWARDS and learner.exploration < 0.0 and rule.unit == PLAIN:
        changed[1:-1] = np.diff(mixture.temperature) != 0.0
        changed[1:-1] |= (mixture.soft[1:] == 0.0) | (mixture.soft[:-1] == 0.0)
        if learner.first:
            changed[: shape[1] + 1] = 1
    weights, reference, clock = aligned(shape, 1.0), aligned(shape[::2]), aligned(shape)
    parts = mixture.uniform, mixture.soft, mixture.greedy, 1.0 / mixture.temperature, changed
    return state.Policy(*parts, weights, reference, indices, clock, _unit(rule, shape, chunk))


def _unit(rule: Rule, shape: tuple[int, int, int], chunk: int) -> units.Unit | None:
    if rule.unit == PLAIN:
        return None
    tiles, arms, _ = shape
    with np.errstate(divide="ignore"):
        logarithms = np.log(np.arange(arms + 1.0))
    found = aligned((chunk, tiles, WIDTH))
    given = rule.unit, rule.recorded, rule.target, rule.goal, logarithms
    return units.Unit(*given, aligned(shape[::2], np.nan), found, np.zeros(1))


def learner_of(rule: UpdateRule, shape: tuple[int, int, int], steps: int) -> state.Learner:
    """The learner at the start; NumPy takes the logarithms, so that indices tie as in the reference."""
    with np.errstate(divide="ignore"):
        logarithm = np.log(np.arange(steps, dtype=np.float64))
    values, pulls = aligned(shape, rule.initial), aligned(shape, rule.pulls)
    squares, means, counts = aligned((3, *shape))
    known, seen, deviations, degrees = aligned((4, *shape[::2]))
    measured = rule.remembers or rule.noisy or rule.first  # the last for its number of pulls
    noise = state.Noise(measured, rule.first, means, counts if measured else pulls, deviations, degrees)
    parameters = rule.kind, rule.rate, rule.fixed, rule.exploration, rule.noisy, rule.tuned
    return state.Learner(*parameters, logarithm, values, pulls, squares, known, seen, noise)


def indices_of(agent: Agent) -> Indices | None:
    """The perturbed indices of a policy; None if it has none that the kernel supports."""
    traits, rule = traits_of(agent.policy), update_rule(agent.learner)
    noise: Any = traits.noise if traits.uniforms_per_action else None
    if not isinstance(noise, Noise) or noise.distribution not in KINDS or rule is None:
        return None
    kind, learner = KINDS.index(noise.distribution), innermost(agent.learner)
    if type(learner) is not GaussianPosterior:
        if isinstance(noise.scale, float):
            return Indices(kind, noise.scale)
        known = noise.scale is not None and rule.remembers
        return Indices(kind, _number_of(noise.scale), noisy=True) if known else None
    if noise.scale is not None or rule.remembers:
        return None
    return Indices(kind, _number_of(learner.sd), rule.prior, learner.prior_mean, rule.first, rule.noisy)


def _number_of(scale: Any) -> float:
    """A number, also one in units of the noise."""
    number: Any = scale.scale if isinstance(scale, RelativeToNoise) else scale
    return float(number)


def innermost(learner: Any) -> Any:
    """The learner within the layers that the kernel knows."""
    while type(learner) in (NoiseEstimate, EveryActionFirst):
        learner = learner.learner
    return learner


def update_rule(learner: Any) -> Any:
    """The learner as the kernel's `UpdateRule`, or None."""
    layers = [type(layer) for layer in layers_of(learner)]
    remembers, first = (layers.count(kind) for kind in (NoiseEstimate, EveryActionFirst))
    rule = _rule_of(innermost(learner))
    if rule is None or remembers > 1 or first > 1:
        return None
    return rule._replace(remembers=remembers == 1, first=first == 1)


def _rule_of(learner: Any) -> UpdateRule | None:
    if type(learner) is SampleAverage:
        return UpdateRule(state.AVERAGE, initial=learner.initial, pulls=float(learner.count_initial))
    if type(learner) is GaussianPosterior:
        if isinstance(learner.sd, RelativeToNoise):
            return UpdateRule(state.AVERAGE, noisy=True)
        return UpdateRule(state.AVERAGE, initial=learner.prior_mean, prior=(learner.sd / learner.prior_sd) ** 2)
    if type(learner) is ConstantStep:
        return UpdateRule(state.FADING, learner.learning_rate, learner.initial)
    if type(learner) is UCB1Tuned:
        return UpdateRule(state.AVERAGE, exploration=0.0, tuned=True)
    if type(learner) is UCB1:
        noisy, exploration = isinstance(learner.exploration, RelativeToNoise), _number_of(learner.exploration)
        if exploration < _LARGEST_EXPLORATION and (exploration > 0.0 or not noisy):  # 0 · ∞ is undefined
            return UpdateRule(state.AVERAGE, exploration=exploration, noisy=noisy)
    if type(learner) is GradientPreferences:
        kinds = {"previous": state.GRADIENT_PREVIOUS, "current": state.GRADIENT_CURRENT}
        if isinstance(learner.baseline, str):
            return UpdateRule(kinds[learner.baseline], learner.learning_rate)
        return UpdateRule(state.GRADIENT_FIXED, learner.learning_rate, fixed=learner.baseline)
    # Not importance-weighted losses, which amplify the last bit of a propensity until the two engines disagree.
    return UpdateRule(state.REWARDS) if type(learner) is ImportanceWeightedRewards else None
