"""PyTorch's own doors: compile without graph breaks, vmap, export with a dynamic batch, devices, generators."""

import numpy as np
import pytest
from schedule_tables import ROW_NUMBERS

import boltzmann_rl as brl

torch = pytest.importorskip("torch")
from boltzmann_rl.backends import torch as backend  # noqa: E402 - PyTorch first

Q = torch.tensor([[0.0, 1.0, 2.0], [5.0, 5.0, 0.0]])

# PyTorch's own compiler and Hessians use what PyTorch deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")

# Policies whose programs differ.
PROGRAMS = [
    brl.Boltzmann(0.5),
    brl.EpsilonGreedy(brl.schedules.Linear(1.0, 0.1, steps=100)),
    brl.MaxBoltzmann(0.2, brl.schedules.Exponential(1.0, 0.1, steps=100)),
    brl.Boltzmann(brl.RelativeToSpread(0.5)),
    brl.Boltzmann(brl.EffectiveActions(2.0)),
    brl.Sparsemax(0.5),
]


@pytest.fixture(autouse=True)
def _own_compilations():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.mark.parametrize("make", [make for make, _ in ROW_NUMBERS])
def test_numbers_per_row_go_to_the_device_of_the_step(make):
    """The device ``meta``, which has shapes and no numbers, is on every machine."""
    schedule = make((0.9, 0.5, 0.25))
    for step in (torch.tensor(5, device="meta"), torch.zeros((2, 3), dtype=torch.int64, device="meta")):
        found = backend.evaluate(schedule, step)
        assert (found.device.type, found.shape) == ("meta", (*step.shape[:-1], 3))
        values = torch.zeros((*found.shape, 4), device="meta")
        assert backend.probabilities(brl.Boltzmann(schedule), values, step).device.type == "meta"
    assert backend.evaluate((0.9, 0.5), torch.tensor(5)).tolist() == pytest.approx([0.9, 0.5])


@pytest.mark.parametrize("policy", PROGRAMS, ids=repr)
def test_a_decision_compiles_as_one_graph(policy):
    """Traced by the compiler, run by PyTorch's operations: generating code for each would take minutes."""

    def decided(q, uniforms, step):
        return backend.act(policy, uniforms, q, step, with_probability=True)

    uniforms, step = torch.tensor([0.3, 0.9]), torch.tensor(50)
    found = torch.compile(decided, fullgraph=True, backend="eager")(Q, uniforms, step)
    for one, other in zip(found, decided(Q, uniforms, step), strict=True):
        assert torch.equal(one, other)


def test_generated_code_has_the_answers_of_the_operations():
    """By the default compiler, forwards and backwards."""
    policy = brl.EpsilonBoltzmann(0.1, 0.5)

    def scored(q):
        return backend.log_probability(policy, q, torch.tensor([1, 0])).sum()

    ours, theirs = Q.clone().requires_grad_(), Q.clone().requires_grad_()
    scored(ours).backward()
    torch.compile(scored, fullgraph=True)(theirs).backward()
    assert torch.allclose(ours.grad, theirs.grad, rtol=1e-5, atol=1e-7)


def test_the_global_generator_is_used_inside_a_compiled_program():
    rows, policy = torch.zeros(1000, 2), brl.Boltzmann(1.0)  # made outside: its checks are no part of a graph
    decided = torch.compile(lambda q: backend.act(policy, None, q), fullgraph=True, backend="eager")
    assert 350 < int(decided(rows).sum()) < 650
    assert 350 < int(decided(torch.zeros(900, 2)).sum()) < 550  # another number of rows: of any, from now on


def test_temperatures_are_mapped_over_and_differentiated():
    def probabilities(t):
        return backend.probabilities(backend.with_parameters(brl.Boltzmann(1.0), temperature=t), Q)

    temperatures = torch.tensor([0.1, 1.0, 10.0])
    found = torch.func.vmap(probabilities)(temperatures)
    assert np.abs(found.numpy() - np.stack([brl.softmax(Q, t) for t in temperatures.tolist()])).max() < 1e-6

    def entropy(t):
        return backend.entropy(backend.with_parameters(brl.Boltzmann(1.0), temperature=t), Q).sum()

    slope = torch.func.grad(entropy)(torch.tensor(1.0))
    ends = [brl.entropy(brl.softmax(Q, t)).sum() for t in (1.001, 0.999)]
    assert slope.item() == pytest.approx((ends[0] - ends[1]) / 0.002, rel=1e-3)


class Decide(torch.nn.Module):
    """Values to actions, for uniforms that are given."""

    def __init__(self, policy):
        super().__init__()
        self.policy = policy

    def forward(self, q, uniforms, step):
        return backend.act(self.policy, uniforms, q, step)


@pytest.mark.parametrize("policy", [PROGRAMS[0], PROGRAMS[2], PROGRAMS[4]], ids=repr)
def test_a_policy_is_exported_with_a_dynamic_batch(policy):
    batch = torch.export.Dim("batch")
    given = Q, torch.tensor([0.3, 0.9]), torch.tensor(50)
    shapes = {0: batch}, {0: batch}, {}
    exported = torch.export.export(Decide(policy), given, dynamic_shapes=shapes).module()
    rows, uniforms = torch.randn(7, 3), torch.linspace(0.0, 0.99, 7)
    assert torch.equal(exported(rows, uniforms, torch.tensor(3)), Decide(policy)(rows, uniforms, torch.tensor(3)))


def test_the_same_generator_draws_the_same_actions_and_no_gradient_is_kept():
    rows = torch.zeros(100, 3, requires_grad=True)
    drawn = [
        backend.act(brl.Boltzmann(1.0), torch.Generator().manual_seed(7), rows, with_probability=True) for _ in range(2)
    ]
    assert torch.equal(drawn[0][0], drawn[1][0])
    assert not drawn[0][1].requires_grad
    with pytest.raises(ValueError, match="holds uniforms of shape"):
        backend.act(brl.Boltzmann(1.0), torch.rand(3), rows)


def test_second_derivatives_are_those_of_the_softmax():
    """The Hessian of log Σ exp(q/T) is (diag p − p pᵀ)/T²."""
    q = torch.tensor([0.3, -0.2, 0.9], dtype=torch.float64)
    p = brl.softmax(q, 0.5)
    found = torch.func.hessian(lambda q: backend.logsumexp(q, 0.5))(q)
    assert np.abs(found.numpy() - (np.diag(p) - np.outer(p, p)) / 0.25).max() < 1e-12


def test_gradients_of_gradients_in_the_temperature_pass_pytorchs_own_check():
    q = torch.tensor([[0.3, -0.2, 0.9], [1.0, -float("inf"), 0.0]], dtype=torch.float64)

    def entropy(t):
        return backend.entropy(backend.with_parameters(brl.Boltzmann(1.0), temperature=t), q)

    t = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(entropy, t)
    assert torch.autograd.gradgradcheck(entropy, t)
