"""`check_policy` in JAX and PyTorch: correct policies pass, and each planted defect is named by the law it breaks."""

import dataclasses

import pytest

import boltzmann_rl as brl
from boltzmann_rl.cli import main


class Jax:
    """The functions of JAX that the policies below are written with."""

    name = "jax"

    def __init__(self):
        self.jax = pytest.importorskip("jax")
        self.where, self.exp, self.log, self.isneginf = (
            getattr(self.jax.numpy, name) for name in ("where", "exp", "log", "isneginf")
        )

    def best(self, values):
        return values.max(axis=-1, keepdims=True)

    def total(self, weights):
        return weights.sum(axis=-1, keepdims=True)

    def softmax(self, values):
        return self.jax.nn.softmax(values)

    def short(self, values):
        return values.astype(self.jax.numpy.bfloat16)


class Torch:
    """The same functions of PyTorch."""

    name = "torch"

    def __init__(self):
        self.torch = pytest.importorskip("torch")
        self.where, self.exp, self.log, self.isneginf = (
            getattr(self.torch, name) for name in ("where", "exp", "log", "isneginf")
        )

    def best(self, values):
        return values.max(dim=-1, keepdim=True).values

    def total(self, weights):
        return weights.sum(dim=-1, keepdim=True)

    def softmax(self, values):
        return self.torch.softmax(values, dim=-1)

    def short(self, values):
        return values.bfloat16()


@pytest.fixture(params=[Jax, Torch])
def xp(request):
    return request.param()


def softmax(xp, values, temperature):
    """Shifted, then divided, and masked before and after the exponential."""
    masked = xp.isneginf(values)
    z = xp.where(masked, 0.0, values - xp.best(values)) / temperature
    weights = xp.where(masked, 0.0, xp.exp(z))
    return weights / xp.total(weights)


def limits(xp, values, temperature):
    """The same, and uniform over the maxima at temperature 0; NaN below 0."""
    if temperature == 0.0:
        peaks = xp.where(values == xp.best(values), 1.0, 0.0)
        return peaks / xp.total(peaks) + 0.0 * softmax(xp, values, 1.0)
    return softmax(xp, values, temperature if temperature > 0.0 else float("nan"))


@dataclasses.dataclass(frozen=True)
class Soft:
    """A dataclass of the user's own, of which the temperature is scaled."""

    temperature: float
    formula: object
    xp: object

    def __call__(self, values, step):
        return self.formula(self.xp, values, self.temperature)


def eps_greedy(xp, values):
    legal = xp.where(xp.isneginf(values), 0.0, 1.0)
    peaks = xp.where(values == xp.best(values), 1.0, 0.0)
    return 0.1 * legal / xp.total(legal) + 0.9 * peaks / xp.total(peaks) + 0.0 * softmax(xp, values, 1.0)


RIGHT = {
    "warm": lambda xp: lambda values, step: softmax(xp, values, 0.7),
    "cold": lambda xp: lambda values, step: softmax(xp, values, 0.01),
    "hot": lambda xp: lambda values, step: softmax(xp, values, 1000.0),
    "the library's own": lambda xp: lambda values, step: xp.softmax(values),
    "divided by 3": lambda xp: lambda values, step: xp.softmax(values / 3.0),
    "bfloat16": lambda xp: lambda values, step: xp.softmax(xp.short(values)),
    "a schedule": lambda xp: lambda values, step: softmax(xp, values, 1.0 / (1.0 + 0.01 * step)),
    "ε-greedy": lambda xp: lambda values, step: eps_greedy(xp, values),
    "a dataclass": lambda xp: Soft(0.5, limits, xp),
}


@pytest.mark.parametrize("policy", RIGHT)
def test_a_correct_policy_of_short_floats_passes(xp, policy):
    laws = brl.check_policy(RIGHT[policy](xp), backend=xp.name)
    assert "gradients are finite" in laws
    assert ("compiling changes nothing" in laws) == (xp.name == "jax")


def masked_after(xp, values):
    """Pearl: the softmax of all values, then the mask."""
    masked = xp.isneginf(values)
    p = xp.where(masked, 0.0, xp.softmax(xp.where(masked, 0.0, values)))
    return p / xp.total(p)


def unnormalised(xp, values):
    masked = xp.isneginf(values)
    return xp.where(masked, 0.0, xp.softmax(xp.where(masked, 0.0, values)))


def unsafe(xp, values):
    """The mask once: 0 · ∞ in the derivative of the logarithm of 0."""
    return xp.exp(xp.log(xp.softmax(values)))


def undefined_at_0(xp, values, temperature):
    """distrax: 0 / 0 at temperature 0."""
    return softmax(xp, values, temperature if temperature >= 0.0 else float("nan"))


def guessed(xp, values):
    """Replaces NaN by the uniform distribution."""
    p = xp.softmax(values)
    return xp.where(p != p, 1.0 / values.shape[-1], p)


WRONG = {
    "the mask after the softmax": ("masked actions are never taken", lambda xp: lambda q, step: masked_after(xp, q)),
    "and not normalised": ("masked actions are never taken", lambda xp: lambda q, step: unnormalised(xp, q)),
    "temperature 0": ("rows are distributions", lambda xp: lambda q, step: xp.softmax(q / 0.0)),
    "temperature 0 at the limit": ("extremes are finite", lambda xp: Soft(0.5, undefined_at_0, xp)),
    "unshifted": ("rows are distributions", lambda xp: lambda q, step: xp.exp(q) / xp.total(xp.exp(q))),
    "divided first": ("extremes are finite", lambda xp: lambda q, step: xp.softmax(q / 0.1)),
    "unsafe gradient": ("gradients are finite", lambda xp: lambda q, step: unsafe(xp, q)),
    "a guess for NaN": ("mistakes are refused", lambda xp: lambda q, step: guessed(xp, q)),
    "the batch in one sum": (
        "a batch is its rows",
        lambda xp: lambda q, step: xp.exp(q - q.max()) / xp.exp(q - q.max()).sum(),
    ),
}


@pytest.mark.parametrize("defect", WRONG)
def test_a_planted_defect_is_named(xp, defect):
    law, policy = WRONG[defect]
    with pytest.raises(brl.BrokenLaw) as caught:
        brl.check_policy(policy(xp), backend=xp.name)
    assert caught.value.law == law


def test_values_changed_in_place_are_noticed():
    pytest.importorskip("torch")
    with pytest.raises(brl.BrokenLaw, match=r"'reading changes nothing'.*it changed the values to \[0"):
        brl.check_policy(
            lambda values, step: values.sub_(values.max(dim=-1, keepdim=True).values).softmax(dim=-1), backend="torch"
        )


def test_a_step_that_decides_a_branch_is_noticed_under_jit():
    jax = pytest.importorskip("jax")
    with pytest.raises(brl.BrokenLaw, match=r"'compiling changes nothing'.*TracerBoolConversionError"):
        brl.check_policy(lambda values, step: jax.nn.softmax(values / (1.0 if step > 3 else 2.0)), backend="jax")


def test_a_policy_that_answers_another_temperature_when_compiled_is_noticed():
    jax = pytest.importorskip("jax")

    def policy(values, step):
        return jax.nn.softmax(values / (1.0 if isinstance(step, int) else 2.0))

    with pytest.raises(brl.BrokenLaw, match=r"'compiling changes nothing'.* compiled"):
        brl.check_policy(policy, backend="jax")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_values_have_the_default_format_of_torch(dtype):
    torch = pytest.importorskip("torch")
    seen, before = set(), torch.get_default_dtype()

    def policy(values, step):
        seen.add(values.dtype)
        return values.softmax(dim=-1)

    torch.set_default_dtype(getattr(torch, dtype))
    try:
        brl.check_policy(policy, backend="torch")
    finally:
        torch.set_default_dtype(before)
    assert seen == {getattr(torch, dtype)}


DECLARED = [
    brl.Boltzmann(0.5),
    brl.EpsilonBoltzmann([0.1, 0.5], brl.schedules.Exponential(1.0, 0.05, steps=500)),
    brl.Boltzmann(brl.EffectiveActions(1.5)),
]


@pytest.mark.parametrize("policy", DECLARED, ids=repr)
def test_declarations_obey_the_laws_in_each_library(xp, policy):
    assert "draws follow the probabilities" in brl.check_policy(policy, backend=xp.name)


def test_the_command_line_checks_a_policy_in_a_library(xp, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    softmax = "torch.softmax(values, dim=-1)" if xp.name == "torch" else "jax.nn.softmax(values)"
    good = f"import {xp.name}\ndef GOOD(values, step): return {softmax}\n"
    bad = "def BAD(values, step): return 0.9 * GOOD(values, step)\n"
    (tmp_path / "mine.py").write_text(good + bad, "utf-8")
    assert main(["check", "mine.py:GOOD", "--backend", xp.name]) == 0
    assert "gradients are finite" in capsys.readouterr().out
    assert main(["check", "mine.py:BAD", "--backend", xp.name]) == 1
    assert "rows are distributions" in capsys.readouterr().err
