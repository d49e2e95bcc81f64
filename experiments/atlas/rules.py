"""The rules: references that are tuned on each problem, and rules that need no tuning.

The first constants of each grid were stated beforehand; the choosing problems choose among all of them.
"""

from typing import Any

import boltzmann_rl as brl
from atlas.candidates import BOTH, HORIZON, NOTHING, TUNED, Known, Rule, grid, powers
from boltzmann_rl.schedules import Exponential, Linear, Power


def plain(known: Known, policy: Any) -> brl.Agent:
    """A policy on the problem's own learner."""
    return brl.Agent(known.learner, policy)


def first(known: Known, policy: Any) -> brl.Agent:
    """A policy that tries every action first: in an environment every action of a state."""
    return brl.Agent(brl.EveryActionFirst(known.learner), policy)


def noisy(known: Known, scale: Any) -> brl.Agent:
    """Every action first, then Boltzmann in units of the observed noise."""
    learner = brl.EveryActionFirst(brl.NoiseEstimate(known.learner))
    return brl.Agent(learner, brl.Boltzmann(brl.RelativeToNoise(scale)))


def softmax(known: Known, temperature: Any) -> brl.Agent:
    """Boltzmann exploration on the problem's own learner."""
    return plain(known, brl.Boltzmann(temperature))


def over(steps: float, start: float, end: float) -> Any:
    """A temperature that falls exponentially over the horizon, from ``start`` to ``end``·``start``."""
    return Exponential(start, start * end, steps=max(1, round(steps)))


def _gumbel(known: Known, c: float) -> brl.Agent:
    return brl.Agent(brl.NoiseEstimate(known.learner), brl.BoltzmannGumbel(brl.RelativeToNoise(c)))


# The references: the best of each grid on the problem itself, in units that know its scale.
_STARTS, _ENDS = powers(-4, 2), (0.1, 0.01, 0.001, 0.0001)

CONSTANT = Rule(
    "tuned constant",
    TUNED,
    lambda known, c: softmax(known, known.scale * c),
    grid(powers(-10, 4)),
    boltzmann=True,
)
SCHEDULE = Rule(
    "tuned schedule",
    TUNED,
    lambda known, start, end: softmax(known, over(known.steps, known.scale * start, end)),
    grid(_STARTS, _ENDS),
    boltzmann=True,
)
FIRST_CONSTANT = Rule(
    "tuned constant, first",
    TUNED,
    lambda known, c: first(known, brl.Boltzmann(known.scale * c)),
    grid(powers(-10, 4)),
    boltzmann=True,
)
FIRST_SCHEDULE = Rule(
    "tuned schedule, first",
    TUNED,
    lambda known, start, end: first(known, brl.Boltzmann(over(known.steps, known.scale * start, end))),
    grid(_STARTS, _ENDS),
    boltzmann=True,
)

# Among which the tuned constant is chosen, and the tuned constant or schedule.
CONSTANTS = (CONSTANT,)
REFERENCES = (CONSTANT, SCHEDULE, FIRST_CONSTANT, FIRST_SCHEDULE)

# In units of the noise: the start of a falling temperature, and its end as a fraction of the start.
_FALLING = grid((0.4, 0.2, 0.8, 1.6), (0.001, 0.0001, 0.01))

# Rules for bandits and for environments.
UNIFORM = Rule("uniform", NOTHING, lambda known: plain(known, brl.Uniform()))

EVERYWHERE = (
    UNIFORM,
    Rule("τ = 1", NOTHING, lambda known: softmax(known, 1.0), boltzmann=True),
    Rule(
        "τ = c·range of values",
        NOTHING,
        lambda known, c: softmax(known, brl.RelativeToRange(c)),
        grid((0.1, 0.03, 0.3)),
        boltzmann=True,
    ),
    Rule(
        "τ = c·spread of values",
        NOTHING,
        lambda known, c: softmax(known, brl.RelativeToSpread(c)),
        grid((0.3, 0.1, 0.2, 0.5, 1.0)),
        boltzmann=True,
    ),
    Rule("GLIE", NOTHING, lambda known: softmax(known, brl.GLIE()), boltzmann=True),
    Rule("greedy by visits", NOTHING, lambda known: softmax(known, brl.GreedyByVisits()), boltzmann=True),
    Rule(
        "greedy by visits, first",
        NOTHING,
        lambda known: first(known, brl.Boltzmann(brl.GreedyByVisits())),
        boltzmann=True,
    ),
    Rule(
        "c effective actions",
        NOTHING,
        lambda known, c: softmax(known, brl.EffectiveActions(c)),
        grid((1.2, 1.05, 1.1, 1.5)),
        boltzmann=True,
    ),
    Rule(
        "τ falls, in units of noise, first",
        HORIZON,
        lambda known, start, end: noisy(known, over(known.steps, start, end)),
        _FALLING,
        boltzmann=True,
    ),
    Rule(
        "τ falls, horizon ÷ 10",
        HORIZON,
        lambda known, start, end: noisy(known, over(known.steps / 10, start, end)),
        grid((0.4,), (0.001,)),
        boltzmann=True,
    ),
    Rule(
        "τ falls, horizon × 10",
        HORIZON,
        lambda known, start, end: noisy(known, over(known.steps * 10, start, end)),
        grid((0.4,), (0.001,)),
        boltzmann=True,
    ),
    Rule(
        "τ falls, true noise",
        BOTH,
        lambda known, start, end: softmax(known, over(known.steps, known.scale * start, end)),
        grid((0.4, 0.8), (0.001, 0.0001)),
        boltzmann=True,
    ),
    Rule("ε = 0.1", NOTHING, lambda known: plain(known, brl.EpsilonGreedy(0.1))),
    Rule(
        "ε = c, first",
        NOTHING,
        lambda known, c: first(known, brl.EpsilonGreedy(c)),
        grid((0.03, 0.01, 0.1)),
    ),
    Rule("ε = 1/t", NOTHING, lambda known: plain(known, brl.EpsilonGreedy(Power(1.0)))),
    Rule("greedy, every action first", NOTHING, lambda known: first(known, brl.Greedy())),
)

BANDIT_RULES = (
    *EVERYWHERE,
    # Not in environments: where actions are masked, as many effective actions as there are actions are infeasible.
    Rule(
        "effective actions, all to c",
        HORIZON,
        lambda known, c: softmax(known, brl.EffectiveActions(Linear(known.actions, c, steps=known.steps))),
        grid((1.01, 1.1)),
        boltzmann=True,
    ),
    Rule("brl.recommended", HORIZON, lambda known: brl.recommended(known.actions, known.steps), boltzmann=True),
    Rule(
        "τ = c·noise·(K/(K+t))^p, first",
        NOTHING,
        lambda known, c, p: noisy(known, Power(c, p, per=known.actions)),
        grid((1.6, 0.8, 3.2), (0.75, 0.5, 1.0)),
        boltzmann=True,
    ),
    Rule("Boltzmann–Gumbel, C = c·noise", NOTHING, _gumbel, grid((0.35, 0.25, 0.5, 0.7)), boltzmann=True),
    Rule("Boltzmann–Gumbel, C = 1", NOTHING, lambda known: plain(known, brl.BoltzmannGumbel(1.0)), boltzmann=True),
    Rule(
        "greedy, optimistic",
        NOTHING,
        lambda known: brl.Agent(brl.SampleAverage(initial=5.0, count_initial=True), brl.Greedy()),
    ),
    Rule("UCB1, √2", NOTHING, lambda known: brl.Agent(brl.UCB1(), brl.Greedy())),
    Rule(
        "UCB1, c·noise",
        NOTHING,
        lambda known, c: brl.Agent(brl.UCB1(brl.RelativeToNoise(c)), brl.Greedy()),
        grid((0.7, 0.35, 0.5, 1.0, 1.4)),
    ),
    Rule("Thompson, sd = 1", NOTHING, lambda known: brl.Agent(brl.GaussianPosterior(), brl.GaussianThompson())),
    Rule(
        "Thompson, sd = c·noise",
        NOTHING,
        lambda known, c: brl.Agent(brl.GaussianPosterior(brl.RelativeToNoise(c)), brl.GaussianThompson()),
        grid((0.7, 0.5, 1.0)),
    ),
)

ENVIRONMENT_RULES = (
    *EVERYWHERE,
    Rule(
        "brl.recommended",
        NOTHING,
        lambda known: first(known, brl.recommended(known.actions, states=True)),
        boltzmann=True,
    ),
    Rule(
        "τ = c·noise/√n by visits",
        NOTHING,
        lambda known, c: brl.Agent(
            brl.NoiseEstimate(known.learner), brl.Boltzmann(brl.RelativeToNoise(Power(c, 0.5))), clock="visits"
        ),
        grid((0.3, 0.1, 1.0)),
        boltzmann=True,
    ),
    Rule(
        "τ = c·noise/√n by visits, first",
        NOTHING,
        lambda known, c: brl.Agent(
            brl.EveryActionFirst(brl.NoiseEstimate(known.learner)),
            brl.Boltzmann(brl.RelativeToNoise(Power(c, 0.5))),
            clock="visits",
        ),
        grid((0.3, 0.1, 1.0)),
        boltzmann=True,
    ),
    Rule("greedy", NOTHING, lambda known: plain(known, brl.Greedy())),
    Rule("ε = 1/n by visits", NOTHING, lambda known: brl.Agent(known.learner, brl.EpsilonGreedy(Power(1.0)), "visits")),
    Rule(
        "ε = 1/n by visits, first",
        NOTHING,
        lambda known: brl.Agent(brl.EveryActionFirst(known.learner), brl.EpsilonGreedy(Power(1.0)), "visits"),
    ),
)
