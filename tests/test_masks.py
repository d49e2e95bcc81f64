"""Action masks, wherever environments give them: obeyed, or refused by name, in single environments and in vectors."""

import copy
import inspect
from itertools import islice

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.spaces import Discrete, MultiDiscrete
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv, VectorWrapper
from gymnasium.wrappers.vector import DictInfoToList
from installed import TAXI

from boltzmann_rl import SARSA, Agent, Training, Uniform
from boltzmann_rl.environments.masks import may_be_mask

AGENT = Agent(SARSA(0.5), Uniform())
MODES = list(AutoresetMode)
ACTIONS = 4


def legal(at, number=0):
    """Two of four actions are legal, which ones depends on the state and the row."""
    return [(at + number + action) % 4 < 2 for action in range(ACTIONS)]


class Masked(gymnasium.Env):
    """Walks through six states; ``tell`` gives the legal actions; counts illegal ones; is truncated at the end."""

    observation_space, action_space = Discrete(7), Discrete(ACTIONS, start=2)

    def __init__(self, tell=None, number=0, ending="truncated"):
        self.tell, self.number, self.ending, self.at, self.illegal, self.steps = tell, number, ending, 0, 0, 0

    @property
    def legal(self):
        return legal(self.at, self.number)

    def info(self):
        return {} if self.tell is None else self.tell(self)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 0
        return self.at, self.info()

    def step(self, action):
        self.steps += 1
        self.illegal += not self.legal[action - 2]
        self.at += 1
        over = self.at == 6
        return self.at, 1.0, over and self.ending == "terminated", over and self.ending == "truncated", self.info()


class WithMethod(Masked):
    """Gives its mask by sb3-contrib's method, which fails in states without a legal action."""

    def action_masks(self):
        if self.at == 6 and self.ending == "terminated":
            raise RuntimeError("the game is over")
        return np.array(self.legal)


class Bare(gymnasium.Wrapper):
    """A wrapper without support for masks."""


def told(env):
    return {"action_mask": np.array(env.legal, dtype=np.int8)}


def by(key, form=lambda mask: np.array(mask, dtype=np.int8)):
    return lambda env: {"prob": 1.0, key: form(env.legal)}


def transitions(env, number=120, agent=AGENT):
    return list(islice(Training(env, agent, seed=0), number))


def obeyed(found):
    """Assert that each action and next action was legal in its state, and that masks are those of the state."""
    for t in found:
        assert legal(t.observation, t.environment)[t.action]
        mask = None if t.next_available is None else t.next_available.tolist()
        assert mask == (None if t.terminated else legal(t.next_observation, t.environment))
        assert t.terminated == (t.next_action is None)
        assert t.terminated or mask[t.next_action]
    return bool(found)


FORMS = {
    "int8": by("action_mask"),
    "bool": by("action_mask", np.array),
    "list of bools": by("action_mask", list),
    "tuple of ints": by("action_mask", lambda mask: tuple(map(int, mask))),
    "plural": by("action_masks"),
    "plural list": by("action_masks", list),
}


@in_one_test("ending", ["terminated", "truncated"])
@in_one_test("tell", FORMS.values(), ids=FORMS)
def test_a_mask_in_an_info_is_obeyed_in_every_form_of_a_mask(tell, ending):
    env = Masked(tell, ending=ending)
    assert obeyed(transitions(env))
    assert env.illegal == 0
    assert env.steps >= 120


@in_one_test("ending", ["terminated", "truncated"])
@in_one_test("wrap", [lambda env: env, Bare, lambda env: Bare(Bare(env))])
def test_a_method_that_returns_masks_is_obeyed_also_under_wrappers(wrap, ending):
    env = WithMethod(ending=ending)
    assert obeyed(transitions(wrap(env)))
    assert env.illegal == 0


def test_a_wrapper_may_add_the_method():
    contrib = pytest.importorskip("sb3_contrib.common.wrappers")
    env = Masked()
    assert obeyed(transitions(contrib.ActionMasker(env, lambda inner: np.array(inner.legal))))
    assert env.illegal == 0


@pytest.mark.parametrize("name", ["action_mask", "get_action_mask", "valid_action_mask"])
def test_methods_and_attributes_of_other_names_that_need_no_argument_are_obeyed(name):
    method = type("Named", (Masked,), {name: lambda self: self.legal})()
    attribute = type("Shown", (Masked,), {name: property(lambda self: np.array(self.legal))})()
    for env in (method, attribute):
        assert obeyed(transitions(env))


def test_a_method_that_requires_a_state_is_not_called():
    class Helping(Masked):
        def action_mask(self, state):
            raise AssertionError("not for the agent")

        def action_masks(self, state):
            raise AssertionError("not for the agent")

    assert len({t.action for t in transitions(Helping())}) == ACTIONS


def test_if_an_info_has_the_mask_the_method_is_not_called():
    class Both(Masked):
        def action_masks(self):
            raise AssertionError("the info has said it")

    assert obeyed(transitions(Both(told)))


def test_a_method_that_fails_or_returns_something_else_raises_an_error_that_names_it():
    def fails(self):
        return {}["lost"]

    for method, kind, message in (
        (fails, ValueError, r"Named.action_masks\(\) raised KeyError: 'lost'"),
        (lambda self: None, TypeError, r"mask of Named.action_masks\(\) must be bool"),
        (lambda self: np.ones((1, 4), bool), ValueError, r"mask of Named.action_masks\(\) has shape \(1, 4\)"),
        (lambda self: np.zeros(4, bool), ValueError, r"mask of Named.action_masks\(\) leaves no action"),
    ):
        with pytest.raises(kind, match=f"Named with seed .*, episode 0, step 0: .*{message}"):
            transitions(type("Named", (Masked,), {"action_masks": method})())


NEAR = {
    "legal_actions": lambda mask: np.flatnonzero(mask).tolist(),
    "legalActions": lambda mask: np.flatnonzero(mask),
    "legal_moves": lambda mask: set(np.flatnonzero(mask).tolist()),
    "avail_actions": lambda mask: np.array(mask, dtype=float),
    "available_actions": list,
    "valid_actions": lambda mask: tuple(np.flatnonzero(mask)),
    "invalid_action_mask": np.array,
    "actionMask": np.array,
    "Action-Mask": np.array,
    "actionmask": np.array,
    "possible_actions": lambda mask: {action: bool(open_) for action, open_ in enumerate(mask)},
    "mask": np.array,
    "available": lambda mask: np.array(mask, dtype=np.int8),
    "valid": lambda mask: np.array([mask], dtype=np.float32),
}


@in_one_test("key", NEAR)
@in_one_test("first", [0, 3])
def test_a_likely_mask_under_another_name_is_refused_by_name(key, first):
    env = Masked(lambda env: {key: NEAR[key](env.legal)} if env.at >= first else {})
    with pytest.raises(ValueError, match=rf"Masked with .*info\['{key}'\] seems to say.*put it.*leave it out"):
        transitions(env)
    assert env.steps == first


@in_one_test(
    "info",
    [
        {"invalid_action": True},
        {"illegal_moves": 3},
        {"valid": np.float64(1.0)},
        {"mask": np.zeros((5, 5))},
        {"mask": np.array([0.5, 2.0, 3.0, 4.0])},
        {"available_memory": [1, 2, 3]},
        {"masked_tokens": [[1], [2, 3]]},
        {"TimeLimit.truncated": False, 3: [0, 1, 1, 0], "actions": [0, 1]},
        {"action_mask": None, "action_masks": None},
    ],
    ids=repr,
)
def test_an_info_that_only_resembles_a_mask_is_ignored(info):
    assert len({t.action for t in transitions(Masked(lambda env: info))}) == ACTIONS


def test_with_a_mask_other_names_are_ignored():
    assert obeyed(transitions(Masked(lambda env: {**told(env), "legal_actions": [0]})))


@in_one_test(
    ("when", "message"),
    [
        (lambda env: env.at != 3, "step 2: .* is missing, although earlier results had one"),
        (lambda env: env.at == 0, "step 0: .* is missing, although"),
        (lambda env: env.at < 6, "step 5: .* is missing, although .* truncated episode"),
        (lambda env: env.at == 2, "step 1: .* comes after decisions without one"),
        (lambda env: env.at > 0, "step 0: .* comes after decisions without one"),
    ],
)
@in_one_test("vector", [False, True])
def test_a_mask_that_is_sometimes_missing_is_refused_when_it_is(when, message, vector):
    env = Masked(lambda env: told(env) if when(env) else {})
    with pytest.raises(ValueError, match=message):
        transitions(SyncVectorEnv([lambda: env]) if vector else env)


def test_after_termination_no_mask_is_required():
    env = Masked(lambda env: told(env) if env.at < 6 else {}, ending="terminated")
    assert obeyed(transitions(env))


@in_one_test(
    ("mask", "kind", "message"),
    [
        (np.ones((1, 4), np.int8), ValueError, r"info\['action_mask'\] has shape \(1, 4\)"),
        (np.ones(5, np.int8), ValueError, r"info\['action_mask'\] has shape \(5,\)"),
        (np.ones(4), TypeError, r"info\['action_mask'\] must be bool"),
        (np.full(4, 2), ValueError, r"info\['action_mask'\] must hold only 0 and 1"),
        ("1111", TypeError, r"info\['action_mask'\] must be bool"),
        ([], TypeError, r"info\['action_mask'\] must be bool"),
    ],
)
def test_a_mask_of_another_shape_or_dtype_is_refused_by_its_key(mask, kind, message):
    with pytest.raises(kind, match=f"Masked with seed .*, episode 0, step 0: the mask {message}"):
        transitions(Masked(lambda env: {"action_mask": mask}))


# Vectors


class Listed(VectorWrapper):
    """Infos as one dict for each row, in a list, a tuple or an array; the final info as in Gymnasium or None."""

    def __init__(self, env, form=list):
        super().__init__(env)
        self.form = form

    def reset(self, *, seed=None, options=None):
        seen, infos = self.env.reset(seed=seed, options=options)
        return seen, self.listed(infos)

    def step(self, actions):
        *rest, infos = self.env.step(actions)
        return (*rest, self.listed(infos))

    def listed(self, infos):
        rows = DictInfoToList(self.env)._convert_info_to_list(infos)
        found = np.empty(len(rows), dtype=object)
        found[:] = rows
        return self.form(found)


class BeforeOneOne(VectorWrapper):
    """The final observation and infos as in Gymnasium before 1.1: an array of dicts and None."""

    def step(self, actions):
        *rest, infos = self.env.step(actions)
        if "final_info" in infos:
            last = np.full(self.num_envs, None, dtype=object)
            for row in np.flatnonzero(infos["_final_info"]):
                last[row] = {"action_mask": infos["final_info"]["action_mask"][row]}
            infos = {**infos, "final_info": last, "final_observation": infos["final_obs"]}
            del infos["final_obs"], infos["_final_obs"]
        return (*rest, infos)


WRAPPERS = {
    "dict of arrays": lambda env: env,
    "list": Listed,
    "tuple": lambda env: Listed(env, tuple),
    "array": lambda env: Listed(env, lambda found: found),
    "before 1.1": BeforeOneOne,
}


def rows_of(mode, kind=Masked, tell=told, ending="truncated", rows=3, vector=SyncVectorEnv):
    envs = [kind(tell, number, ending) for number in range(rows)]
    return vector([lambda env=env: env for env in envs], autoreset_mode=mode), envs


@in_one_test("ending", ["terminated", "truncated"])
@in_one_test("wrap", WRAPPERS.values(), ids=WRAPPERS)
@in_one_test("mode", MODES, ids=str)
def test_masks_in_the_infos_of_a_vector_are_obeyed_in_every_form_and_mode(mode, wrap, ending):
    vector, envs = rows_of(mode, ending=ending)
    assert obeyed(transitions(wrap(vector)))
    live = sum(env.illegal for env in envs)
    assert live == 0


def test_infos_as_a_list_are_learned_from_as_those_of_gymnasium():
    for mode in MODES:
        plain, listed = (transitions(wrap(rows_of(mode)[0])) for wrap in (lambda env: env, Listed))
        np.testing.assert_equal([tuple(t) for t in plain], [tuple(t) for t in listed])


def test_gymnasiums_own_wrapper_keeps_the_masks_of_taxi():
    vector = DictInfoToList(gymnasium.make_vec(TAXI, num_envs=2, vectorization_mode="sync", max_episode_steps=20))
    inner = gymnasium.make(TAXI).unwrapped
    assert all(inner.action_mask(t.observation)[t.action] for t in transitions(vector, 400))


@pytest.mark.parametrize("lose", [
    lambda infos: {key: part for key, part in infos.items() if "final_info" not in key},
    lambda infos: {**infos, "final_info": {}} if "final_info" in infos else infos,
    lambda infos: {**infos, "_final_info": np.zeros(3, bool)} if "final_info" in infos else infos,
    lambda infos: {**infos, "final_info": [None] * 3} if "final_info" in infos else infos,
])  # fmt: skip
def test_a_truncated_row_that_is_reset_in_the_same_step_without_its_final_mask_is_refused(lose):
    class Losing(VectorWrapper):
        def step(self, actions):
            *rest, infos = self.env.step(actions)
            return (*rest, lose(infos))

    with pytest.raises(ValueError, match=r"row 0, .*step 5: .* is missing.*SAME_STEP in info\['final_info'\]"):
        transitions(Losing(rows_of("SameStep")[0]))
    assert obeyed(transitions(Losing(rows_of("SameStep", ending="terminated")[0])))


@pytest.mark.parametrize("mode", ["NextStep", "Disabled"])
@pytest.mark.parametrize("ending", ["terminated", "truncated"])
def test_methods_of_the_rows_are_obeyed(mode, ending):
    vector, envs = rows_of(mode, WithMethod, None, ending)
    assert obeyed(transitions(vector))
    assert sum(env.illegal for env in envs) == 0


def test_a_method_cannot_give_the_final_mask_of_a_row_that_is_reset_in_the_same_step():
    with pytest.raises(ValueError, match=r"row 0, .*step 5: .* is missing.*SAME_STEP"):
        transitions(rows_of("SameStep", WithMethod, None)[0])


def make_with_method():
    return WithMethod()


def test_methods_in_other_processes_are_called_once_per_step():
    with_closing = AsyncVectorEnv([make_with_method, make_with_method], context="fork")
    try:
        calls, call = [], with_closing.call
        with_closing.call = lambda name: calls.append(name) or call(name)
        found = transitions(with_closing, 60)
        assert all(legal(t.observation)[t.action] for t in found)
        assert set(calls) == {"action_masks"}
        assert len(calls) <= 60 / 2 * 7 / 6 + 2  # once per step of the vector, also if a row starts a new episode
    finally:
        with_closing.close()


NOTHING = object()


class Batch(VectorEnv):
    """A custom vector, whose method returns one mask per row."""

    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012 - Gymnasium's name and type
    num_envs = 2
    single_observation_space, single_action_space = Discrete(7), Discrete(ACTIONS)
    observation_space, action_space = MultiDiscrete([7, 7]), MultiDiscrete([ACTIONS] * 2)

    def __init__(self, masks=None, infos=NOTHING):
        self.at, self.masks, self.infos = 0, masks, {} if infos is NOTHING else infos

    def action_masks(self):
        return [legal(self.at, row) for row in range(2)] if self.masks is None else self.masks

    def reset(self, *, seed=None, options=None):
        self.at = 0
        return np.zeros(2, int), self.infos

    def step(self, actions):
        self.at = (self.at + 1) % 6
        return np.full(2, self.at), np.zeros(2), np.zeros(2, bool), np.zeros(2, bool), self.infos


def test_the_method_of_a_custom_vector_gives_the_masks_of_all_rows():
    assert obeyed(transitions(Batch()))
    with pytest.raises(ValueError, match=r"Batch.action_masks\(\) must have one entry for each of the 2 rows"):
        transitions(Batch(np.ones((3, ACTIONS), bool)))


@in_one_test(
    ("infos", "kind", "message"),
    [
        ([{}], ValueError, "infos must have one entry for each of the 2 rows"),
        ([{}, None], TypeError, "row 1.*info must be a dict, got None"),
        (({}, ()), TypeError, r"row 1.*info must be a dict, got \(\)"),
        (7, TypeError, "infos must be a dict of arrays, or a list with a dict for each row, got 7"),
        (None, TypeError, "infos must be a dict of arrays"),
        ({"action_mask": np.ones((3, ACTIONS), bool)}, ValueError, "one entry for each of the 2 rows"),
        ({"action_mask": np.ones(ACTIONS, bool)}, ValueError, "one entry for each of the 2 rows"),
        ({"action_mask": np.ones(2, bool)}, ValueError, r"has shape \(\)"),
        ({"action_mask": 3}, ValueError, "one entry for each of the 2 rows"),
        ({"legal_actions": np.ones((2, ACTIONS), bool)}, ValueError, r"info\['legal_actions'\] seems to say"),
        ([{"legal_actions": [0]}] * 2, ValueError, r"row 0.*info\['legal_actions'\] seems to say"),
    ],
)
def test_invalid_infos_of_a_vector_are_refused(infos, kind, message):
    with pytest.raises(kind, match=message):
        transitions(Batch(infos=infos))


def test_an_info_key_that_applies_to_all_rows_is_accepted():
    infos = {"masked": 3, "valid": np.array(True), "mask_of_the_map": np.zeros((9, 9)), "prob": np.ones(2)}
    assert obeyed(transitions(Batch(infos=infos)))


def test_rows_with_and_without_masks_can_be_mixed():
    vector = SyncVectorEnv([lambda: Masked(told, 0), lambda: Masked(None, 1)])
    found = transitions(vector, 200)
    assert all(legal(t.observation)[t.action] for t in found if t.environment == 0)
    assert len({t.action for t in found if t.environment == 1}) == ACTIONS


@pytest.mark.parametrize("make", [lambda: WithMethod(), lambda: SyncVectorEnv([make_with_method]), Batch])
def test_a_copy_calls_its_own_environment(make):
    training = Training(make(), AGENT, seed=0)
    list(islice(training, 5))
    other = copy.deepcopy(training)
    list(islice(training, 3))
    assert obeyed(list(islice(other, 50)))


def test_names_are_compared_word_by_word():
    near = ["action_mask", "actions_mask", "legalMoves", "avail", "MASK", "isValid", "invalid_action"]
    far = ["prob", "reward_mean", "action", "moves", "episode", "_", "", "validation_loss", 3, None, ("mask",)]
    assert all(map(may_be_mask, near))
    assert not any(map(may_be_mask, far))
    assert inspect.getdoc(may_be_mask)
