"""The formulas of the schedules over a thin namespace of PyTorch."""

import functools
from types import SimpleNamespace

import numpy as np
import pytest
from schedule_tables import ALL, STEPS, WIDE, tolerance

from boltzmann_rl.arguments.rows import PerRow
from boltzmann_rl.schedules import Exponential, Floor, Joined, Linear, Power, Restarts, WarmUp, evaluate
from boltzmann_rl.schedules.evaluation import value

torch = pytest.importorskip("torch")


def namespace(dtype):
    """The functions of PyTorch that formulas call, with floating arrays of a dtype."""
    kinds = {float: dtype, int: torch.int64}
    return SimpleNamespace(
        asarray=lambda x, dtype: torch.as_tensor(x, dtype=kinds[dtype]),
        cos=torch.cos,
        exp=torch.exp,
        log=torch.log,
        power=torch.pow,
        stack=lambda arrays, axis: torch.stack(arrays, dim=axis),
        where=torch.where,
        zeros_like=torch.zeros_like,
    )


DTYPES = {"float32": torch.float32, "float64": torch.float64}
DOUBLE = namespace(torch.float64)
every_schedule = pytest.mark.parametrize("name", ALL)


@pytest.mark.parametrize("dtype", DTYPES)
@every_schedule
def test_every_schedule_has_the_values_of_numpy(name, dtype):
    if dtype == "float32" and name in WIDE:
        pytest.skip("it has a number beyond the range of float32")
    found = value(ALL[name], torch.tensor(STEPS), namespace(DTYPES[dtype]))
    expected = ALL[name](np.array(STEPS))
    assert found.dtype == DTYPES[dtype]
    assert (abs(found.numpy() - expected) <= tolerance(name, expected, np.finfo(dtype).eps)).all()


@every_schedule
def test_one_step_and_a_vector_by_vmap_have_the_values_of_many(name):
    steps = torch.tensor(STEPS)
    of = functools.partial(value, ALL[name], xp=DOUBLE)
    many = of(steps)
    np.testing.assert_allclose([of(step).item() for step in steps], many, rtol=1e-12)
    np.testing.assert_allclose(torch.func.vmap(of)(steps), many, rtol=1e-12)


def test_every_schedule_compiles_as_one_graph():
    def of_all(steps):
        return {name: value(schedule, steps, DOUBLE) for name, schedule in ALL.items()}

    steps = torch.tensor(STEPS)
    compiled, eager = torch.compile(of_all, fullgraph=True, backend="eager")(steps), of_all(steps)
    assert all(compiled[name].tolist() == eager[name].tolist() for name in ALL)


@pytest.mark.parametrize(
    "schedule",
    [
        Linear([1.0, 0.5, 2.0], 0.1, steps=10),
        Floor(Exponential([1.0, 0.5, 2.0], decay=0.8), 0.2),
        Joined((1.0, Linear([1.0, 0.5, 2.0], 0.0, steps=5)), boundaries=(4,)),
        WarmUp([Power(1.0), 0.5, Linear(1.0, 0.0, steps=3)], steps=2),
        PerRow([0.1, Linear(1.0, 0.0, steps=7), lambda step: 1.0 / (1.0 + step)]),
    ],
)
def test_values_per_row_are_those_of_numpy(schedule):
    for step in (0, 5, 50, np.array([0, 5, 50])):
        np.testing.assert_allclose(value(schedule, torch.as_tensor(step), DOUBLE), evaluate(schedule, step))


def test_a_callable_inside_gets_integers():
    table = torch.tensor([1.0, 0.5, 0.25])
    found = value(Restarts(lambda step: table[step], period=2), torch.arange(5), DOUBLE)
    assert found.tolist() == [1.0, 0.5, 1.0, 0.5, 1.0]


def test_numbers_with_a_gradient_have_one():
    start, end = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (0.3, 0.3))
    level = object.__new__(Linear)
    for name, number in {"start": start, "end": end, "steps": 4}.items():
        object.__setattr__(level, name, number)
    value(level, torch.arange(6), DOUBLE).sum().backward()
    assert start.grad.item() == pytest.approx(1.0 + 0.75 + 0.5 + 0.25)
    assert end.grad.item() == pytest.approx(0.25 + 0.5 + 0.75 + 1.0 + 1.0)
