"""Learning rate and temperature of people who choose, by gradients through their whole history.

    pip install 'boltzmann-rl[jax]' optax
    python docs/fit_choices.py

60 simulated people make 300 choices among four arms whose chances of a reward are drawn anew every 50 choices. Each
person learns with a learning rate α and explores with a temperature τ of their own. The likelihood of the choices is
a scan over them; its gradient and its Hessian give estimates and intervals, for all people at once.
"""

from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from matplotlib.figure import Figure

import boltzmann_rl as brl
from boltzmann_rl.backends import jax as brl_jax

ARMS, CHOICES, BLOCK = 4, 300, 50


class Person(NamedTuple):
    """What a person chose and received ``(choices,)``."""

    arms: np.ndarray
    rewards: np.ndarray


def simulated(learning_rate: float, temperature: float, rng: np.random.Generator) -> Person:
    """A person who learns by Q ← Q + α·(reward − Q) and chooses by softmax(Q/τ)."""
    policy, values, person = brl.Boltzmann(temperature), np.full(ARMS, 0.5), []
    for choice in range(CHOICES):
        if choice % BLOCK == 0:
            chances = rng.permutation([0.2, 0.4, 0.6, 0.8])
        arm = brl.act(policy, values, rng)
        reward = float(rng.random() < chances[arm])
        values[arm] += learning_rate * (reward - values[arm])
        person.append((arm, reward))
    return Person(*map(np.array, zip(*person, strict=True)))


def surprise(parameters: jax.Array, person: Person) -> jax.Array:
    """−ln of the probability of all choices, given ``(logit α, ln τ)``, both without bounds."""
    learning_rate, temperature = jax.nn.sigmoid(parameters[0]), jnp.exp(parameters[1])
    policy = brl_jax.with_parameters(brl.Boltzmann(1.0), temperature=temperature)

    def choose(values: jax.Array, seen: Person) -> tuple[jax.Array, jax.Array]:
        log_probability = brl_jax.log_probability(policy, values, seen.arms)
        learned = values.at[seen.arms].add(learning_rate * (seen.rewards - values[seen.arms]))
        return learned, log_probability

    return -jax.lax.scan(choose, jnp.full(ARMS, 0.5), person)[1].sum()


@jax.jit
@jax.vmap
def fitted(person: Person) -> tuple[jax.Array, jax.Array]:
    """The most likely ``(logit α, ln τ)``, and their standard errors by the Hessian."""
    solver = optax.lbfgs()

    def improve(carry: Any, _: None) -> tuple[Any, None]:
        parameters, state = carry
        value, slope = jax.value_and_grad(surprise)(parameters, person)
        change, state = solver.update(
            slope, state, parameters, value=value, grad=slope, value_fn=lambda p: surprise(p, person)
        )
        return (optax.apply_updates(parameters, change), state), None

    start = jnp.array([0.0, -1.0])
    (parameters, _), _ = jax.lax.scan(improve, (start, solver.init(start)), length=30)
    covariance = jnp.linalg.inv(jax.hessian(surprise)(parameters, person))
    return parameters, jnp.sqrt(jnp.diag(covariance))


def population(people: int, seed: int) -> tuple[np.ndarray, Person]:
    """True ``(logit α, ln τ)`` ``(people, 2)``, and what these people did."""
    rng = np.random.default_rng(seed)
    rates, temperatures = rng.uniform(0.15, 0.85, people), np.exp(rng.uniform(np.log(0.08), np.log(0.6), people))
    persons = [simulated(*pair, rng) for pair in zip(rates, temperatures, strict=True)]
    true = np.stack([np.log(rates / (1.0 - rates)), np.log(temperatures)], axis=-1)
    return true, Person(*map(np.stack, zip(*persons, strict=True)))


def draw(true: np.ndarray, estimates: np.ndarray, errors: np.ndarray) -> Figure:
    """Estimates with 95 % intervals against what is true."""
    figure = Figure(figsize=(7.0, 3.2), layout="constrained")
    shown = ((lambda x: 1 / (1 + np.exp(-x)), "learning rate α", "linear"), (np.exp, "temperature τ", "log"))
    for k, (axes, (unit, name, scale)) in enumerate(zip(figure.subplots(1, 2), shown, strict=True)):
        low, middle, high = (unit(estimates[:, k] + z * errors[:, k]) for z in (-1.96, 0.0, 1.96))
        axes.errorbar(unit(true[:, k]), middle, (middle - low, high - middle), fmt="o", color="#0072B2", ms=3, lw=0.8)
        ends = (unit(true[:, k]).min(), unit(true[:, k]).max())
        axes.plot(ends, ends, color="black", lw=1)
        axes.set(xscale=scale, yscale=scale, xlabel=f"true {name}", ylabel=f"fitted {name}")
        if scale == "log":
            ticks = [0.1, 0.2, 0.5, 1.0]
            axes.set_xticks(ticks[:3], ticks[:3], minor=False)
            axes.set_yticks(ticks, ticks, minor=False)
            axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    true, people = population(60, seed=0)
    estimates, errors = map(np.asarray, fitted(people))
    inside = np.abs(estimates - true) <= 1.96 * errors
    print(f"inside the 95 % interval: α {inside[:, 0].mean():.0%}, τ {inside[:, 1].mean():.0%} of {len(true)} people")
    draw(true, estimates, errors).savefig(Path(__file__).with_suffix(".png"), dpi=200, metadata={"Software": None})
