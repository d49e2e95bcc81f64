"""The code behind a declaration: what changes it, and what does not."""

import ast
import collections
import dataclasses
import functools
import importlib
import inspect
import itertools
import linecache
import os
import pkgutil
import shutil
import subprocess
import sys
import time
import types
from importlib import metadata
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl.engines.selection import simulating
from boltzmann_rl.runs.code import code_of
from boltzmann_rl.runs.sources import owner_of
from boltzmann_rl.runs.values import CONTENTS

# --- edits of a user's files ------------------------------------------------------------------------------------

OWN = '''
"""Policies of somebody else."""

import functools
from dataclasses import dataclass

import numpy as np

import beside
from beside import halved

FACTOR = 2.0
WEIGHTS = [1.0, 2.0]
OPTIONS = {"sign": 1.0}
TABLE = np.arange(3.0)
SEEN = {}
UNUSED = 3


def doubled(function):
    @functools.wraps(function)
    def call(*args):
        return 2.0 * function(*args)

    return call


def scale(values, power=1.0, *, offset=0.0):
    """Rescales."""
    return FACTOR * values**power + offset + WEIGHTS[0] + OPTIONS["sign"] + TABLE[1]


def made(enclosed):
    def function(values):
        return values + enclosed

    return function


shift = made(0.5)
lifted = functools.partial(scale, power=2.0)


@functools.cache
def kept(number):
    return number + 1


def helped(values):
    SEEN[len(SEEN)] = 1
    return kept(0) + beside.third(values) + halved(values) + shift(values) + lifted(values)


def unused():
    return UNUSED


class Base:
    limit = 1.0

    def __call__(self, values, step):
        return self.weigh(np.ones(np.shape(values)))

    @property
    def half(self):
        return 0.5

    @staticmethod
    def of(values):
        return values + 1


@dataclass(frozen=True)
class Slope:
    """Rises."""

    rate: float = 1.0

    def __call__(self, step: int) -> float:
        return 1.0 + step


@dataclass(frozen=True)
class Own(Base):
    """Of somebody else."""

    slope: Slope = Slope()

    @doubled
    def weigh(self, ones):
        # all alike
        total: float = ones.shape[-1]
        return self.half * scale(helped(ones)) / total

    def late(self):
        from later import imported

        return [imported(one) for one in range(3)]
'''

BESIDE = """
def third(values):
    return values / 3.0


def halved(values):
    return quarter(values) * 2.0


def quarter(values):
    return values / 4.0


def elsewhere(values):
    return values
"""

LATER = """
def imported(values):
    return values
"""

# Each edit: the file, what stands there, what is written in its place, whether the key must change.
EDITS = {
    "the body of a method": ("own", "self.half * scale", "self.half - scale", True),
    "a function that a method calls": ("own", "values**power + offset", "values**power - offset", True),
    "a function that is called by one": ("own", "beside.third(values) +", "beside.third(values) -", True),
    "a number": ("own", "FACTOR = 2.0", "FACTOR = 2.5", True),
    "a list": ("own", "WEIGHTS = [1.0,", "WEIGHTS = [1.5,", True),
    "a dictionary": ("own", '{"sign": 1.0}', '{"sign": -1.0}', True),
    "an array": ("own", "np.arange(3.0)", "np.arange(3.0) + 1.0", True),
    "a default": ("own", "power=1.0", "power=1.5", True),
    "a default by keyword": ("own", "offset=0.0", "offset=0.5", True),
    "what a closure holds": ("own", "made(0.5)", "made(0.75)", True),
    "the function of a closure": ("own", "values + enclosed", "values - enclosed", True),
    "an argument of a partial": ("own", "partial(scale, power=2.0)", "partial(scale, power=3.0)", True),
    "a function with a cache": ("own", "number + 1", "number + 2", True),
    "the body of a decorator": ("own", "2.0 * function", "3.0 * function", True),
    "a decorator": ("own", "    @doubled\n", "", True),
    "an attribute of a base class": ("own", "limit = 1.0", "limit = 2.0", True),
    "a method of a base class": ("own", "np.ones(np.shape(values))", "np.ones_like(values)", True),
    "a property": ("own", "return 0.5", "return 0.25", True),
    "a static method": ("own", "return values + 1", "return values + 2", True),
    "the base class": ("own", "class Own(Base)", "class Own(Base, Slope)", True),
    "the class of a field": ("own", "1.0 + step", "2.0 + step", True),
    "a default of a field": ("own", "rate: float = 1.0", "rate: float = 2.0", True),
    "a function of a module beside it": ("beside", "values / 3.0", "values / 3.5", True),
    "a function that is called there": ("beside", "values / 4.0", "values / 4.5", True),
    "a module that a method imports": ("later", "return values", "return -values", True),
    "nothing": ("own", "", "", False),
    "a comment": ("own", "# all alike", "# each as often as the others", False),
    "blank lines": ("own", "        # all alike\n", "\n\n", False),
    "a docstring of a class": ("own", '"""Of somebody else."""', '"""Of mine."""', False),
    "a docstring of a function": ("own", '"""Rescales."""', '"""Multiplies."""', False),
    "no docstring": ("own", '    """Rescales."""\n', "", False),
    "an annotation of a variable": ("own", "total: float =", "total =", False),
    "an annotation of an argument": ("own", "step: int) -> float", "step: float) -> object", False),
    "an annotation of a field": ("own", "rate: float", "rate: object", False),
    "a function that is not reached": ("own", "return UNUSED", "return -UNUSED", False),
    "a constant that is not reached": ("own", "UNUSED = 3", "UNUSED = 4", False),
    "a function there that is not reached": ("beside", "    return values\n", "    return -values\n", False),
    "lines above": ("own", "FACTOR = 2.0", "\nANOTHER = 7\n\nFACTOR = 2.0", False),
    "the layout": ("own", 'OPTIONS = {"sign": 1.0}', "OPTIONS = {\n    'sign':\n    1.0}", False),
}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Import the files, each time from another folder, and return the class."""
    folders = (tmp_path / str(number) for number in itertools.count())

    def imported(folder=None, **texts):
        (folder := folder or next(folders)).mkdir()
        for name, text in ({"own": OWN, "beside": BESIDE, "later": LATER} | texts).items():
            (folder / f"{name}.py").write_text(text, "utf-8")
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(folder)
        return importlib.import_module("own").Own

    yield imported
    for name in ("own", "beside", "later"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_changes_the_code_if_it_may_change_results(own, edit):
    name, old, new, changes = EDITS[edit]
    before = {"own": OWN, "beside": BESIDE, "later": LATER}[name]
    assert old in before
    first, second = code_of(own()()), code_of(own(**{name: before.replace(old, new, 1) if old else before})())
    assert (first != second) == changes


KINDS = """
import enum, collections, functools, contextlib
import numba, numpy as np
from typing import NamedTuple
class Kind(enum.Enum):
    A = 1
    B = 2
class Point(NamedTuple):
    x: float = 1.0
P = Point(2.0)
K = Kind.A
C = collections.namedtuple("C", "a b")(1, 2)
S = {"x", "y"}
@numba.njit
def fast(x):
    return x + 1.0
@numba.vectorize
def ufast(x): return x * 2.0
@functools.singledispatch
def disp(x): return 0
@disp.register
def _(x: int): return 1
@contextlib.contextmanager
def ctx():
    yield 1
class Meta(type):
    def __call__(cls, *a): return super().__call__(*a)
class Desc:
    def __init__(self, n): self.n = n
    def __get__(self, o, t): return self.n
class Own(metaclass=Meta):
    d = Desc(3)
    @functools.lru_cache
    def c(self): return 7
    @functools.cached_property
    def cp(self): return 8
    @np.errstate(under="ignore")
    def e(self): return 9
    pm = functools.partialmethod(lambda self, k: k, 10)
    class Inner:
        z = 11
    def __call__(self, v, step):
        with ctx(): pass
        constants = P.x + K.value + C.a + len(S)
        return constants + fast(v) + ufast(v) + disp(v) + [q + 12 for q in v][0] + (lambda r: r + 13)(v)
"""

# Edits that each change what runs.
EDITS_OF_KINDS = {
    "a member of an enumeration": ("A = 1", "A = 4"),
    "a default of a named tuple": ("x: float = 1.0", "x: float = 5.0"),
    "a named tuple": ("P = Point(2.0)", "P = Point(3.0)"),
    "which member": ("K = Kind.A", "K = Kind.B"),
    "a plain named tuple": ('"a b")(1, 2)', '"a b")(1, 3)'),
    "a set": ('{"x", "y"}', '{"x", "z"}'),
    "a compiled function": ("return x + 1.0", "return x + 1.5"),
    "a compiled ufunc": ("return x * 2.0", "return x * 2.5"),
    "a function by type": ("return 0", "return 5"),
    "its case for a type": ("return 1\n", "return 6\n"),
    "a context manager": ("yield 1", "yield 2"),
    "a metaclass": ("super().__call__(*a)", "super().__call__(*a, *a)"),
    "what a descriptor holds": ("Desc(3)", "Desc(4)"),
    "the method of a descriptor": ("return self.n", "return -self.n"),
    "a cached method": ("return 7", "return 70"),
    "a cached property": ("return 8", "return 80"),
    "a decorated method": ("return 9", "return 90"),
    "the argument of an installed decorator": ('under="ignore"', 'under="raise"'),
    "an argument of a partial method": ("k, 10", "k, 20"),
    "the function of a partial method": (": k,", ": -k,"),
    "a class within": ("z = 11", "z = 12"),
    "a comprehension": ("q + 12", "q + 22"),
    "a lambda": ("r + 13", "r + 23"),
}


@pytest.mark.parametrize("edit", EDITS_OF_KINDS)
def test_every_kind_of_thing_that_holds_code_or_constants_is_followed(own, edit):
    old, new = EDITS_OF_KINDS[edit]
    assert old in KINDS
    first, again, edited = (code_of(own(own=text)()) for text in (KINDS, KINDS, KINDS.replace(old, new, 1)))
    assert first == again != edited


def test_the_name_of_the_folder_does_not_matter(own, tmp_path):
    assert code_of(own(tmp_path / "here")()) == code_of(own(tmp_path / "or é there")())


def test_the_order_of_imports_and_earlier_calls_do_not_matter(own):
    kind = own()
    first = code_of(kind())
    kind().weigh(np.ones(3))  # which changes SEEN and the cache
    assert code_of(kind()) == first
    again = own()
    importlib.import_module("later")
    again().weigh(np.ones(3))
    assert code_of(again()) == first


STATE = """
CACHE, COUNT, TABLE = {}, 0, [1.0, 2.0]


def remembering(function):
    cache = {}

    def call(values):
        if values not in cache:
            cache[values] = function(values)
        return cache[values]

    return call


@remembering
def summed(values):
    global COUNT
    COUNT += 1
    CACHE.setdefault(values, COUNT)
    return TABLE[0] + COUNT


def of_arguments(TABLE):
    TABLE[0] = 3.0

    def inner(values):
        TABLE.append(values)

    return inner


class Own:
    def __call__(self, values, step):
        return summed(len(values))
"""


def test_variables_that_code_changes_do_not_count_but_constants_of_the_same_name_as_an_argument_do(own):
    kind = own(own=STATE)
    before = code_of(kind())
    kind()([0.0], 0)
    assert sys.modules["own"].COUNT == 1
    assert code_of(kind()) == before
    assert code_of(own(own=STATE.replace("[1.0, 2.0]", "[1.5, 2.0]"))()) != before


# Values in globals that say nothing of themselves in their repr, or that functions of the file seem to change.
GLOBALS = """
import array, collections, datetime, enum, functools, logging, operator, pathlib, random, types
from http import HTTPStatus
import numpy as np
from gymnasium.envs.registration import WrapperSpec

class Base:
    def __init__(self, rate):
        self.rate = rate
        self.calls = 0

    def __repr__(self):
        return "Base()"

    def update(self, values):
        return self.rate * values

    def __setitem__(self, place, value):
        pass

class Slotted:
    __slots__ = ("__rate",)

    def __init__(self, rate):
        self.__rate = rate

class Items(list):
    pass

class Queue(collections.deque):
    pass

class Table(np.ndarray):
    pass

class Wrapper:
    def __init__(self, function, scale):
        functools.update_wrapper(self, function)
        self.scale = scale

def registered(function):
    REGISTER[function.__name__] = function
    return function

def marked(values):
    return marked.scale * values

REGISTER = {}

@registered
def rising(values):
    return values + 1.0

KIND = enum.Enum("KIND", {"A": [0.1]}).A
BASE = Base(0.1)
OTHER = Base(0.2)
HELD = {"a": (lambda values: 0.3,)}
LISTED = [Base(3.1), Base(3.2)]
LISTS = collections.defaultdict(list)
SPACE = types.SimpleNamespace(rate=0.4, calls=0)
QUEUE = collections.deque([0.5], maxlen=7)
OWN_QUEUE = Queue([0.6])
DEFAULT = collections.defaultdict(lambda: 0.7)
DAY = datetime.date(2001, 2, 3)
STATUS = HTTPStatus.OK
SCALAR = np.float64(0.8)
TABLE = np.array([0.9]).view(Table)
SPEC = WrapperSpec("a", "b", {"size": 1.1})
PART = functools.partial(operator.mul, 1.2)
METHOD = Base(1.3).update
LOOKUP = {1: 1.4}.get
CODES = bytearray(b"ab")
NUMBERS = array.array("d", [1.5])
GETTER = operator.itemgetter(16)
SLOTTED = Slotted(1.7)
ITEMS = Items()
ITEMS.scale = 1.8
WRAPPER = Wrapper(rising, 1.9)
ALIAS = int | float
CHAIN = collections.ChainMap({"a": 2.1})
PATH = pathlib.PurePosixPath("a/b")
COUNTER = collections.Counter()
LOG = logging.getLogger("own")
RNG = random.Random(1)
marked.scale = 2.2

class Own:
    rate = 2.3
    base = Base(2.4)

    def __call__(self, values, step):
        BASE.calls += 1
        SPACE.calls += 1
        COUNTER.update(values)
        LOG.debug("called")
        RNG.random()
        OTHER[0] = 1.0
        LISTED[0].update(1.0)
        LISTS[0].append(1.0)
        HELD.setdefault("b", 0.0)
        SLOTTED, ITEMS, WRAPPER, ALIAS, CHAIN, PATH, KIND, TABLE, SPEC, CODES, NUMBERS, GETTER, OWN_QUEUE
        constants = QUEUE[0] + DEFAULT.default_factory() + DAY.day + STATUS.value + SCALAR
        constants += PART(1.0) + METHOD(1.0) + LOOKUP(1)
        return BASE.update(OTHER.update(constants)) + SPACE.rate + REGISTER["rising"](values) + marked(0.0)
"""

# Edits that each change a value or the code of one.
EDITS_OF_GLOBALS = [
    ("return self.rate * values", "return self.rate + values"), ("values + 1.0", "values + 2.0"), ("[0.1]", "[0.15]"),
    ("Base(0.1)", "Base(0.15)"), ("Base(0.2)", "Base(0.25)"), ("values: 0.3", "values: 0.35"),
    ("rate=0.4", "rate=0.45"), ("[0.5]", "[0.55]"), ("maxlen=7", "maxlen=8"), ("[0.6]", "[0.65]"),
    ("lambda: 0.7", "lambda: 0.75"),
    ("2001, 2, 3", "2001, 2, 4"), ("HTTPStatus.OK", "HTTPStatus.GONE"), ("float64(0.8)", "float64(0.85)"),
    ("float64(0.8)", "float32(0.8)"), ("array([0.9])", "array([0.95])"), ('"size": 1.1', '"size": 1.15'),
    ("mul, 1.2", "mul, 1.25"), ("operator.mul", "operator.add"), ("Base(1.3)", "Base(1.35)"), ("{1: 1.4}", "{1: 1.45}"),
    ('b"ab"', 'b"ac"'), ("[1.5]", "[1.55]"), ("itemgetter(16)", "itemgetter(17)"), ("Slotted(1.7)", "Slotted(1.75)"),
    ("scale = 1.8", "scale = 1.85"), ("rising, 1.9", "rising, 1.95"), ("int | float", "int | str"),
    ('"a": 2.1', '"a": 2.15'), ('"a/b"', '"a/c"'), ("scale = 2.2", "scale = 2.25"), ("rate = 2.3", "rate = 2.35"),
    ("Base(2.4)", "Base(2.45)"), ("Base(3.1)", "Base(3.15)"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), EDITS_OF_GLOBALS)
def test_every_value_of_a_global_counts(own, old, new):
    assert old in GLOBALS
    first, again, edited = (code_of(own(own=text)()) for text in (GLOBALS, GLOBALS, GLOBALS.replace(old, new, 1)))
    assert first == again != edited


def test_what_calls_change_in_globals_does_not_count(own):
    kind = own(own=GLOBALS)
    before = code_of(kind())
    kind()(np.arange(2.0), 0)
    module = sys.modules["own"]
    assert module.BASE.calls == module.SPACE.calls == len(module.COUNTER) - 1 == 1
    assert code_of(kind()) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda module: setattr(module, "FACTOR", 2.5),
        lambda module: module.WEIGHTS.__setitem__(0, 1.5),
        lambda module: module.TABLE.__setitem__(0, 1.5),
        lambda module: setattr(module, "scale", lambda *args: 1.0),
        lambda module: setattr(module.Own, "weigh", lambda self, ones: ones),
        lambda module: setattr(module.Base, "another", 1.0),
        lambda module: setattr(module.Base, "limit", 1.5),
        lambda module: setattr(module.scale, "__defaults__", (3.0,)),
        lambda module: setattr(module.unused, "__code__", module.unused.__code__) or setattr(
            module.scale, "__code__", (lambda values, power=1.0, *, offset=0.0: values).__code__
        ),
    ],
    ids=["a number", "a list", "an array", "a function", "a method", "an attribute", "its value", "defaults", "code"],
)  # fmt: skip
def test_what_is_changed_in_a_session_is_seen(own, change):
    kind = own()
    before = code_of(kind())
    assert code_of(kind()) == before
    change(sys.modules["own"])
    assert code_of(kind()) != before


def test_a_file_that_is_edited_after_its_import_does_not_hide_what_runs(own, tmp_path):
    """Its source is not that of the loaded function, whose bytecode counts instead."""
    kind = own(tmp_path / "here")
    (tmp_path / "here" / "own.py").write_text(edited := OWN.replace("values + 1", "values + 2"), "utf-8")
    assert code_of(kind()) != code_of(own(tmp_path / "there", own=edited)())


# --- parameters -------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Hiding:
    """A policy, a problem and a metric with a parameter that its repr omits."""

    table: object = dataclasses.field(repr=False)

    def __call__(self, *given):
        return np.full(np.shape(given[0]), 1.0)


class Silent:
    def __init__(self, table):
        self.deep = [{"table": table}]

    def __repr__(self):
        return "Silent()"

    @functools.cached_property
    def total(self):
        return 1.0

    __call__ = Hiding.__call__


class InSlots:
    __slots__ = ("__table",)

    def __init__(self, table):
        self.__table = table

    def __repr__(self):
        return "InSlots()"

    __call__ = Hiding.__call__


class InList(list):
    def __init__(self, table):
        self.table = table

    def __repr__(self):
        return "InList()"

    __call__ = Hiding.__call__


def cell(policy, *, own=()):
    agents = {"a": brl.Agent(brl.SampleAverage(), brl.Greedy())}
    first = next(brl.BanditExperiment("x", brl.GaussianBandit(), agents, 5, 20, seed=0).plan().cells())[1]
    agent = dataclasses.replace(first.agent, policy=policy) if policy is not None else first.agent
    return dataclasses.replace(first, agent=agent, own=own)


@in_one_test("kind", [Hiding, Silent, InSlots, InList])
@in_one_test(
    "place",
    [
        cell,
        lambda part: cell(brl.Boltzmann(part)),
        lambda part: cell(Hiding((part,))),
        lambda part: cell(Hiding(types.SimpleNamespace(part=part))),
        lambda part: dataclasses.replace(cell(None), problem=part),
        lambda part: cell(None, own=(("metric", part),)),
    ],
    ids=["policy", "schedule", "tuple", "namespace", "problem", "metric"],
)
def test_parameters_that_a_repr_omits_count_wherever_they_stand(kind, place):
    one, again, other = place(kind((0.1,))), place(kind((0.1,))), place(kind((0.2,)))
    assert repr(one) == repr(other)
    assert one.identity == again.identity != other.identity


class Doubling:
    def __init__(self):
        self.scale = 2.0


class Tripling:
    def __init__(self):
        self.scale = 3.0


@in_one_test(
    ("one", "other"),
    [
        (np.float64(0.1), np.float64(0.1 + 2**-54)),
        (np.arange(2000.0), np.arange(2000.0) + (np.arange(2000) == 1000)),
        (functools.partial(max, 1), functools.partial(max, 2)),
        (Silent(1).__call__, Silent(2).__call__),
        (gymnasium.envs.registration.WrapperSpec("a", "b", {"c": 1}),
         gymnasium.envs.registration.WrapperSpec("a", "b", {"c": 2})),
        (collections.deque([1]), collections.deque([2])),
        (types.SimpleNamespace(a=Silent(1)), types.SimpleNamespace(a=Silent(2))),
        (Doubling(), Tripling()),
    ],
    ids=["scalar", "array", "partial", "method", "dataclass", "deque", "namespace", "class"],
)  # fmt: skip
def test_values_of_every_kind_in_a_parameter_are_told_apart(one, other):
    assert cell(Hiding(one)).identity == cell(Hiding(one)).identity != cell(Hiding(other)).identity


def test_what_a_cached_property_keeps_and_the_order_of_attributes_do_not_count():
    policy = Silent((0.1,))
    before = cell(policy).identity
    assert policy.total == 1.0
    assert cell(policy).identity == before
    one, other = Silent(1), Silent(1)
    vars(one).update(a=1, b=2)
    vars(other).update(b=2, a=1)
    assert cell(one).identity == cell(other).identity != before


def test_the_values_of_parameters_are_the_same_text_in_every_process():
    names = "import functools, dataclasses, types, sys\nimport numpy as np\nfrom boltzmann_rl.runs.code import shown\n"
    source = names + inspect.getsource(Hiding) + inspect.getsource(Silent) + SHOWN
    calls = [os.environ | {"PYTHONHASHSEED": seed} for seed in "123"]
    texts = {
        subprocess.run([sys.executable, "-c", source], env=one, capture_output=True, text=True, check=True).stdout
        for one in calls
    }
    assert len(texts) == 1
    assert " 0x" not in texts.pop()


SHOWN = """
others = types.SimpleNamespace(letters=frozenset("abcdef"), method=Silent(2).__call__, loop=[])
others.loop.append(others)
print(shown(Silent((1, {"a", "b"}, object(), np.random.default_rng(0), others)))[0])
"""


def test_the_repr_of_every_dataclass_of_this_package_shows_all_fields():
    """So that only the user's objects need more than their repr; results and animations declare nothing.

    `Plan.declared` is what the rest of the plan was made of.
    """
    every = (one.name for one in pkgutil.walk_packages(brl.__path__, "boltzmann_rl."))
    names = [name for name in every if "integrations" not in name and "backends" not in name]
    kinds = {
        kind
        for name in names
        if not name.endswith("__main__")
        for kind in vars(importlib.import_module(name)).values()
        if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__.startswith("boltzmann_rl.")
    }
    assert {brl.Agent, brl.Boltzmann, brl.GaussianBandit, brl.Environment, brl.schedules.Linear} <= kinds
    hidden = {
        f"{kind.__name__}.{field.name}"
        for kind in kinds - {brl.Results, brl.Animation}
        for field in dataclasses.fields(kind)
        if not field.repr or not hasattr(kind.__repr__, "__wrapped__")  # Python's wraps it
    }
    hidden -= {"Plan.declared"}
    assert hidden == {f"Environment.{field.name}" for field in dataclasses.fields(brl.Environment)}
    lake = brl.Environment("FrozenLake-v1")
    changes = {"id": "Taxi-v4", "max_episode_steps": 7, "options": {"is_slippery": False}, "wrap": wrapped}
    assert {f"Environment.{name}" for name in changes} == hidden
    assert (
        len({repr(dataclasses.replace(lake, **{name: value})) for name, value in changes.items()} | {repr(lake)}) == 5
    )


# --- where there is no file -------------------------------------------------------------------------------------

CELL = """
import math
LIMIT = 1.0

def limited(values):
    return values + LIMIT + math.exp(0.0)

class Mine:
    def __call__(self, values, step):
        return limited(values)
"""


def defined(text, filename, *, keep):
    """The class of a cell, which is run by statements; a notebook keeps the lines of its cells in ``linecache``."""
    if keep:
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {"__name__": "__main__"}
    for statement in ast.parse(text).body:
        exec(compile(ast.Module([statement], []), filename, "exec"), namespace)
    return namespace["Mine"]


@pytest.mark.parametrize("keep", [True, False], ids=["with the lines of cells", "with bytecode only"])
def test_classes_of_a_notebook_count_by_their_lines_or_their_bytecode(keep):
    numbers = itertools.count()

    def code(old="", new=""):
        return code_of(defined(CELL.replace(old, new, 1), f"<cell {next(numbers)} {keep}>", keep=keep)())

    assert code() == code("", "\n\n") == code("LIMIT = 1.0", "LIMIT = 1.0  # a comment")
    assert code() == code("    return limited", '    "A docstring."\n        return limited')
    assert code() == code("(values):", "(values: float) -> float:")
    assert code() != code("values + LIMIT", "values - LIMIT")
    assert code() != code("LIMIT = 1.0", "LIMIT = 2.0")
    assert code() != code("return limited(values)", "return limited(values + 1)")


def test_a_notebook_and_a_script_with_the_same_code_have_the_same_key(tmp_path, monkeypatch):
    (tmp_path / "of_a_script.py").write_text(CELL, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert code_of(importlib.import_module("of_a_script").Mine()) == code_of(defined(CELL, "<cell>", keep=True)())


SCRIPT = """
import boltzmann_rl as brl
from boltzmann_rl.engines.selection import simulating
from boltzmann_rl.runs.code import code_of
names = {"b", "a", "c"}

def chosen(values):
    return values if len(values) in {3, 1, 2} else sorted({"x", "y"} | names)

class Own:
    letters = frozenset("abcdef")
    def __call__(self, values, step):
        return chosen(values)

print(code_of(brl.GaussianBandit(), brl.SampleAverage(), Own(), *simulating("step", "reference")))
"""


def test_the_seed_of_hashes_does_not_matter():
    def code(seed, *call, **given):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, *call], env=environment, capture_output=True, text=True, **given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert len({code(seed, "-c", SCRIPT) for seed in "123"}) == 1
    assert len({code(seed, "-", input=SCRIPT) for seed in "123"}) == 1


# --- environments -----------------------------------------------------------------------------------------------


class Still(gymnasium.Env):
    def step(self, action):
        return 0, 1.0, False, False, {}


def wrapped(env):
    return env


ADDED = gymnasium.envs.registration.WrapperSpec("Again", f"{__name__}:Again", {})


@pytest.mark.parametrize(
    "options",
    [
        {"kwargs": {"size": 4}},
        {"max_episode_steps": 7},
        {"order_enforce": False},
        {"entry_point": lambda: Still()},
        {"additional_wrappers": (ADDED,)},
    ],
    ids=lambda options: next(iter(options)),
)
def test_the_options_and_the_entry_point_of_a_registered_environment_count(options, monkeypatch):
    monkeypatch.setattr(gymnasium.envs.registration, "registry", dict(gymnasium.registry))
    gymnasium.register("Still-v0", entry_point=Still, max_episode_steps=5)
    before = code_of(brl.Environment("Still-v0"))
    assert any(line.startswith("Still.step ") for line in before)
    del gymnasium.envs.registration.registry["Still-v0"]
    gymnasium.register("Still-v0", **{"entry_point": Still, "max_episode_steps": 5, **options})
    assert code_of(brl.Environment("Still-v0")) != before
    del gymnasium.envs.registration.registry["Still-v0"]
    gymnasium.register("Still-v0", entry_point=f"{__name__}:Still", max_episode_steps=5)
    assert code_of(brl.Environment("Still-v0")) == before


def test_an_installed_environment_counts_by_its_version_and_an_unknown_one_by_its_id():
    version = f"gymnasium {gymnasium.__version__}"
    assert version in code_of(brl.Environment("FrozenLake-v1"))
    assert code_of(brl.Environment("Nowhere-v0"))
    assert code_of(brl.Environment("FrozenLake-v1", wrap=wrapped)) != code_of(brl.Environment("FrozenLake-v1"))


# --- this package and installed ones ----------------------------------------------------------------------------


def test_a_class_of_an_installed_distribution_is_identified_by_its_name_and_version():
    assert code_of(np.float64(0.5)) == ("roots numpy.float64()", f"numpy {np.__version__}")
    assert code_of(0.5, "text", (1, 2), {"of": [None]}) == ()


def test_owners():
    assert owner_of("math") == owner_of("collections.abc") == owner_of("os") == ""
    assert owner_of("numpy.random") == f"numpy {np.__version__}"
    assert owner_of("sklearn").startswith("scikit-learn ")  # a package with another name than its distribution
    assert owner_of(__name__) is owner_of("__main__") is owner_of("nowhere") is None


@pytest.mark.parametrize(
    ("axis", "engine", "reached"),
    [
        ("step", "reference", "Moments.merge"),
        ("step", "compiled", "boltzmann_rl.kernels.vectors"),
        ("step", "compiled", "exp_nonpositive"),
        ("episode", "reference", "Player.learn"),
        ("episode", "compiled", "_choose"),
    ],
)
def test_the_code_of_the_engine_is_reached(axis, engine, reached):
    if owner_of("boltzmann_rl") is not None:
        pytest.skip("an installed package counts by its version")
    assert reached in {line.split()[0] for line in code_of(*simulating(axis, engine))}


def test_an_edit_of_the_engine_or_of_what_it_calls_changes_the_key(tmp_path):
    """In an editable install, which a copy of the package stands for."""
    root = Path(brl.__file__).parent
    shutil.copytree(root, tmp_path / "boltzmann_rl", ignore=shutil.ignore_patterns("__pycache__"))

    def key(file="", old="", new=""):
        path = tmp_path / "boltzmann_rl" / (file or "__init__.py")
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1) if file else text, "utf-8")
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", KEY], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        path.write_text(text, "utf-8")
        where, found = done.stdout.split()
        assert Path(where).parent.parent == tmp_path
        return found

    first, engine = key(), "engines/reference/bandits.py"
    assert key(engine, "# exact where means are large", "# more exact") == first
    assert key(engine, "np.maximum(-np.einsum", "np.minimum(-np.einsum") != first
    assert key("engines/moments.py", "def merge(", "def merge(*another, ") != first


LINES = """
import sys
import boltzmann_rl as brl
from boltzmann_rl.engines.selection import simulating
from boltzmann_rl.runs.code import code_of
print(*code_of(brl.GaussianBandit(), brl.SampleAverage(), *simulating("step", sys.argv[1])), sep="\\n")
"""


def test_an_installed_package_counts_by_its_version_and_those_of_the_libraries_that_compute(tmp_path):
    shutil.copytree(Path(brl.__file__).parent, tmp_path / "boltzmann_rl")
    (information := tmp_path / "boltzmann_rl-9.8.dist-info").mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: boltzmann-rl\nVersion: 9.8\n", "utf-8")
    versions = {name: metadata.version(name) for name in ("numba", "numpy", "scipy")}
    for engine, names in {"reference": ("numpy", "scipy"), "compiled": ("numba", "numpy", "scipy")}.items():
        call = [sys.executable, "-c", LINES, engine]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=True)
        roots, *lines = done.stdout.splitlines()
        assert "boltzmann_rl.engines" in roots
        assert lines == ["boltzmann-rl 9.8", *(f"{name} {versions[name]}" for name in names)]


KEY = """
import boltzmann_rl as brl
agents = {"a": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.5))}
experiment = brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=5, steps=20, seed=0)
print(brl.__file__, next(iter(experiment.plan().cells()))[1].key)
"""


ORDER = """
import boltzmann_rl as brl
def agents(learner):
    return {"a": brl.Agent(learner, brl.Boltzmann(0.5)), "b": brl.Agent(learner, brl.EpsilonGreedy(0.1))}
experiments = [
    brl.BanditExperiment("x", brl.GaussianBandit(), agents(brl.SampleAverage()), runs=2, steps=5, seed=0),
    brl.GymnasiumExperiment("y", "FrozenLake-v1", agents(brl.QLearning()), runs=1, episodes=2, seed=0),
]
cells = [cell for experiment in experiments for _, cell in experiment.plan().cells()]
"""
LATER_IN_A_SESSION = """
import boltzmann_rl.decisions.conformance, boltzmann_rl.training.places, boltzmann_rl.results.results
for module in (brl, brl.schedules):
    for name in module.__all__:
        getattr(module, name)
for cell in cells:
    cell.simulate()
brl.prepare()
"""


def test_keys_do_not_depend_on_what_was_imported_or_run_before():
    ends = (f"{part}\nprint([cell.key for cell in cells])" for part in ("", LATER_IN_A_SESSION))
    calls = [[sys.executable, "-c", ORDER + end] for end in ends]
    first, later = (subprocess.run(call, capture_output=True, text=True, check=True).stdout for call in calls)
    assert first == later


def test_two_classes_of_the_same_name_are_told_apart(own):
    one, other = own(), own(own=OWN.replace("self.half *", "self.half +"))
    assert code_of((one(), other())) != code_of((other(), one()))


def test_cycles_end():
    class Loop:
        def __init__(self):
            self.self = self

        def again(self):
            return Loop, test_cycles_end, functools.partial(self.again)

    assert code_of(Loop())


def test_the_code_of_bandits_is_found_without_gymnasium():
    script = SCRIPT + "\nimport sys\nassert not {'gymnasium', 'pandas', 'numba', 'cloudpickle'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_one_more_agent_takes_little_time():
    """About 10 µs each; the limit allows for a slow and busy machine."""
    agents = [brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1 + number)) for number in range(1000)]
    bandit, simulate = brl.GaussianBandit(), simulating("step", "reference")
    code_of(bandit, agents[0], *simulate)
    begin = time.process_time()
    assert len({code_of(bandit, agent, *simulate) for agent in agents}) == 1
    assert time.process_time() - begin < 0.2


def test_one_more_agent_of_the_user_takes_little_time():
    """About 100 µs each for the whole key; the limit allows for a slow and busy machine."""
    cells = [cell(Hiding((0.1 + number, 0.2))) for number in range(1000)]
    assert cells[0].identity
    begin = time.process_time()
    assert len({one.identity for one in cells}) == 1000
    assert time.process_time() - begin < 1.0


def test_a_wrapper_may_be_a_dataclass_that_is_given_as_a_class():
    @dataclasses.dataclass
    class Needs:
        env: object

    assert any(line.split()[0].endswith("Needs") for line in code_of(brl.Environment("FrozenLake-v1", wrap=Needs)))


def test_the_key_of_a_cell_is_the_same_before_and_after_environments_were_simulated():
    """Their tables, and the functions that they reach, are kept in variables of the package."""
    from boltzmann_rl.runs import code
    from boltzmann_rl.runs.plan import Cell

    env = brl.Environment("boltzmann_rl.gridworlds:boltzmann_rl/DeepSea-v0", options={"size": 3})
    cell = Cell(env, brl.Agent(brl.QLearning(), brl.Boltzmann(0.1)), "episode", (), "compiled", 0, 1, 2, seed=0)
    code._memory.clear()
    before = cell.key
    cell.simulate()
    dataclasses.replace(cell, problem=brl.Environment("CliffWalking-v1", max_episode_steps=3)).simulate()
    code._memory.clear()
    assert cell.key == before


def test_the_order_in_which_a_set_of_classes_is_iterated_does_not_count():
    """It follows from their addresses, which differ from process to process."""
    from boltzmann_rl.runs.reach import Graph

    class Ordered(frozenset):
        def __iter__(self):
            return iter(self.items)

    kinds = [brl.NoiseEstimate, brl.EveryActionFirst, brl.QLearning]
    found = set()
    for items in itertools.permutations(kinds):
        ordered, graph = Ordered(items), Graph()
        ordered.items = items
        written = CONTENTS[set | frozenset](graph.text, ordered)
        found.add((tuple(written), *map(graph.line, graph)))
    assert len(found) == 1
