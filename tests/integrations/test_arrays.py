"""The explorer on real torch and JAX arrays: every dtype, with and without a gradient, against SciPy."""

import numpy as np
import pytest
from draws import FALSE_ALARM
from scipy import special, stats

import boltzmann_rl as brl
from boltzmann_rl.arguments.arrays import to_numpy

Q = np.array([[0.0, 1.0, 0.5], [2.0, -1.0, 2.0], [0.25, 0.25, -4.0]])  # each a bfloat16


@pytest.fixture(params=["torch", "jax"])
def library(request):
    return pytest.importorskip("jax.numpy" if request.param == "jax" else "torch")


def array_of(library, array, dtype):
    """The array in the given library; torch tensors of floats are part of a graph."""
    if library.__name__ == "torch":
        return library.tensor(array, dtype=getattr(library, dtype), requires_grad="float" in dtype)
    return library.asarray(array, dtype=getattr(library, dtype))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
def test_values_of_every_dtype_are_those_of_numpy(library, dtype):
    if dtype == "float64" and library.__name__ != "torch":
        pytest.skip("JAX has no float64 unless it is told to")
    ours, theirs = (brl.Explorer(brl.Boltzmann(0.7), np.random.default_rng(1)) for _ in range(2))
    for _ in range(20):
        actions = theirs(array_of(library, Q, dtype))
        assert type(actions) is np.ndarray
        assert actions.tolist() == ours(Q).tolist()


@pytest.mark.parametrize("door", ["explorer", "act", "softmax"])
@pytest.mark.parametrize(
    "odd",
    [
        lambda torch: torch.view_as_complex(torch.tensor(np.stack([Q, -Q], axis=-1))).conj().imag,  # the negative bit
        lambda torch: torch.tensor(Q, requires_grad=True),
        lambda torch: torch.nn.Parameter(torch.tensor(Q, dtype=torch.bfloat16)),
        lambda torch: torch.tensor(Q).to(torch.float8_e5m2),
        lambda torch: torch.tensor(Q).to(torch.float8_e4m3fn),
        lambda torch: torch.tensor(Q).to_sparse(),
        lambda torch: torch.tensor(Q.T.copy()).T,
        lambda torch: list(torch.tensor(Q)),
        lambda torch: list(torch.tensor(Q, requires_grad=True)),
        lambda torch: tuple(torch.tensor(Q, dtype=torch.bfloat16, requires_grad=True)),
        lambda torch: [list(row) for row in torch.tensor(Q, requires_grad=True)],
        lambda torch: [torch.tensor(Q[0], requires_grad=True), *Q[1:].tolist()],
        lambda torch: [list(torch.tensor(Q[0], requires_grad=True)), *Q[1:].tolist()],
        lambda torch: [list(row) for row in torch.tensor(Q, dtype=torch.bfloat16, requires_grad=True)],
        lambda torch: [*Q[:2].tolist(), tuple(torch.tensor(Q[2], dtype=torch.bfloat16))],
    ],
)
def test_tensors_of_any_layout_are_read_as_their_numbers(odd, door):
    values = odd(pytest.importorskip("torch"))
    if door == "softmax":
        assert (brl.softmax(values, 0.7) == brl.softmax(Q, 0.7)).all()
        return
    ours, theirs = np.random.default_rng(1), np.random.default_rng(1)
    policy = brl.Boltzmann(0.7)
    found = brl.Explorer(policy, theirs)(values) if door == "explorer" else brl.act(policy, values, theirs)
    assert found.tolist() == brl.act(policy, Q, ours).tolist()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
@pytest.mark.parametrize("nested", [list, lambda rows: tuple(map(tuple, rows)), lambda rows: [list(r) for r in rows]])
def test_lists_of_arrays_are_read_as_their_numbers(library, dtype, nested):
    values = nested(array_of(library, Q, dtype))
    for policy in (brl.Boltzmann(0.7), brl.EpsilonGreedy([0.1, 0.2, 0.3]), brl.Mellowmax(2.0)):
        assert (policy(values, 0) == policy(Q, 0)).all()
    assert (brl.log_softmax(values) == brl.log_softmax(Q)).all()
    assert brl.act(brl.Greedy(), values, np.random.default_rng(0)).tolist() == [1, 0, 0]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_lists_of_short_probabilities_are_normalised_as_their_arrays_are(library, dtype):
    thirds = array_of(library, np.full((4, 3), 1 / 3), dtype)
    for given in (thirds, list(thirds), [list(row) for row in thirds]):
        assert brl.entropy(given) == pytest.approx(np.log(3.0), rel=1e-12)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_parameters_of_every_dtype_are_their_numbers(library, dtype):
    numbers = array_of(library, np.array([0.5, 0.25]), dtype)
    for given in (numbers, list(numbers)):
        assert brl.Boltzmann(given) == brl.Boltzmann([0.5, 0.25])
        assert brl.EpsilonGreedy(given) == brl.EpsilonGreedy([0.5, 0.25])
    assert brl.schedules.Exponential(*numbers, steps=5) == brl.schedules.Exponential(0.5, 0.25, steps=5)


FALLING = brl.Boltzmann(brl.schedules.Exponential(1.0, 0.1, steps=9))
DOORS = {
    "values": brl.softmax,
    "omega": lambda x: brl.mellowmax(Q, x.sum()),
    "probabilities": brl.entropy,
    "temperature": lambda x: brl.Boltzmann(x.sum()),
    "step": lambda x: FALLING(Q, x.sum()),
}


def traced_in_jax(function):
    jax = pytest.importorskip("jax")
    example = jax.numpy.asarray(Q)
    yield lambda: jax.jit(function)(example)
    yield lambda: jax.vmap(lambda row: function(row[np.newaxis]))(example)
    yield lambda: jax.grad(lambda x: jax.numpy.sum(function(x)))(example)
    yield lambda: jax.lax.scan(lambda carry, row: (carry, function(row[np.newaxis])), 0, example)
    if function is brl.softmax:
        yield lambda: jax.jit(lambda x: function([x, x]))(example[0])


def traced_in_torch(function):
    torch = pytest.importorskip("torch")
    from torch._subclasses.fake_tensor import FakeTensorMode

    example = torch.tensor(Q)
    yield lambda: torch.func.vmap(lambda row: function(row[np.newaxis]))(example)
    yield lambda: torch.func.grad(lambda x: torch.as_tensor(function(x)).sum())(example)
    yield lambda: function(FakeTensorMode().from_tensor(example))
    if function is brl.softmax:
        yield lambda: torch.fx.symbolic_trace(function)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("tracing", [traced_in_jax, traced_in_torch])
def test_what_is_being_traced_is_refused_with_the_module_to_use(tracing, door):
    home = "jax" if tracing is traced_in_jax else "torch"
    for traced in tracing(DOORS[door]):
        with pytest.raises(
            TypeError, match=rf"^{door} must be numbers, got an? .*inside .* use boltzmann_rl\.backends\.{home}"
        ):
            traced()


def test_compiled_torch_code_is_told_what_to_use_or_leaves_the_graph():
    torch = pytest.importorskip("torch")
    policy, rng = brl.Boltzmann(0.7), np.random.default_rng(0)
    explorer, example = brl.Explorer(policy, np.random.default_rng(0)), torch.tensor(Q)
    doors = (brl.softmax, lambda q: brl.act(policy, q, rng), lambda q: policy(q, 0), explorer)
    for door in doors:
        whole = torch.compile(lambda q, door=door: torch.as_tensor(door(q)), fullgraph=True, backend="eager")
        with pytest.raises(Exception, match=r"use boltzmann_rl\.backends\.torch"):
            whole(example)
    broken = torch.compile(lambda q: torch.as_tensor(brl.softmax(q)) * 2.0, backend="eager")
    assert (broken(example).numpy() == 2.0 * brl.softmax(Q)).all()


def test_a_saved_explorer_loads_with_weights_only_and_continues_with_the_same_actions(tmp_path):
    torch = pytest.importorskip("torch")
    policy, rows = brl.EpsilonBoltzmann([0.1, 0.5, 1.0], [0.2, 1.0, 3.0]), torch.tensor(Q, requires_grad=True)
    explorer, again = (brl.Explorer(policy, np.random.default_rng(seed)) for seed in (0, 1))
    explorer(rows)
    torch.save({"explorer": explorer.state_dict()}, tmp_path / "checkpoint.pt")
    following = [explorer(rows, with_probability=True) for _ in range(20)]
    again.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True)["explorer"])
    for actions, p in following:
        found, q = again(rows, with_probability=True)
        assert (found.tolist(), q.tolist()) == (actions.tolist(), p.tolist())


def test_tensors_without_real_numbers_are_refused_by_name():
    torch = pytest.importorskip("torch")
    for wrong, words in (
        (torch.empty(3, device="meta"), "meta"),
        (torch.tensor(Q, dtype=torch.complex64).conj(), "complex"),
        (torch.tensor(Q) > 0, "booleans"),
    ):
        for door in (brl.softmax, lambda q: brl.act(brl.Greedy(), q, np.random.default_rng(0))):
            with pytest.raises(TypeError, match=f"values must be.*{words}"):
                door(wrong)


def test_probabilities_temperatures_and_masks_may_be_tensors_in_a_graph():
    torch = pytest.importorskip("torch")
    for dtype in (torch.half, torch.bfloat16):
        thirds = torch.full((4, 3), 1 / 3, dtype=dtype, requires_grad=True)
        assert (
            brl.sample(thirds, np.random.default_rng(0)).tolist()
            == brl.sample(np.full((4, 3), 1 / 3), np.random.default_rng(0)).tolist()
        )
    temperature = torch.tensor(0.7, requires_grad=True)
    assert brl.Boltzmann(temperature) == brl.Boltzmann(float(np.float32(0.7)))
    assert (brl.softmax(Q, torch.full((3,), 0.5, requires_grad=True)) == brl.softmax(Q, 0.5)).all()
    with pytest.raises(TypeError, match=r"mask > 0\.5"):
        brl.act(brl.Greedy(), Q, np.random.default_rng(0), available=torch.ones(3, 3, requires_grad=True))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensors_on_the_cpu_are_not_copied(dtype):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(Q, dtype=getattr(torch, dtype), requires_grad=True)
    assert to_numpy(tensor).ctypes.data == tensor.data_ptr()


def test_jax_arrays_on_the_cpu_are_not_copied():
    array = pytest.importorskip("jax.numpy").asarray(Q, dtype="float32")
    assert to_numpy(array).ctypes.data == array.unsafe_buffer_pointer()


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32"])
def test_masks_and_steps_of_the_library_are_those_of_numpy(library, dtype):
    policy, mask = brl.Boltzmann(brl.schedules.Exponential(1.0, 0.1, steps=9)), Q < 2.0
    dtype = "bool_" if dtype == "bool" and library.__name__ != "torch" else dtype
    ours, theirs = (brl.Explorer(policy, np.random.default_rng(1)) for _ in range(2))
    for step in range(10):
        steps = array_of(library, np.array([0, step, 2 * step]), "int32")
        given = array_of(library, Q, "float32"), array_of(library, mask, dtype), steps
        assert theirs(*given).tolist() == ours(Q, mask, np.array([0, step, 2 * step])).tolist()


def test_the_actions_of_a_real_network_have_the_frequencies_of_its_softmax():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.ReLU(), torch.nn.Linear(16, 5))
    observations = torch.eye(3).repeat(40_000, 1)
    actions = brl.Explorer(brl.Boltzmann(0.2), np.random.default_rng(0))(net(observations))
    first, bias, second, out = (parameter.detach().numpy().astype(float) for parameter in net.parameters())
    p = special.softmax((np.maximum(first.T + bias, 0.0) @ second.T + out) / 0.2, axis=-1)
    assert np.ptp(p) > 0.1
    for state in range(3):
        counts = np.bincount(actions[state::3], minlength=5)
        assert stats.chisquare(counts, p[state] * 40_000).pvalue > FALSE_ALARM
