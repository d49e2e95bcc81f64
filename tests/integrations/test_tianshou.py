"""Tianshou's agents explore with the given policy: against SciPy, plain loops, real networks and trainers."""
# ruff: noqa: E402 - what follows the skip needs the library

import copy
import importlib.util
import io
import pickle
import sys

import gymnasium
import numpy as np
import pytest
from contexts import Contexts
from draws import FALSE_ALARM, assert_rows_draw_from, drawn
from scipy import special, stats

import boltzmann_rl as brl
from boltzmann_rl.schedules import Exponential

torch = pytest.importorskip("torch")
pytest.importorskip("tianshou")
from tianshou.algorithm.modelfree.c51 import C51
from tianshou.algorithm.modelfree.dqn import DQN
from tianshou.algorithm.modelfree.qrdqn import QRDQN
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Batch, Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OffPolicyTrainerParams
from tianshou.utils.net.common import Net
from tianshou.utils.torch_utils import policy_within_training_step

from boltzmann_rl.integrations import tianshou as integration

torch.set_num_threads(1)  # the tests' own workers share the cores

EYE = np.eye(3, dtype=np.float32)
POLICIES = {"ExploringPolicy": (DQN, 1), "ExploringQRDQNPolicy": (QRDQN, 20), "ExploringC51Policy": (C51, 11)}


def make(exploration, name="ExploringPolicy", seed=0, start=0, **settings):
    """A policy with a small network that always starts with the same weights."""
    torch.manual_seed(0)
    atoms = POLICIES[name][1]
    model = Net(state_shape=3, action_shape=3, hidden_sizes=[32], num_atoms=atoms, softmax=name == "ExploringC51Policy")
    if name == "ExploringC51Policy":
        settings = {"num_atoms": atoms, "v_min": 0.0, "v_max": 1.0, **settings}
    rng = np.random.default_rng(seed)
    space = gymnasium.spaces.Discrete(3, start=start)
    return getattr(integration, name)(exploration=exploration, rng=rng, model=model, action_space=space, **settings)


def values_of(policy, observations):
    """The action values from the raw outputs of the network: unchanged, or their means over quantiles or atoms."""
    with torch.no_grad():
        answer = policy.model(torch.as_tensor(observations))[0].double().numpy()
    if answer.ndim == 2:
        return answer
    return answer.mean(axis=-1) if type(policy).__name__ == "ExploringQRDQNPolicy" else answer @ np.linspace(0, 1, 11)


def decided(policy, observations, mask=None, training=True):
    """The actions of one decision, called as a collector calls."""
    batch = Batch(obs=observations if mask is None else Batch(obs=observations, mask=mask), info=Batch())
    with policy_within_training_step(policy, training), torch.no_grad():
        return policy.add_exploration_noise(policy(batch).act, batch)


@pytest.mark.parametrize("name", POLICIES)
def test_explores_with_the_softmax_of_the_network_s_values_and_one_uniform_per_row(name):
    policy = make(brl.Boltzmann(brl.RelativeToSpread(1.0)), name)
    values = values_of(policy, EYE)
    p = special.softmax(values / values.std(axis=-1, keepdims=True), axis=-1)
    assert 0.01 < p.min() < p.max() < 0.99
    actions = decided(policy, np.tile(EYE, (10_000, 1)))
    assert_rows_draw_from(p, actions)


def test_a_collector_gives_each_environment_a_uniform_at_the_clock_of_training():
    policy, buffer = make(brl.Boltzmann(Exponential(1.0, 0.01, steps=30)), seed=3), VectorReplayBuffer(600, 3)
    collector = Collector(policy, DummyVectorEnv([Contexts] * 3), buffer, exploration_noise=True)
    collector.reset(gym_reset_kwargs={"seed": 1})
    collector.collect(n_step=30, random=True)
    assert policy.clock == 0
    with policy_within_training_step(policy):
        collector.collect(n_step=150)
    assert policy.clock == 50
    expected_rng = np.random.default_rng(3)
    rows = (
        np.arange(3) * 200 + np.arange(10, 60)[:, np.newaxis]
    )  # those after the random ones, in each environment's part of the buffer of the buffer
    for clock, row in enumerate(rows):
        p = special.softmax(values_of(policy, buffer.obs[row]) / max(0.01, 0.01 ** (clock / 30)), axis=-1)
        assert buffer.act[row].tolist() == drawn(p, expected_rng.random(3))


def test_the_network_is_evaluated_once_per_decision():
    policy, asked = make(brl.Boltzmann(1.0)), []
    policy.model.register_forward_hook(lambda *_: asked.append(1))
    decided(policy, EYE)
    assert len(asked) == 1
    batch = Batch(obs=EYE, info=Batch())
    policy.is_within_training_step = True
    policy(Batch(obs=EYE[:2], info=Batch()))  # another batch comes between
    assert len(policy.add_exploration_noise(np.zeros(3, dtype=int), batch)) == 3
    assert len(asked) == 3


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("kind", [bool, int])
def test_a_masked_action_is_never_taken_and_its_value_never_read(name, kind):
    policy, mask = (
        make(brl.Boltzmann(brl.RelativeToSpread(1.0)), name),
        np.tile(np.array([1, 0, 1], dtype=kind), (9000, 1)),
    )
    actions = decided(policy, np.tile(EYE[:1], (9000, 1)), mask)
    counts, left = np.bincount(actions, minlength=3), values_of(policy, EYE[:1])[0, [0, 2]]
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2]], special.softmax(left / left.std()) * 9000).pvalue > FALSE_ALARM


def test_test_steps_are_greedy_without_drawing_unless_inference_is_given():
    policy, observations = make(brl.Uniform()), np.tile(EYE, (50, 1))
    before = pickle.dumps(policy.rng)
    assert decided(policy, observations, training=False).tolist() == values_of(policy, observations).argmax(1).tolist()
    assert pickle.dumps(policy.rng) == before
    policy = make(brl.Greedy(), inference=brl.Uniform(), seed=5)
    uniform = drawn(np.full((150, 3), 1 / 3), np.random.default_rng(5).random(150))
    assert decided(policy, observations, training=False).tolist() == uniform
    assert policy.clock == 0  # only training advances it


@pytest.mark.parametrize("name", POLICIES)
def test_a_real_agent_learns_with_tianshou_s_trainer_and_is_tested_greedily(name):
    policy = make(brl.Boltzmann(brl.RelativeToSpread(Exponential(4.0, 0.1, steps=200))), name)
    optimiser = AdamOptimizerFactory(lr=1e-2)
    settings = {"num_quantiles": 20} if name == "ExploringQRDQNPolicy" else {}
    algorithm = POLICIES[name][0](policy=policy, optim=optimiser, target_update_freq=10, gamma=0.9, **settings)
    env, buffer = DummyVectorEnv([Contexts] * 2), VectorReplayBuffer(2000, 2)
    training, test = (Collector(policy, env, buffer, exploration_noise=True) for buffer in (buffer, None))
    result = algorithm.run_training(
        OffPolicyTrainerParams(
            training_collector=training,
            test_collector=test,
            max_epochs=1,
            epoch_num_steps=600,
            collection_step_num_env_steps=20,
            update_step_num_gradient_steps_per_sample=0.2,
            test_step_num_episodes=40,
            show_progress=False,
            verbose=False,
        )
    )
    assert policy.clock == 300
    assert result.best_score == 1.0
    rewards = buffer.rew[:300]
    assert rewards[:60].mean() < 0.7 < 0.9 < rewards[-60:].mean()
    assert decided(policy, EYE, training=False).tolist() == [0, 1, 2]


def test_a_saved_state_keeps_the_clock_and_the_generator():
    def fresh(seed):
        policy = make(brl.Boltzmann(Exponential(1.0, 0.1, steps=9)), seed=seed)
        return policy, DQN(policy=policy, optim=AdamOptimizerFactory())

    (policy, algorithm), (other, loaded), file = fresh(1), fresh(2), io.BytesIO()
    observations = np.tile(EYE, (50, 1))
    for _ in range(5):
        decided(policy, observations)
    torch.save(algorithm.state_dict(), file)
    file.seek(0)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    assert other.clock == 5
    assert decided(policy, observations).tolist() == decided(other, observations).tolist()
    policy(Batch(obs=EYE, info=Batch()))  # keeps no graph, which could not be copied
    twin = copy.deepcopy(policy)
    assert decided(policy, observations).tolist() == decided(twin, observations).tolist()


@pytest.mark.parametrize(
    ("error", "exploration", "settings", "message"),
    [
        (TypeError, None, {}, "exploration must be callable"),
        (TypeError, brl.Greedy(), {"inference": 0.1}, "inference must be callable"),
        (TypeError, brl.AdaptiveEpsilonGreedy(), {}, "a network does not have: take RelativeToSpread"),
        (ValueError, brl.Boltzmann(brl.EffectiveActions(5.0)), {}, "with 3 available actions"),
        (ValueError, brl.Boltzmann(brl.GLIE()), {}, "counts visits, but only the decisions of each environment"),
        (ValueError, brl.Greedy(), {"inference": brl.Boltzmann(brl.GLIE())}, "inference=.* counts visits"),
        (ValueError, brl.BoltzmannGumbel(1.0), {}, "counts pulls"),
        (
            ValueError,
            brl.Greedy(),
            {"start": 1},
            r"Discrete\(3, start=1\), but Tianshou.* lambda action: action \+ 1, ",
        ),
        (TypeError, brl.Greedy(), {"eps_training": 0.1}, "eps_training has no effect"),
        (TypeError, brl.Greedy(), {"eps_inference": 0.1}, "eps_inference has no effect"),
    ],
)
@pytest.mark.parametrize("name", POLICIES)
def test_invalid_arguments_are_refused_at_once(name, error, exploration, settings, message):
    with pytest.raises(error, match=message):
        make(exploration, name, **settings)


def test_there_is_no_epsilon_to_set():
    policy = make(brl.Greedy())
    for setter in (policy.set_eps_training, policy.set_eps_inference):
        with pytest.raises(TypeError, match=r"no ε to set to 0\.1: exploration= says how"):
            setter(0.1)


@pytest.mark.parametrize("library", ["torch", "tianshou.algorithm.modelfree.dqn"])
def test_an_absent_library_is_named_with_the_command_that_installs_it(monkeypatch, library):
    spec = importlib.util.spec_from_file_location("fresh", integration.__file__)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match="Tianshou 2 is not installed: pip install boltzmann-rl 'tianshou>=2'"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
