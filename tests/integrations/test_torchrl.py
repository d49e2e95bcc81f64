"""TorchRL's agents explore with the given policy: against SciPy, plain loops, real networks and collectors."""
# ruff: noqa: E402 - what follows the skip needs the library

import copy
import importlib.util
import io
import pickle
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from contexts import Contexts
from draws import FALSE_ALARM, assert_rows_draw_from, drawn
from scipy import special, stats

import boltzmann_rl as brl
from boltzmann_rl.schedules import Exponential

torch = pytest.importorskip("torch")
pytest.importorskip("torchrl")
with warnings.catch_warnings():  # TorchRL warns of its own classes while it makes them
    warnings.simplefilter("ignore", DeprecationWarning)
    from torchrl.collectors import Collector
from tensordict import TensorDict
from tensordict.nn import TensorDictSequential
from torchrl.data import (
    Binary,
    Bounded,
    Categorical,
    Composite,
    LazyTensorStorage,
    MultiCategorical,
    MultiOneHot,
    OneHot,
    ReplayBuffer,
)
from torchrl.envs import GymEnv, GymWrapper, SerialEnv
from torchrl.envs.utils import ExplorationType, set_exploration_type
from torchrl.modules import MLP, QValueActor, QValueModule
from torchrl.objectives import DQNLoss, HardUpdate

from boltzmann_rl.integrations import torchrl as integration
from boltzmann_rl.integrations.torchrl import ExplorationModule

torch.set_num_threads(1)  # the tests' own workers share the cores


def make(policy, spec=None, seed=0, **settings):
    """The module, for three actions unless the spec says otherwise."""
    return ExplorationModule(policy, spec or Categorical(3), np.random.default_rng(seed), **settings)


def network(width, spec, actions):
    return QValueActor(MLP(width, actions, num_cells=[32]), in_keys=["observation"], spec=spec)


def taken(module, values, **entries):
    """The actions that the module writes for given values, as integers."""
    values = torch.as_tensor(values, dtype=torch.float32)
    action = module(TensorDict({"action_value": values, **entries}, values.shape[:-1]))["action"]
    return (action.int().argmax(dim=-1) if isinstance(module.spec, OneHot) else action).tolist()


@pytest.mark.parametrize("spec", [Categorical(3), OneHot(3)], ids=["categorical", "one-hot"])
def test_explores_with_the_softmax_of_the_network_s_values_and_one_uniform_per_row(spec):
    torch.manual_seed(0)
    actor, module = network(3, spec, 3), make(brl.Boltzmann(0.5), spec)
    data = actor(TensorDict({"observation": torch.eye(3).repeat(10_000, 1)}, [30_000]))
    assert data["action_value"].requires_grad
    actions = np.array(taken(module, data["action_value"].detach()))
    p = special.softmax(data["action_value"][:3].detach().double().numpy() / 0.5, axis=-1)
    assert p.min() > 1e-3
    assert p.max() < 0.99
    assert_rows_draw_from(p, actions)
    assert not module(data)["action"].requires_grad


@pytest.mark.parametrize("batch", [(), (2,), (2, 4)])
@pytest.mark.parametrize("spec", [Categorical(3), OneHot(3), OneHot(3, dtype=torch.float32)], ids=["int", "hot", "32"])
def test_the_action_is_in_the_spec_for_any_batch_and_dtype(spec, batch):
    for dtype in (torch.bfloat16, torch.float16, torch.float32, torch.float64):
        data = TensorDict({"action_value": torch.zeros(*batch, 3, dtype=dtype)}, batch)
        assert spec.expand(*batch, *spec.shape).is_in(make(brl.Boltzmann(1.0), spec)(data)["action"])


@pytest.mark.parametrize("clocks", [(), (4,)])
def test_only_step_advances_the_clock_for_all_rows_or_for_each(clocks):
    module = make(brl.Boltzmann(Exponential(1.0, 0.01, steps=30)), clocks=clocks, seed=3)
    expected_rng, values = np.random.default_rng(3), np.random.default_rng(4).normal(size=(4, 3)).astype(np.float32)
    clock = np.zeros(4)
    for frames in (0, 4, [7, 0, 40, 2] if clocks else 7, 1):
        module.step(torch.tensor(frames) if isinstance(frames, list) else frames)
        clock += frames
        for _ in range(3):  # reading does not advance it
            temperature = np.maximum(0.01, 0.01 ** (clock / 30))[:, np.newaxis]
            p = special.softmax(values.astype(float) / temperature, axis=-1)
            assert taken(module, values) == drawn(p, expected_rng.random(4))


@pytest.mark.parametrize("kind", [torch.bool, torch.int64])
def test_a_masked_action_is_never_taken_and_its_value_never_read(kind):
    before = QValueModule(spec=Categorical(3), action_mask_key="mask")  # writes the lowest number over its value
    module = make(brl.Boltzmann(brl.RelativeToSpread(1.0)), action_mask_key="mask")
    mask = torch.tensor([True, False, True]).repeat(20_000, 1)
    values = before(TensorDict({"action_value": torch.tensor([1.0, 7.0, 2.0]).repeat(20_000, 1), "mask": mask}))
    counts = np.bincount(taken(module, values["action_value"], mask=mask.to(kind)), minlength=3)
    assert counts[1] == 0
    p = special.softmax(np.array([1.0, 2.0]) / 0.5)  # their standard deviation is 1/2
    assert stats.chisquare(counts[[0, 2]], p * 20_000).pvalue > FALSE_ALARM
    with set_exploration_type(ExplorationType.DETERMINISTIC):
        assert taken(module, [[1.0, 7.0, 2.0]], mask=mask[:1].to(kind)) == [2]


@pytest.mark.parametrize("kind", [kind for kind in ExplorationType if kind is not ExplorationType.RANDOM])
@pytest.mark.parametrize("spec", [Categorical(3), OneHot(3)], ids=["categorical", "one-hot"])
def test_other_exploration_types_take_torchrl_s_greedy_action_without_drawing(kind, spec):
    module, values = make(brl.Uniform(), spec), torch.tensor([[0.0, 1.0, 2.0], [3.0, -1.0, 0.0]])
    greedy = QValueModule(spec=spec)(TensorDict({"action_value": values}, [2]))["action"]
    before = pickle.dumps(module.rng)
    with set_exploration_type(kind):
        assert torch.equal(module(TensorDict({"action_value": values}, [2]))["action"], greedy)
        assert taken(module, [0.0, 1.0, 1.0]) == 1  # the first of equal values; TorchRL's one-hot would have two ones
    assert pickle.dumps(module.rng) == before
    with set_exploration_type(ExplorationType.RANDOM):
        taken(module, values)
    assert pickle.dumps(module.rng) != before


@pytest.mark.parametrize("generator", ["PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937"])
def test_a_saved_state_keeps_the_clock_and_the_generator(generator):
    def fresh(seed):
        rng = np.random.Generator(getattr(np.random, generator)(seed))
        return ExplorationModule(brl.Boltzmann(Exponential(1.0, 0.1, steps=50)), OneHot(3), rng)

    module, other, values, file = fresh(1), fresh(2), np.eye(3).repeat(50, axis=0), io.BytesIO()
    taken(module, values)
    module.step(20)
    torch.save(module.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert other.clock == 20
    assert taken(module, values) == taken(other, values)


def test_copies_in_the_workers_of_a_collector_draw_independently(monkeypatch):
    def actions(process, module):
        monkeypatch.setattr(integration, "current_process", lambda: SimpleNamespace(name=process))
        return taken(module, np.zeros((100, 3)))

    module = make(brl.Uniform())
    one, same, other, here = (copy.deepcopy(module) for _ in range(4))
    first = actions("Process-1", one)
    assert first == actions("Process-1", same)
    assert first != actions("Process-2", other)
    assert first != actions("Process-1", one)  # each continues from its own state
    here.load_state_dict(one.state_dict())
    assert actions("Process-1", one) == actions("Process-1", here)  # a saved worker continues in the same worker
    monkeypatch.undo()
    here.load_state_dict(module.state_dict())
    assert taken(here, np.zeros((100, 3))) == taken(module, np.zeros((100, 3)))  # any other copy draws the same


def test_nested_keys_and_a_composite_spec_of_many_agents():
    keys = {"action_value_key": ("agents", "q"), "action_mask_key": ("agents", "m"), "action_key": ("agents", "a")}
    module = make(brl.Greedy(), Composite(agents=Composite(a=Categorical(3))), **keys)
    values, mask = torch.tensor([[[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]]), torch.tensor([[[1, 1, 0], [1, 1, 1]]])
    assert module(TensorDict({"agents": {"q": values, "m": mask}}, [1]))["agents", "a"].tolist() == [[1, 0]]


@pytest.mark.parametrize("categorical", [True, False])
def test_every_environment_of_a_batched_one_draws_its_own_uniform(categorical):
    env = SerialEnv(2, lambda: GymEnv("CartPole-v1", categorical_action_encoding=categorical))
    spec = env.action_spec_unbatched
    agent = TensorDictSequential(network(4, spec, 2), make(brl.Uniform(), spec))
    data = env.rollout(50, agent, break_when_any_done=False)
    actions = data["action"] if categorical else data["action"].argmax(dim=-1)
    assert np.array_equal(actions, (np.random.default_rng(0).random((50, 2)).T > 0.5).astype(int))


def test_a_real_agent_learns_from_its_collector_and_acts_greedily_afterwards():
    torch.manual_seed(0)
    env = GymWrapper(Contexts())
    env.set_seed(0)
    actor = network(3, env.action_spec, 3)
    explore = make(brl.Boltzmann(brl.RelativeToSpread(Exponential(4.0, 0.1, steps=300))), env.action_spec)
    agent = TensorDictSequential(actor, explore)
    frames = {"frames_per_batch": 10, "total_frames": 500, "auto_register_policy_transforms": False}
    collector, buffer = Collector(env, agent, **frames), ReplayBuffer(storage=LazyTensorStorage(1000))
    loss = DQNLoss(actor, action_space="one-hot", delay_value=True)
    target = HardUpdate(loss, value_network_update_interval=10)
    optimiser, rewards = torch.optim.Adam(actor.parameters(), lr=1e-2), []
    for data in collector:
        explore.step(data.numel())
        buffer.extend(data)
        rewards.append(float(data["next", "reward"].mean()))
        for _ in range(2):
            optimiser.zero_grad()
            loss(buffer.sample(64))["loss"].backward()
            optimiser.step()
            target.step()
    collector.shutdown()
    assert explore.clock == 500
    assert np.mean(rewards[:10]) < 0.6 < 0.9 < np.mean(rewards[-15:])  # the collector has seen the clock
    with set_exploration_type(ExplorationType.DETERMINISTIC):
        assert taken(explore, actor(TensorDict({"observation": torch.eye(3)}, [3]))["action_value"]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("error", "policy", "settings", "message"),
    [
        (TypeError, "boltzmann", {}, "policy must be callable"),
        (TypeError, brl.AdaptiveEpsilonGreedy(), {}, "a network does not have: take RelativeToSpread"),
        (ValueError, brl.Boltzmann(brl.EffectiveActions(5.0)), {}, "with 3 available actions"),
        (ValueError, brl.Boltzmann(brl.GLIE()), {"clocks": (2,)}, "counts visits, but only frames are known"),
        (ValueError, brl.BoltzmannGumbel(1.0), {}, "counts pulls"),
        *(
            (TypeError, brl.Greedy(), {"spec": spec}, f"OneHot or Categorical.* got {type(spec).__name__}")
            for spec in (MultiOneHot([2, 2]), MultiCategorical([2, 2]), Binary(3), Bounded(-1, 1, (3,)))
        ),
    ],
)
def test_invalid_arguments_are_refused_at_once(error, policy, settings, message):
    with pytest.raises(error, match=message):
        make(policy, **settings)


def test_each_environment_has_its_own_value_and_clock():
    module = make(brl.EpsilonGreedy([0.0, 1.0]), clocks=(2,))
    actions = np.array([taken(module, [[0.0, 1.0, 0.0]] * 2) for _ in range(900)])
    np.testing.assert_allclose((actions == 1).mean(axis=0), [1.0, 1 / 3], atol=0.08)
    with pytest.raises(ValueError, match="is for 2 rows, but step has shape"):
        make(brl.EpsilonGreedy([0.0, 1.0]), clocks=(3,))


def test_the_clock_and_the_spec_move_to_the_given_device():
    module = make(brl.Greedy(), device="meta")
    assert (module.clock.device.type, module.spec.device.type) == ("meta", "meta")
    assert make(brl.Greedy(), device=torch.device("cpu")).clock.device.type == "cpu"


def test_invalid_inputs_of_later_calls_are_refused():
    with pytest.raises(TypeError, match="rng must be a numpy"):
        ExplorationModule(brl.Greedy(), OneHot(3), torch.Generator())
    with pytest.raises(KeyError, match="'mask' is not in the tensordict, which has action_value"):
        taken(make(brl.Greedy(), action_mask_key="mask"), np.zeros(3))
    with pytest.raises(ValueError, match="2 action values, but 3 actions in the spec"):
        taken(make(brl.Greedy()), np.zeros(2))
    with pytest.raises(ValueError, match="TorchRL's value for a masked action: give action_mask_key="):
        taken(make(brl.Greedy()), [0.0, 1.0, torch.finfo(torch.float32).min])
    module = make(brl.Greedy())
    with pytest.raises(ValueError, match=r"frames have shape \(2,\).* make the module with clocks=\(2,\)"):
        module.step(torch.tensor([1, 2]))
    for frames, error in ((0.5, TypeError), (True, TypeError), (-1, ValueError)):
        with pytest.raises(error, match="frames must be"):
            module.step(frames)
    assert module.clock == 0


@pytest.mark.parametrize("library", ["torch", "torchrl.data"])
def test_an_absent_library_is_named_with_the_command_that_installs_it(monkeypatch, library):
    spec = importlib.util.spec_from_file_location("fresh", integration.__file__)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=r"TorchRL is not installed: pip install 'boltzmann-rl\[torchrl\]'"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
