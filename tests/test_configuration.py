"""Declarations as dictionaries: every public one comes back equal, and hostile dictionaries are refused by name."""

import dataclasses
import json
import math
import subprocess
import sys
import time
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import schedule_tables
import test_bandit_feedback
import test_bandits
import test_conformance_table
from cases import in_one_test
from pages import blocks, run_python

import boltzmann_rl as brl
from boltzmann_rl import bandit_environments, planning, schedules
from boltzmann_rl.cli import main
from boltzmann_rl.configuration import read
from boltzmann_rl.engines.metrics import measures_of

COOLING = brl.Agent(brl.SampleAverage(), brl.Boltzmann(schedules.Exponential(1.0, 0.1, steps=20)))
TRACES = brl.Agent(brl.EligibilityTraces(brl.QLearning(schedules.Power(1.0)), decay=0.9), brl.EpsilonGreedy(0.1))
BANDITS = brl.BanditExperiment(
    name="bandits",
    problem={"one": brl.GaussianBandit((0.1, 0.2)), "inf": brl.BernoulliBandit()},
    agents={"cooling": COOLING, "greedy": brl.Agent(brl.UCB1(), brl.Greedy())},
    runs=4,
    steps=30,
    seed=2**63 - 1,
    compare=[("cooling", "greedy")],
)
STUDY = dataclasses.replace(BANDITS, compare=None, agents={"τ": {0.1: COOLING, 2.0: COOLING}, "class": COOLING})
EPISODES = brl.GymnasiumExperiment(
    name="episodes",
    problem={
        "lake": brl.Environment("FrozenLake-v1", 50, {"is_slippery": False, "desc": ["SF", "FG"]}),
        "poles": brl.Environment("CartPole-v1", wrap=brl.TileCoded(2, 3, low=-1.0, high=[1.0] * 4)),
    },
    agents={"traces": TRACES},
    runs=2,
    episodes=3,
)
SWEPT = dataclasses.replace(BANDITS, compare=None)
OVER = {"agents.policy.temperature": (0.1, schedules.Constant(1.0)), "seed": range(2)}

DECLARATIONS = [
    *(policy for policy, _ in test_conformance_table.TABLE),
    *(policy.temperature for policy, _ in test_conformance_table.TABLE if hasattr(policy, "temperature")),
    *(learner for learner, _ in test_bandit_feedback.TABLE),
    *(bandit for bandit, _ in test_bandits.TABLE),
    *schedule_tables.ALL.values(),
    *measures_of("step").metrics,
    *(COOLING, TRACES, BANDITS, STUDY, EPISODES, brl.Sweep("swept", SWEPT, over=OVER), brl.exp3(5, 0.1)),
    *(brl.recommended(5), brl.Agent(brl.QLearning(), brl.recommended(5, states=True))),
    *(brl.QLearning(), brl.DoubleQLearning(ties="draw"), brl.SARSA(0.1, discount=0.9), brl.ExpectedSARSA()),
    *(brl.NStep(brl.SARSA(), 3), brl.EligibilityTraces(brl.QLearning(), decay=0.5), brl.LinearPreferences(0.1)),
    *(brl.Reinforce(0.1, initial=(0.1, 0.2)), brl.ActorCritic(schedules.Power(0.1), 0.2)),
    *(brl.NormalMeans(1, 2), brl.UniformMeans(), brl.BetaMeans(1, 2), brl.NearTies(gap=0.1)),
    *(bandit_environments.ClassificationBandit(), bandit_environments.ContextualLinearBandit(((1, 2), (3, 4)))),
    *(planning.MaxBackup(), planning.BoltzmannBackup(0.1), planning.MellowmaxBackup(2.0)),
    brl.Environment("A-v0", options={"nested": {"list": [1, math.inf], 3: -math.inf, "none": None}}),
    *(brl.Numbered(), brl.LinearObservations(), brl.RescaledRewards(2.0, 1.0), brl.TileCoded(2, (3, 4), 0.0, (1, 2))),
    *(brl.Boltzmann([0.1, schedules.Power(1.0)]), brl.Boltzmann(math.inf), brl.EpsilonGreedy(np.array([0.1, 0.2]))),
    *(schedules.Linear([1.0, 2.0], 0.0, steps=3), brl.Boltzmann(schedules.Linear([1.0, 2.0], 0.0, steps=3))),
]
DECLARATIONS = [part for part in DECLARATIONS if dataclasses.is_dataclass(part)]  # some temperatures are numbers
each_declaration = in_one_test("declaration", DECLARATIONS, ids=lambda part: f"{part!r:.60}")


def version_1(**parts):
    """A dictionary with the version of the form."""
    return {"boltzmann_rl": 1, **parts}


def public_declarations(module=brl):
    """Every public frozen dataclass that compares by its fields, found by walking the public modules."""
    for name in module.__all__:
        found = getattr(module, name)
        if isinstance(found, types.ModuleType):
            yield from public_declarations(found)
        elif isinstance(found, type) and dataclasses.is_dataclass(found):
            options = found.__dataclass_params__
            if options.frozen and options.eq:
                yield found


def test_no_public_declaration_is_missing_from_the_table():
    public = set(public_declarations())
    assert len(public) > 80
    assert public == {type(part) for part in DECLARATIONS}


def test_no_two_public_declarations_have_one_name():
    public = set(public_declarations())
    assert len({kind.__name__ for kind in public}) == len(public)


@each_declaration
def test_every_declaration_comes_back_equal_from_strict_json(declaration):
    written = brl.to_dict(declaration)
    found = brl.from_dict(json.loads(json.dumps(written, allow_nan=False)))
    assert type(found) is type(declaration)
    assert found == declaration
    assert repr(found) == repr(declaration)


@each_declaration
def test_every_declaration_comes_back_equal_from_yaml(declaration):
    yaml = pytest.importorskip("yaml")
    text = yaml.safe_dump(brl.to_dict(declaration), allow_unicode=True, sort_keys=False)
    assert brl.from_dict(yaml.safe_load(text)) == declaration


@each_declaration
def test_every_declaration_comes_back_equal_from_files(declaration, tmp_path):
    yaml = pytest.importorskip("yaml")
    (tmp_path / "it.json").write_text(json.dumps(brl.to_dict(declaration)), "utf-8")
    (tmp_path / "it.yaml").write_text(yaml.safe_dump(brl.to_dict(declaration), allow_unicode=True), "utf-8")
    assert read(tmp_path / "it.json") == read(tmp_path / "it.yaml") == declaration


def test_the_form_is_that_of_the_page():
    policy = brl.Boltzmann(schedules.Linear(1, 0.1, steps=100))
    assert brl.to_dict(policy) == {
        "boltzmann_rl": 1,
        "class": "Boltzmann",
        "temperature": {"class": "Linear", "start": 1.0, "end": 0.1, "steps": 100},
    }
    assert brl.to_dict(brl.Boltzmann((math.inf, 1)))["temperature"] == [{"class": "float", "value": "inf"}, 1.0]
    agents = brl.to_dict(STUDY)["agents"]
    assert agents["class"] == "dict"  # as a label is "class"
    assert [key for key, _ in agents["items"]] == ["τ", "class"]
    assert [key for key, _ in agents["items"][0][1]["items"]] == [0.1, 2.0]


def test_fields_with_defaults_may_be_left_out_and_are_written():
    found = brl.from_dict(version_1(**{"class": "SampleAverage"}))
    assert found == brl.SampleAverage()
    assert brl.to_dict(found) == version_1(**{"class": "SampleAverage", "initial": 0.0, "count_initial": False})


def test_the_order_of_labels_stays():
    labels = ["z", "10", "a", "9"]
    experiment = dataclasses.replace(BANDITS, compare=None, agents=dict.fromkeys(labels, COOLING))
    assert [*brl.from_dict(json.loads(json.dumps(brl.to_dict(experiment)))).agents] == labels


def actions_of(agent, steps=200):
    """The actions of an agent on a bandit with five arms."""
    rng, rewards = np.random.default_rng(0), np.random.default_rng(1)
    state, taken = agent.learner.start((1, 5), rng), []
    for step in range(steps):
        action = brl.act(agent.policy, agent.learner.values(state)[0], rng, step=step)
        reward = rewards.normal(np.arange(5) / 5)[[action]]
        state = agent.learner.update(state, np.array([action]), reward, None, rng)
        taken.append(action)
    return taken


def test_json_and_yaml_build_an_agent_that_plays_the_same_actions():
    yaml = pytest.importorskip("yaml")
    written = version_1(**{"class": "Agent", "learner": {"class": "SampleAverage"}})
    written["policy"] = {
        "class": "Boltzmann",
        "temperature": {"class": "Exponential", "start": 1, "end": 0.1, "steps": 20},
    }
    played = actions_of(COOLING)
    assert len(set(played)) > 1
    assert actions_of(brl.from_dict(json.loads(json.dumps(written)))) == played
    assert actions_of(brl.from_dict(yaml.safe_load(yaml.safe_dump(written)))) == played


# Classes of the user.


@dataclass(frozen=True)
class Halving:
    start: float
    labels: Any = ()

    def __call__(self, step):
        return self.start * 0.5**step


@dataclass(frozen=True)
class Boltzmann:
    temperature: float


@dataclass(frozen=True)
class Doubling:
    start: float

    def __post_init__(self):
        object.__setattr__(self, "start", 2.0 * self.start)


@dataclass
class Mutable:
    start: float


@in_one_test(
    "value",
    [
        [1, [2, (3, [])]],
        {},
        {"a": {"class": "x"}, 3: None, None: True, (1, (2,)): {2.5: "y"}, Halving(1.0): Halving(2.0)},
        math.nan,
        (math.inf, -math.inf, "inf", "", "null", "1e3"),
        np.float32(0.1),
        np.int64(3),
        np.bool_(True),
        np.str_("text"),
        10**30,
        "\ud800 \x00 é 🙂",
        {"class": "Halving"},
        {"boltzmann_rl": 7},
    ],
    ids=repr,
)
def test_classes_handed_in_come_back_equal_with_any_plain_fields(value):
    declaration = Halving(0.5, value)
    text = json.dumps(brl.to_dict(declaration, classes=[Halving]), allow_nan=False)
    found = brl.from_dict(json.loads(text), classes=[Halving])
    assert found == declaration or repr(found) == repr(declaration)


def test_a_list_stays_a_list_and_a_tuple_a_tuple():
    found = brl.from_dict(brl.to_dict(Halving(1.0, ([1], (2,))), classes=[Halving]), classes=[Halving])
    assert type(found.labels) is tuple
    assert [type(part) for part in found.labels] == [list, tuple]


def test_classes_handed_in_may_be_parts_of_ours():
    agent = brl.Agent(brl.SampleAverage(), brl.Boltzmann(Halving(1.0)))
    assert brl.from_dict(brl.to_dict(agent, classes=[Halving]), classes=[Halving]) == agent


def refused(call, *words):
    """The message of the error that a call raises, which has all words."""
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert all(word in str(caught.value) for word in words), caught.value
    return str(caught.value)


@in_one_test(
    ("declaration", "classes", "words"),
    [
        (lambda values, step: values, [], ["declaration is the function <lambda>", "frozen=True", "classes"]),
        (brl.Boltzmann(lambda step: 1.0), [], ["temperature is the function <lambda>", "frozen=True", "classes"]),
        (brl.Boltzmann(Halving(1.0)), [], ["temperature is Halving(", "to_dict(…, classes=[Halving])"]),
        (Halving(1.0, np.zeros(2)), [Halving], ["labels is an array", "tuple"]),
        (Halving(1.0, {1, 2}), [Halving], ["labels is {1, 2} of the type set"]),
        (Halving(1.0, range(3)), [Halving], ["labels is range(0, 3) of the type range"]),
        (Halving(1.0, {"a": [b"x"]}), [Halving], ["labels['a'][0] is b'x' of the type bytes"]),
        (Halving(1.0, Mutable(1.0)), [Halving], ["labels is Mutable(start=1.0) of the type Mutable"]),
        (Halving(1.0, Halving), [Halving], ["labels is the class Halving: give an instance"]),
        (Halving(1.0, brl.Transition(*range(7))), [Halving], ["labels is Transition(", "of the type Transition"]),
        (brl.Boltzmann, [], ["declaration is the class Boltzmann: give an instance"]),
        (brl.BoltzmannDistribution([1.0], 1.0), [], ["of the type BoltzmannDistribution"]),
        ({"a": COOLING}, [], ["of the type dict"]),
        (Doubling(1.0), [Doubling], ["Doubling(start=2.0) would come back as Doubling(start=4.0)"]),
        (COOLING, [Mutable], ["classes must be frozen dataclasses", "Mutable"]),
        (COOLING, [Boltzmann], ["'Boltzmann' is a name of boltzmann_rl: rename"]),
        (COOLING, [dataclass(frozen=True)(type("softmax", (), {}))], ["'softmax' is a name of boltzmann_rl"]),
        (COOLING, [dataclass(frozen=True)(type("float", (), {}))], ["'float' is a name of boltzmann_rl"]),
        (COOLING, [Halving, dataclass(frozen=True)(type("Halving", (), {}))], ["two classes named 'Halving'"]),
        (COOLING, Halving, ["classes must be a list of classes, got <class"]),
        (COOLING, [lambda: 1], ["classes must be frozen dataclasses", "<lambda>"]),
    ],
)
def test_what_has_no_form_is_refused_with_the_field_and_the_remedy(declaration, classes, words):
    refused(lambda: brl.to_dict(declaration, classes=classes), *words)


def test_a_class_of_the_package_may_be_handed_in_too():
    assert brl.from_dict(brl.to_dict(COOLING, classes=[brl.Boltzmann]), classes=[brl.Boltzmann]) == COOLING


def boltzmann(temperature):
    """A policy as a dictionary."""
    return {"class": "Boltzmann", "temperature": temperature}


# Hostile dictionaries: the declaration without its version, and words of the error.
POLICY = boltzmann(0.1)
TYPES = "must be a mapping, a list, text, a number, true, false or null"
HOSTILE = {
    "an unknown class": ({"class": "Boltzman"}, ["no class 'Boltzman'", "did you mean 'Boltzmann'?"]),
    "a synonym": ({"class": "EGreedy"}, ["no class 'EGreedy'"]),
    "a name with its module": ({"class": "schedules.Linear"}, ["no class 'schedules.Linear'", "'Linear'"]),
    "another package": ({"class": "os.system"}, ["no class 'os.system' in boltzmann_rl", "classes=[…]"]),
    "a builtin": ({"class": "eval"}, ["no class 'eval'"]),
    "a dunder": ({"class": "__import__"}, ["no class '__import__'"]),
    "a dunder of the package": ({"class": "__version__"}, ["no class '__version__'"]),
    "an inner name": ({"class": "Runnable"}, ["no class 'Runnable'"]),
    "a function": ({"class": "check_policy"}, ["'check_policy' is not a class"]),
    "a module": ({"class": "schedules"}, ["no class 'schedules'"]),
    "a class that declares nothing": ({"class": "Training"}, ["'Training'", "declares nothing"]),
    "a class of results": ({"class": "Results", "curves": []}, ["'Results'", "declares nothing"]),
    "a class of a user": ({"class": "Halving", "start": 1.0}, ["no class 'Halving'", "classes=[…]"]),
    "no class": ({"temperature": 0.1}, ["class at the top"]),
    "nothing": ({}, ["class at the top"]),
    "a list at the top": ({"class": "list", "items": []}, ["class at the top"]),
    "a class that is a number": ({"class": 3}, ["class must be the name of a class as text, got 3"]),
    "a class that is a list": ({"class": ["Boltzmann"]}, ["class must be the name", "got ['Boltzmann']"]),
    "a class that is null": ({"class": None}, ["class must be the name", "got None"]),
    "a class that is a class": ({"class": brl.Boltzmann}, [f"class {TYPES}, got <class"]),
    "an unknown field": (POLICY | {"temprature": 1}, ["no field 'temprature'", "did you mean 'temperature'?"]),
    "a field of other packages": ({"class": "Boltzmann", "tau": 1}, ["no field 'tau'", "'temperature'"]),
    "a method as a field": (POLICY | {"__class__": 1}, ["Boltzmann has no field '__class__'"]),
    "a number as a field": (POLICY | {3: 1}, ["Boltzmann has no field 3"]),
    "a version within": (boltzmann(version_1(**POLICY)), ["no field 'boltzmann_rl'"]),
    "a missing field": ({"class": "Boltzmann"}, ["Boltzmann needs the field 'temperature'"]),
    "text for a number": (boltzmann("0.1"), ["temperature must be a number, got '0.1'"]),
    "a truth value for a number": (boltzmann(True), ["temperature must be a number"]),
    "a number too large": (boltzmann(10**400), ["temperature", "an integer of 1329 bits"]),
    "NaN": (boltzmann(math.nan), ["temperature must be 0 or more, got nan"]),
    "an array": (boltzmann(np.ones(2)), [f"temperature {TYPES}, got array", "ndarray"]),
    "an instance": ({"class": "Agent", "learner": brl.UCB1()}, [f"learner {TYPES}, got UCB1("]),
    "a set": (boltzmann({1}), [f"temperature {TYPES}, got {{1}} of the type set"]),
    "a tuple as a key": (
        {"class": "Boltzmann", "temperature": {(): 1}},
        ["temperature must have text or numbers as keys"],
    ),
    "a learner for a policy": (
        {"class": "Agent", "learner": {"class": "UCB1"}, "policy": {"class": "UCB1"}},
        ["policy must be callable", "got a learner"],
    ),
    "a wrong float": (
        {"class": "Boltzmann", "temperature": {"class": "float", "value": "1"}},
        ["temperature: value must"],
    ),
    "a float of a list": (
        {"class": "Boltzmann", "temperature": {"class": "float", "value": []}},
        ["value must be 'inf'"],
    ),
    "a float with more": (
        boltzmann({"class": "float", "value": "inf", "x": 1}),
        ["temperature: ", "'float' needs 'value' and nothing else, got 'value', 'x'"],
    ),
    "items of text": (
        {"class": "Boltzmann", "temperature": {"class": "list", "items": "ab"}},
        ["items must be a list"],
    ),
    "no pairs": (
        {"class": "Boltzmann", "temperature": {"class": "dict", "items": [[1]]}},
        ["items must be pairs", "[1]"],
    ),
    "a key that stands twice": (
        boltzmann({"class": "dict", "items": [[1, 2], [1, 3]]}),
        ["temperature has the key 1 twice"],
    ),
    "a key without hash": (
        boltzmann({"class": "dict", "items": [[{"a": 1}, 2]]}),
        ["temperature: unhashable type"],
    ),
    "a name that leaves the folder": (
        {"class": "BanditExperiment", "name": "../../etc", "problem": {"class": "GaussianBandit"}, "agents": {"a": 1}},
        ["name must be", "'../../etc'"],
    ),
    "a table of 30,001 rows": (
        {"class": "AdversarialBandit", "rewards": [[row / 30_000] for row in [*range(30_000), 7]]},
        ["rewards[30000] must differ from rewards[7]"],
    ),
    "a sweep of 10¹² combinations": (
        {
            "class": "Sweep",
            "name": "s",
            "experiments": {key: part for key, part in brl.to_dict(SWEPT).items() if key != "boltzmann_rl"},
            "over": {
                "agents.policy.temperature": [*range(10_000)],
                "agents.learner.initial": [*range(10_000)],
                "seed": [*range(10_000)],
            },
        },
        ["over has 100,000,000 or more combinations", "at most 10,000"],
    ),
}


@in_one_test(("written", "words"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_dictionaries_are_refused_by_name(written, words):
    began = time.process_time()
    refused(lambda: brl.from_dict({"boltzmann_rl": 1, **written}), *words)
    assert time.process_time() - began < 5.0


@in_one_test(
    ("version", "word"),
    [
        (2, "version 2"),
        (0, "got 0"),
        (-1, "got -1"),
        (True, "got True"),
        ("1", "got '1'"),
        (1.0, "got 1.0"),
        (None, "None"),
    ],
)
def test_other_versions_are_refused(version, word):
    refused(lambda: brl.from_dict({"boltzmann_rl": version, **POLICY}), word)


@in_one_test("given", [None, 3, "Boltzmann", [POLICY], brl.Boltzmann(0.1)], ids=repr)
def test_what_is_no_mapping_is_refused(given):
    refused(lambda: brl.from_dict(given), "declaration must be a mapping, as to_dict returns, got")


def test_a_dictionary_without_version_is_refused_with_the_remedy():
    refused(lambda: brl.from_dict(POLICY), "version at the top", "'boltzmann_rl': 1")


def deep(levels):
    part = 0.5
    for _ in range(levels):
        part = [part]
    return part


def wide():
    part = [0.5] * 10
    for _ in range(9):
        part = [part] * 10  # ten references to one list, as aliases in YAML make them
    return part


def cycle():
    part = {"class": "Scaled", "factor": 1.0}
    part["schedule"] = part
    return part


@pytest.mark.parametrize(
    ("temperature", "word"),
    [
        (deep(100_000), "is nested more than 64 deep"),
        (cycle(), "is nested more than 64 deep: does a part contain itself?"),
        (wide(), "has too many parts: a declaration has at most 1,000,000"),
        ([0.5] * 10_000_000, "temperature has too many parts"),
        ("x" * 10_000_000, "a text has 10,000,000 characters"),
        ({"x" * 10_000_000: 1}, "a text has 10,000,000 characters"),
    ],
    ids=["deep", "cycle", "references", "long", "text", "key"],
)
def test_bombs_are_refused_at_once(temperature, word):
    began = time.process_time()
    said = refused(lambda: brl.from_dict(version_1(**boltzmann(temperature))), word)
    assert time.process_time() - began < 5.0
    assert len(said) < 500


def test_a_declaration_that_is_too_deep_is_not_written():
    schedule = schedules.Constant(1.0)
    for _ in range(70):
        schedule = schedules.Scaled(schedule, factor=1.0)
    refused(lambda: brl.to_dict(schedule), "is nested more than 64 deep")


@in_one_test(
    ("change", "said"),
    [
        (
            lambda d: d["agents"]["cooling"]["policy"].update(temperature=-1),
            "agents['cooling'].policy.temperature must be",
        ),
        (
            lambda d: d["agents"]["greedy"]["policy"].update({"class": "x"}),
            "agents['greedy'].policy: there is no class 'x'",
        ),
        (lambda d: d["agents"]["greedy"]["learner"].update(c=1), "agents['greedy'].learner: UCB1 has no field 'c'"),
        (lambda d: d["agents"].update(greedy=3), "agents['greedy'] must be an Agent"),
        (lambda d: d["problem"]["one"].update(sd=-1.0), "problem['one'].sd must be"),
        (lambda d: d["problem"]["one"]["means"].append("a"), "problem['one'].means"),
        (lambda d: d.update(runs=0), "runs must be 1 or more, got 0"),
        (lambda d: d.update(compare=[["cooling", "nobody"]]), "nobody"),
    ],
)
def test_errors_of_constructors_name_the_path_of_the_field(change, said):
    written = brl.to_dict(BANDITS)
    change(written)
    assert refused(lambda: brl.from_dict(written)).startswith(said) or said == "nobody"


WRONG = [None, True, -1, 10**400, math.nan, -math.inf, "", "x", [], [[]], ["x"], {}, {"x": {}}, {"class": "UCB1"}]


def with_part(written, path, part):
    """A copy of a dictionary with another part at a path."""
    if not path:
        return part
    copy = dict(written) if isinstance(written, dict) else list(written)
    copy[path[0]] = with_part(written[path[0]], path[1:], part)
    return copy


def paths_in(written):
    """The paths to all parts but classes and the version."""
    parts = written.items() if isinstance(written, dict) else enumerate(written) if isinstance(written, list) else ()
    for key, inner in parts:
        if key not in ("class", "boltzmann_rl"):
            yield (key,)
            yield from ((key, *rest) for rest in paths_in(inner))


def outcome(written):
    """What is made of a dictionary, or the error that began a refusal."""
    try:
        return brl.from_dict(written)
    except (TypeError, ValueError) as error:
        while error.__cause__ is not None:
            error = error.__cause__
        return error


ONE_OF_EACH = {type(part): part for part in DECLARATIONS}.values()


@pytest.mark.parametrize("declaration", ONE_OF_EACH, ids=lambda part: f"{part!r:.60}")
def test_a_wrong_part_is_refused_by_a_check_or_comes_back_equal(declaration):
    written = brl.to_dict(declaration)
    for path in paths_in(written):
        for wrong in WRONG:
            found = outcome(with_part(written, path, wrong))
            if isinstance(found, Exception):
                assert type(found) in (TypeError, ValueError), (path, wrong)  # and not an error beside the checks
            else:
                assert brl.from_dict(brl.to_dict(found)) == found, (path, wrong)


def test_nothing_is_imported_for_a_name_in_a_dictionary(tmp_path, monkeypatch):
    (tmp_path / "planted.py").write_text("raise SystemExit('imported')", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("planted", "planted.Boltzmann", "boltzmann_rl.planted", "../planted"):
        refused(lambda name=name: brl.from_dict(version_1(**{"class": name})), "there is no class")
    assert "planted" not in sys.modules


def test_reading_a_policy_imports_no_environments_and_no_tables():
    program = (
        "import sys, boltzmann_rl as brl;"
        "print([*{m.partition('.')[0] for m in sys.modules} & {'yaml', 'json', 'ast'}]);"
        "p = brl.from_dict({'boltzmann_rl': 1, 'class': 'Boltzmann', 'temperature': {'class': 'Power', 'start': 1}});"
        "brl.to_dict(p);"
        "print([*{m.partition('.')[0] for m in sys.modules} & {'gymnasium', 'pandas', 'matplotlib', 'numba', 'yaml'}])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[1] == "[]"


# Files and the command line.


def save(folder, name, text):
    (folder / name).write_text(text, "utf-8")
    return folder / name


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_a_key_that_stands_twice_is_refused(name, tmp_path):
    if name.endswith(".yaml"):
        pytest.importorskip("yaml")
    file = save(tmp_path, name, '{"boltzmann_rl": 1, "class": "Boltzmann", "temperature": 1, "temperature": 2}')
    refused(lambda: read(file), f"{file}: the key 'temperature' stands twice")


def test_yaml_may_have_aliases_merged_keys_exponents_and_infinities(tmp_path):
    pytest.importorskip("yaml")
    text = """
        boltzmann_rl: 1
        class: Joined
        schedules: [&first {class: Linear, start: 1e+0, end: 1e-3, steps: 5}, *first, {<<: *first, end: 2.5E-1}, .5e1]
        boundaries: [1, 2, 3]
    """
    first = schedules.Linear(1.0, 0.001, steps=5)
    expected = schedules.Joined((first, first, schedules.Linear(1.0, 0.25, steps=5), 5.0), boundaries=(1, 2, 3))
    assert read(save(tmp_path, "a.yaml", text)) == expected
    infinite = save(tmp_path, "b.yml", "{boltzmann_rl: 1, class: Boltzmann, temperature: .inf}")
    assert read(infinite) == brl.Boltzmann(math.inf)


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a.json", "[" * 100_000, "nested too deep"),
        ("a.yaml", "[" * 100_000, "nested too deep"),
        ("a.json", "{", "Expecting"),
        ("a.json", "1" * 5000, "4300 digits"),
        ("a.yaml", "a: [1", "no YAML"),
        ("a.yaml", "!!python/object/apply:os.mkdir [made]", "no YAML: could not determine a constructor"),
        ("a.yaml", "{boltzmann_rl: 1, class: Boltzmann, temperature: 2001-01-01}", "got datetime.date"),
        ("a.yaml", "{? [a] : 1}", "no YAML: "),
        ("a.yaml", "", "declaration must be a mapping"),
        ("a.txt", "", "path must end in .json, .yaml or .yml"),
        ("a.json", " " * (2**25 + 1), "is too large"),
    ],
)
def test_files_without_a_declaration_are_refused(name, text, word, tmp_path, monkeypatch):
    if name.endswith(".yaml"):
        pytest.importorskip("yaml")
    monkeypatch.chdir(tmp_path)
    refused(lambda: read(save(tmp_path, name, text)), word)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_yaml_without_pyyaml_names_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ModuleNotFoundError, match=r"boltzmann-rl\[yaml\]"):
        read(save(tmp_path, "a.yaml", ""))


def test_the_command_line_runs_a_json_file_as_a_python_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save(tmp_path, "it.json", json.dumps(brl.to_dict(STUDY)))
    save(tmp_path, "it.py", f"import boltzmann_rl as brl\nIT = brl.from_dict({brl.to_dict(STUDY)!r})\n")
    assert main(["run", "it.json", "--quiet", "--results", "of_json"]) == 0
    assert main(["run", "it.py", "--quiet", "--results", "of_python"]) == 0
    for table in ("curves", "runs", "summary", "comparisons"):
        paths = [Path(folder, "bandits", f"{table}.csv") for folder in ("of_json", "of_python")]
        assert paths[0].read_bytes() == paths[1].read_bytes()
    assert main(["run", "--again", "of_json/bandits"]) == 0
    assert "curves.csv: the same bytes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "status", "word"),
    [
        (json.dumps(brl.to_dict(COOLING)), 2, "Sweep, not Agent"),
        (
            json.dumps(brl.to_dict(BANDITS) | {"runs": 0}),
            1,
            "it.json could not be loaded: runs must be 1 or more, got 0",
        ),
        ("{", 1, "it.json could not be loaded: Expecting"),
        (None, 2, "no experiment file there: it.json"),
    ],
)
def test_the_command_line_says_what_is_wrong_with_a_file(text, status, word, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if text is not None:
        save(tmp_path, "it.json", text)
    assert main(["run", "it.json"]) == status
    assert word in " ".join(capsys.readouterr().err.split())


def test_the_code_of_the_page_runs(tmp_path, monkeypatch, capsys):
    pytest.importorskip("yaml")
    monkeypatch.chdir(tmp_path)
    save(tmp_path, "warm.yaml", next(text for language, text in blocks("configuration.md") if language == "yaml"))
    results = run_python("configuration.md")["results"]
    assert capsys.readouterr().out == "agents['ε-greedy'].policy.epsilon must be in [0, 1], got 1.5\n"
    assert set(results.summary["agent"]) == {
        "ε-greedy",
        "Boltzmann, cooling",
        "Boltzmann, τ = 0.1",
        "Boltzmann, τ = 0.2",
    }
    assert main(["run", "warm.yaml", "--quiet"]) == 0
