"""Inputs that broke other packages: valid ones have their exact result, invalid ones are refused by name.

Errors are the same wherever an argument enters. Valid inputs neither warn nor raise under the strictest
floating-point settings of NumPy.
"""

import ast
import contextlib
import datetime
import fractions
import pathlib
import warnings

import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl.arguments import as_seed
from boltzmann_rl.schedules import Cosine, Exponential, InverseTime, Linear, Logarithmic, Power

INF, NAN = float("inf"), float("nan")
ROW = [3.0, 1.0, 3.0]
HUGE = 10**400


@contextlib.contextmanager
def strictly():
    """Turn every warning and every floating-point error into an exception."""
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        yield


@pytest.fixture(params=["softmax", "policy", "lambda", "draw"])
def distribution(request):
    """Four ways to the same distribution: the function, a policy, a policy with a schedule, and `act`."""

    def through(values, temperature=1.0, available=None):
        hidden = values if available is None else brl.mask(values, available)
        if request.param == "softmax":
            return brl.softmax(hidden, temperature)
        if request.param == "lambda":
            return brl.Boltzmann(lambda step: temperature)(hidden, 0)
        if request.param == "draw":
            rng = np.random.default_rng(0)
            action, p = brl.act(brl.Boltzmann(temperature), values, rng, available=available, with_probability=True)
            p_all = brl.Boltzmann(temperature)(hidden, 0)
            assert p == p_all[action] > 0
        return brl.Boltzmann(temperature)(hidden, 0)

    return through


def assert_probabilities(found, expected, rtol):
    expected = np.array(expected)
    assert found.dtype == np.float64
    assert abs(found.sum() - 1) <= 4 * np.finfo(float).eps
    np.testing.assert_allclose(found, expected, rtol=rtol)
    if rtol < 1:
        np.testing.assert_array_equal(found[expected == 0], 0.0)


# --- temperature --------------------------------------------------------------------------------------------

THIRDS = [1 / 3, 1 / 3, 1 / 3]
HALVES = [0.5, 0.0, 0.5]
AT_ONE = [0.46831053, 0.06337894, 0.46831053]


@in_one_test(
    ("values", "temperature", "expected", "rtol"),
    [
        pytest.param(ROW, 0.0, HALVES, 1e-12, id="zero float"),
        pytest.param(ROW, 0, HALVES, 1e-12, id="zero int"),
        pytest.param(ROW, -0.0, HALVES, 1e-12, id="minus zero"),
        pytest.param(ROW, INF, THIRDS, 1e-12, id="inf"),
        pytest.param([1.0, 1.0, 1.0], 0.0, THIRDS, 1e-12, id="zero, all tied"),
        pytest.param([1.0, -INF, 1.0], 0.0, HALVES, 1e-12, id="zero with a -inf arm"),
        pytest.param([1.0, -INF, 2.0], INF, HALVES, 1e-12, id="inf with a -inf arm"),
        pytest.param(ROW, 1e-320, HALVES, 1e-12, id="1e-320 denormal"),
        pytest.param([3.0, 1.0, -INF], 1e-320, [1.0, 0.0, 0.0], 1e-12, id="1e-320 with a -inf arm"),
        pytest.param(ROW, 5e-324, HALVES, 1e-12, id="smallest denormal"),
        pytest.param(ROW, 1e-308, HALVES, 1e-12, id="1e-308"),
        pytest.param(ROW, 1e308, THIRDS, 1e-12, id="1e308"),
        pytest.param(ROW, float(np.finfo(float).max), THIRDS, 1e-12, id="largest float"),
        pytest.param([1e-310, 0.0], 1e-310, [0.7310585786300049, 0.2689414213699951], 1e-9, id="denormal by denormal"),
        pytest.param([10.0, 9.9], 0.01, [0.9999546021312976, 4.539786870243601e-05], 1e-9, id="small gap, small T"),
        pytest.param([-10.0, -9.9], 0.01, [4.539786870243601e-05, 0.9999546021312976], 1e-9, id="negative values"),
        pytest.param(ROW, 1, AT_ONE, 1e-7, id="int"),
        pytest.param(ROW, np.float64(1), AT_ONE, 1e-7, id="numpy float64"),
        pytest.param(ROW, np.float32(1), AT_ONE, 1e-7, id="numpy float32"),
        pytest.param(ROW, np.float16(1), AT_ONE, 1e-7, id="numpy float16"),
        pytest.param(ROW, np.int64(1), AT_ONE, 1e-7, id="numpy int"),
        pytest.param(ROW, np.uint8(1), AT_ONE, 1e-7, id="numpy uint8"),
        pytest.param(ROW, np.array(1.0), AT_ONE, 1e-7, id="array without axes"),
        pytest.param(ROW, fractions.Fraction(1), AT_ONE, 1e-7, id="fraction"),
        pytest.param(ROW, 10**300, THIRDS, 1e-12, id="large int that a float holds"),
    ],
)
def test_a_valid_temperature_is_accepted(distribution, values, temperature, expected, rtol):
    with strictly():
        assert_probabilities(distribution(np.array(values), temperature), expected, rtol)


@in_one_test(
    ("temperature", "error", "message"),
    [
        pytest.param(-1.0, ValueError, ["-1"], id="negative"),
        pytest.param(-1, ValueError, ["-1"], id="negative int"),
        pytest.param(-5e-324, ValueError, ["-5e-324"], id="smallest negative"),
        pytest.param(-INF, ValueError, ["-inf"], id="minus infinity"),
        pytest.param(NAN, ValueError, ["nan"], id="nan"),
        pytest.param(np.float32("nan"), ValueError, ["nan"], id="float32 nan"),
        pytest.param(HUGE, ValueError, [], id="huge int"),
        pytest.param(-HUGE, ValueError, [], id="huge negative int"),
        pytest.param(10**5000, ValueError, [], id="int too long to print"),
        pytest.param(True, TypeError, [], id="True"),
        pytest.param(False, TypeError, [], id="False"),
        pytest.param(np.True_, TypeError, [], id="numpy bool"),
        pytest.param(np.array(True), TypeError, [], id="bool array without axes"),
        pytest.param("1", TypeError, [], id="string"),
        pytest.param(b"1", TypeError, [], id="bytes"),
        pytest.param(np.array("1"), TypeError, [], id="string array without axes"),
        pytest.param(None, TypeError, [], id="None"),
        pytest.param(1j, TypeError, [], id="complex"),
        pytest.param(np.complex128(1 + 1j), TypeError, [], id="numpy complex"),
        pytest.param({}, TypeError, [], id="dict"),
        pytest.param(object(), TypeError, [], id="object"),
        pytest.param(datetime.timedelta(1), TypeError, [], id="time"),
    ],
)
def test_an_invalid_temperature_is_refused_by_name(distribution, temperature, error, message):
    with pytest.raises(error) as caught:
        distribution(np.array(ROW), temperature)
    for text in message:
        assert text in str(caught.value)
    if "lambda" not in str(caught.value):
        assert "temperature" in str(caught.value)


@pytest.mark.parametrize(
    ("temperature", "error"),
    [
        pytest.param([1.0, 2.0], ValueError, id="too short"),
        pytest.param([1.0, 2.0, 3.0, 4.0], ValueError, id="too long"),
        pytest.param([], ValueError, id="empty"),
        pytest.param([[1.0], [2.0]], ValueError, id="more axes than values"),
        pytest.param([1.0, -1.0, 1.0], ValueError, id="one negative"),
        pytest.param([1.0, NAN, 1.0], ValueError, id="one nan"),
        pytest.param([True, False, True], TypeError, id="bools"),
        pytest.param(["1", "2", "3"], TypeError, id="strings"),
        pytest.param([1.0, None, 1.0], TypeError, id="with None"),
        pytest.param([1.0, 1j, 1.0], TypeError, id="complex"),
        pytest.param(np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]), TypeError, id="masked array"),
    ],
)
def test_temperatures_that_do_not_fit_are_refused_by_name(temperature, error):
    with pytest.raises(error, match="temperature"):
        brl.softmax(ROW, temperature)


def test_a_policy_refuses_a_matrix_or_a_masked_array_as_temperature():
    with pytest.raises(TypeError, match="temperature"):
        brl.Boltzmann([[1.0, 2.0]])
    with pytest.raises(TypeError, match="temperature"):
        brl.MaxBoltzmann(0.1, np.ma.array([1.0, 2.0], mask=[False, True]))


# --- values -------------------------------------------------------------------------------------------------


@in_one_test(
    ("values", "temperature", "expected", "rtol"),
    [
        pytest.param([1, -INF, 2], 1.0, [0.2689414213699951, 0.0, 0.7310585786300049], 1e-12, id="one -inf"),
        pytest.param([-INF, -INF, 2], 1.0, [0.0, 0.0, 1.0], 1e-12, id="all but one -inf"),
        pytest.param([5], 1.0, [1.0], 1e-12, id="single arm"),
        pytest.param([1e308, -1e308, 0], 1.0, [1.0, 0.0, 0.0], 1e-12, id="±1e308"),
        pytest.param([-1e308, -1e308], 1.0, [0.5, 0.5], 1e-12, id="both -1e308"),
        pytest.param(
            [1.7e308, -1.7e308], 1e308, [0.9677045353015494, 0.03229546469845051], 1e-12, id="overflow, T 1e308"
        ),
        pytest.param(
            [1.7e308, -1.7e308, 0],
            1e308,
            [0.8223300136336065, 0.027443841541472974, 0.15022614482492058],
            1e-12,
            id="overflow, 3 arms",
        ),
        pytest.param([1.7e308, -1.7e308], 0.0, [1.0, 0.0], 1e-12, id="overflow, T 0"),
        pytest.param([1.7e308, -1.7e308], INF, [0.5, 0.5], 1e-12, id="overflow, T inf"),
        pytest.param([600, 501], 1.0, [1.0, 1.011221492610425e-43], 1e-10, id="600 and 501"),
        pytest.param([0.0, -0.0], 0.0, [0.5, 0.5], 1e-12, id="minus zero ties"),
        pytest.param([1, 0.9999999999999999], 0.0, [1.0, 0.0], 1e-12, id="one ulp is no tie"),
        pytest.param([5e-324, 0], 0.0, [1.0, 0.0], 1e-12, id="one denormal is no tie"),
        pytest.param([1e9 + 1, 1e9], 0.3, [0.9655548043337889, 0.034445195666211174], 1e-14, id="offset 1e9"),
        pytest.param([1e15 + 1, 1e15], 1.0, [0.7310585786300049, 0.2689414213699951], 1e-14, id="offset 1e15"),
        pytest.param(
            [100.00000000000001, 100.0], 1e-14, [0.8055085277000184, 0.19449147229998173], 1e-13, id="one ulp, T 1e-14"
        ),
        pytest.param([0, -745], 1.0, [1.0, 5e-324], 1.0, id="tail at -745"),
        pytest.param([0, -746], 1.0, [1.0, 0.0], 1e-12, id="tail at -746"),
        pytest.param([1000, 1000], 1.0, [0.5, 0.5], 1e-12, id="both 1000"),
        pytest.param([-1000, -1001], 1.0, [0.7310585786300049, 0.2689414213699951], 1e-12, id="both below -1000"),
    ],
)
def test_valid_values_have_their_exact_distribution(distribution, values, temperature, expected, rtol):
    with strictly():
        assert_probabilities(distribution(np.array(values, float), temperature), expected, rtol)


@pytest.mark.parametrize("temperature", [0.0, 1e-320, 1.0, INF])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param([1, NAN, 2], ["[1]", "nan"], id="nan in the middle"),
        pytest.param([1, 2, NAN, NAN], ["[2]", "nan"], id="the first of two nans"),
        pytest.param([NAN], ["[0]", "nan"], id="a single nan"),
        pytest.param([NAN, NAN], ["[0]", "nan"], id="all nan"),
        pytest.param([-NAN, 1], ["[0]", "nan"], id="negative nan"),
        pytest.param([NAN, -INF], ["[0]", "nan"], id="nan beside -inf"),
        pytest.param([1, INF], ["[1]", "inf"], id="one +inf"),
        pytest.param([INF, 1, INF], ["[0]", "inf"], id="two +inf"),
        pytest.param([INF, -INF], ["[0]", "inf"], id="both infinities"),
        pytest.param([1, INF, NAN], ["[1]", "inf"], id="inf before nan"),
        pytest.param([[1, 2], [3, NAN]], ["[1, 1]", "nan"], id="nan in the second row"),
        pytest.param([[1, 2], [INF, 3]], ["[1, 0]", "inf"], id="inf in the second row"),
        pytest.param([-INF, -INF], ["-inf"], id="all -inf"),
        pytest.param([-INF], ["-inf"], id="a single -inf"),
        pytest.param([[1, 2], [-INF, -INF]], ["[1]", "-inf"], id="all -inf in the second row"),
        pytest.param([], ["empty"], id="empty"),
        pytest.param([[], []], ["empty"], id="empty rows"),
        pytest.param(np.zeros((3, 0)), ["empty"], id="three rows of no action"),
        pytest.param(1.0, ["values"], id="a number"),
    ],
)
def test_values_without_a_distribution_are_refused_with_their_index(values, temperature, message):
    values = np.array(values, float)
    doors = [
        lambda: brl.softmax(values, temperature),
        lambda: brl.log_softmax(values, temperature),
        lambda: brl.logsumexp(values, temperature),
        lambda: brl.softmax_jacobian(values, temperature),
        lambda: brl.sparsemax(values, temperature),
        lambda: brl.Boltzmann(temperature)(values, 0),
        lambda: brl.MaxBoltzmann(0.5, temperature)(values, 0),
        lambda: brl.EpsilonBoltzmann(0.5, temperature)(values, 0),
        lambda: brl.EpsilonGreedy(0.5)(values, 0),
        lambda: brl.act(brl.Boltzmann(temperature), values, np.random.default_rng(0)),
        lambda: brl.act(brl.Greedy(), values, np.random.default_rng(0)),
        lambda: brl.act(brl.Uniform(), values, np.random.default_rng(0)),
    ]
    for door in doors:
        with strictly(), pytest.raises(ValueError, match="values") as caught:
            door()
        for text in message:
            assert text in str(caught.value)


def test_ten_million_actions_are_a_distribution():
    values = np.random.default_rng(0).standard_normal(10_000_000)
    p = brl.softmax(values)
    assert abs(p.sum() - 1) < 1e-12
    assert p.min() > 0


def test_a_million_equal_actions_are_uniform():
    np.testing.assert_allclose(brl.softmax(np.full(1_000_000, 0.5)), 1e-6, rtol=1e-12)


# --- dtype and shape of the values --------------------------------------------------------------------------

ONE_TWO_THREE = [0.09003057317038046, 0.24472847105479764, 0.6652409557748218]


def read_only(values):
    values = np.array(values)
    values.setflags(write=False)
    return values


@pytest.mark.parametrize(
    ("values", "expected", "rtol"),
    [
        pytest.param([1, 2, 3], ONE_TWO_THREE, 1e-12, id="list of ints"),
        pytest.param((1.0, 2.0, 3.0), ONE_TWO_THREE, 1e-12, id="tuple"),
        pytest.param(range(1, 4), ONE_TWO_THREE, 1e-12, id="range"),
        pytest.param([np.float32(1), 2, 3.0], ONE_TWO_THREE, 1e-12, id="mixed numbers"),
        pytest.param(np.array([1, 2, 3]), ONE_TWO_THREE, 1e-12, id="int64"),
        pytest.param(np.array([1, 2, 3], np.int32), ONE_TWO_THREE, 1e-12, id="int32"),
        pytest.param(np.array([1, 2, 3], np.uint16), ONE_TWO_THREE, 1e-12, id="uint16"),
        pytest.param(np.array([1, 2, 3], np.float32), ONE_TWO_THREE, 1e-12, id="float32"),
        pytest.param(np.array([1, 2, 3], np.float16), ONE_TWO_THREE, 1e-12, id="float16"),
        pytest.param(np.array([1, 2, 3], np.longdouble), ONE_TWO_THREE, 1e-12, id="long double"),
        pytest.param(np.array([1, 2, 3], ">f8"), ONE_TWO_THREE, 1e-12, id="big-endian"),
        pytest.param(np.array([1, 2, 3], ">i2"), ONE_TWO_THREE, 1e-12, id="big-endian ints"),
        pytest.param(read_only([1.0, 2.0, 3.0]), ONE_TWO_THREE, 1e-12, id="read-only"),
        pytest.param(np.array([3.0, 2.0, 1.0])[::-1], ONE_TWO_THREE, 1e-12, id="negative stride"),
        pytest.param(np.arange(1.0, 7.0).reshape(2, 3).T[:, 0], [*ONE_TWO_THREE], 1e-12, id="strided"),
        pytest.param(
            np.array([200, 0, 10], np.uint8), [1, 1.3838965267367376e-87, 3.0482349509718567e-83], 1e-10, id="u1"
        ),
        pytest.param(np.array([100, -100], np.int8), [1.0, 1.3838965267367376e-87], 1e-10, id="int8"),
        pytest.param(np.array([2**64 - 1, 0], np.uint64), [1.0, 0.0], 1e-12, id="uint64"),
        pytest.param(np.array([-(2**63), 2**63 - 1]), [0.0, 1.0], 1e-12, id="ends of int64"),
        pytest.param(np.array([60000, -60000], np.float16), [1.0, 0.0], 1e-12, id="float16 difference overflows"),
        pytest.param(np.zeros(100_000, np.float16), np.full(100_000, 1e-5), 1e-12, id="float16 sum overflows"),
    ],
)
def test_every_array_of_reals_is_computed_and_returned_in_float64(values, expected, rtol):
    before = np.array(values)
    with strictly():
        assert_probabilities(brl.softmax(values, 1.0), expected, rtol)
        assert_probabilities(brl.Boltzmann(1.0)(values, 0), expected, rtol)
    np.testing.assert_array_equal(np.array(values), before)


def test_fortran_order_changes_nothing():
    values = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(brl.softmax(values), brl.softmax(np.arange(6.0).reshape(2, 3)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param([1.0, None, 3.0], "values", id="with None"),
        pytest.param(["1", "2", "3"], "values", id="strings"),
        pytest.param([b"1"], "values", id="bytes"),
        pytest.param("123", "values", id="one string"),
        pytest.param([1 + 1j, 2], "complex", id="complex"),
        pytest.param(np.array(["2020-01-01"], "datetime64[D]"), "values", id="dates"),
        pytest.param(np.array([1, 2], "timedelta64[s]"), "values", id="durations"),
        pytest.param(None, "values", id="None"),
        pytest.param({"a": 1.0}, "values", id="dict"),
        pytest.param({1.0, 2.0}, "values", id="set"),
        pytest.param((v for v in (1.0, 2.0)), "values", id="generator"),
        pytest.param([True, False], "mask", id="bools"),
        pytest.param(np.array([True, False]), "mask", id="bool array"),
        pytest.param(np.ma.array([1.0, 9.0, 3.0], mask=[0, 1, 0]), "mask", id="masked array"),
        pytest.param(np.array([1.0, 2.0], object), "values", id="objects"),
        pytest.param([HUGE, 1], "values", id="ints that no float holds"),
        pytest.param(np.zeros(2, [("a", float)]), "values", id="structured"),
    ],
)
def test_values_that_are_not_real_arrays_are_refused(values, message):
    for door in (
        lambda: brl.softmax(values),
        lambda: brl.Boltzmann(1.0)(values, 0),
        lambda: brl.act(brl.Greedy(), values, np.random.default_rng(0)),
    ):
        with pytest.raises(TypeError, match=message):
            door()


def test_ragged_rows_are_refused():
    with pytest.raises(ValueError):  # noqa: PT011 - NumPy's own words
        brl.softmax([[1.0, 2.0], [1.0]])


# --- mask ---------------------------------------------------------------------------------------------------


@in_one_test(
    ("values", "temperature", "available", "expected"),
    [
        pytest.param([1, 2, 3], 1.0, [True, True, True], ONE_TWO_THREE, id="nothing masked"),
        pytest.param([1, 9, 3], 1.0, [True, False, True], [0.11920292202211755, 0, 0.8807970779778823], id="bools"),
        pytest.param([1, 9, 3], 1.0, [1, 0, 1], [0.11920292202211755, 0, 0.8807970779778823], id="ints"),
        pytest.param(
            [1, 9, 3], 1.0, np.array([1, 0, 1], np.int8), [0.11920292202211755, 0, 0.8807970779778823], id="int8"
        ),
        pytest.param([1, NAN, 3], 1.0, [1, 0, 1], [0.11920292202211755, 0, 0.8807970779778823], id="nan underneath"),
        pytest.param([1, INF, 3], 1.0, [1, 0, 1], [0.11920292202211755, 0, 0.8807970779778823], id="+inf underneath"),
        pytest.param([1, -INF, 3], 1.0, [1, 0, 1], [0.11920292202211755, 0, 0.8807970779778823], id="-inf underneath"),
        pytest.param([1, 9, 2], 1.0, [0, 0, 1], [0, 0, 1], id="all but one masked"),
        pytest.param([1, 9, 1], 0.0, [1, 0, 1], HALVES, id="T 0"),
        pytest.param([1, 9, 1], INF, [1, 0, 1], HALVES, id="T inf"),
        pytest.param([1, 9, 1], 1e-320, [1, 0, 1], HALVES, id="T denormal"),
        pytest.param([-1e9, -2e9, 0], 1.0, [1, 1, 0], [1, 0, 0], id="below every fill value"),
        pytest.param([-1e308, -1.7e308, 0], 1.0, [1, 1, 0], [1, 0, 0], id="at the end of the floats"),
        pytest.param([-INF, 9, 2], 1.0, [1, 0, 1], [0, 0, 1], id="an allowed arm of -inf"),
    ],
)
def test_masked_values_are_never_read(distribution, values, temperature, available, expected):
    with strictly():
        found = distribution(np.array(values, float), temperature, np.array(available))
        assert_probabilities(found, np.array(expected, float), 1e-12)
        for seed in range(20):
            rng = np.random.default_rng(seed)
            action = brl.act(brl.Uniform(), np.array(values, float), rng, available=available)
            assert np.array(available)[action] == 1


@pytest.mark.parametrize(
    ("available", "error", "message"),
    [
        pytest.param([NAN, 1.0, 0.0], TypeError, [], id="nan"),
        pytest.param([1.0, 1.0, 0.0], TypeError, [], id="floats"),
        pytest.param(["a", "b", "c"], TypeError, [], id="strings"),
        pytest.param([1, None, 0], TypeError, [], id="with None"),
        pytest.param("101", TypeError, [], id="one string"),
        pytest.param([1j, 0, 0], TypeError, [], id="complex"),
        pytest.param([False, False, False], ValueError, [], id="all masked"),
        pytest.param(np.zeros(3, np.int8), ValueError, [], id="all masked int8"),
        pytest.param([True, False], ValueError, ["(2,)", "(3,)"], id="too short"),
        pytest.param([True, False, True, True], ValueError, ["(4,)"], id="too long"),
        pytest.param([True], ValueError, ["(1,)"], id="length 1 must not broadcast"),
        pytest.param([[True, False, True]], ValueError, ["(1, 3)"], id="2-d"),
        pytest.param(True, ValueError, ["()"], id="one bool"),
        pytest.param(1, ValueError, ["()"], id="one int"),
        pytest.param(np.array([], bool), ValueError, ["(0,)"], id="empty"),
        pytest.param([2, 1, 0], ValueError, ["2"], id="a 2"),
        pytest.param([-1, 1, 0], ValueError, ["-1"], id="a -1"),
        pytest.param(np.array([255, 1, 0], np.uint8), ValueError, ["255"], id="a 255"),
    ],
)
def test_an_invalid_mask_is_refused_by_name(available, error, message):
    values = np.array([1.0, 2.0, 3.0])
    for door in (
        lambda: brl.mask(values, available),
        lambda: brl.act(brl.Boltzmann(1.0), values, np.random.default_rng(0), available=available),
        lambda: brl.act(brl.Greedy(), values, np.random.default_rng(0), available=available),
    ):
        with strictly(), pytest.raises(error, match="mask") as caught:
            door()
        for text in message:
            assert text in str(caught.value)


def test_a_mask_of_one_row_is_not_broadcast_over_a_batch():
    with pytest.raises(ValueError, match=r"mask.*\(3,\).*\(2, 3\)"):
        brl.mask(np.zeros((2, 3)), [True, False, True])
    with pytest.raises(ValueError, match=r"mask.*\[1\]"):
        brl.mask(np.zeros((2, 3)), [[True, False, True], [False, False, False]])


def test_a_mask_that_leaves_only_values_of_minus_infinity_is_refused():
    with pytest.raises(ValueError, match="-inf"):
        brl.act(brl.Boltzmann(1.0), [-INF, 9.0, -INF], np.random.default_rng(0), available=[1, 0, 1])
    with pytest.raises(ValueError, match=r"\[0\].*nan"):
        brl.act(brl.Boltzmann(1.0), [NAN, 9.0, 1.0], np.random.default_rng(0), available=[1, 0, 1])


def test_a_mask_in_place_of_values_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match="available="):
        brl.mask([True, False], [True, False])


# --- samples ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "u", "action"),
    [
        pytest.param(np.full(6, 1 / 6), 0.9999999999999999, 5, id="u under 1, K 6"),
        pytest.param(np.full(10, 0.1), 0.9999999999999999, 9, id="u under 1, K 10"),
        pytest.param(np.full(10, 0.1), 0.0, 0, id="u 0"),
        pytest.param([0.0, 1.0], 0.0, 1, id="u 0 skips an impossible first arm"),
        pytest.param([0.5, 0.5, 0.0], 0.9999999999999999, 1, id="impossible last arm"),
        pytest.param([0.5, 0.0, 0.0, 0.5], 0.5, 3, id="zeros in the middle"),
        pytest.param([5e-324, 1.0], 0.0, 0, id="denormal first"),
        pytest.param([1.0, 5e-324], 0.9999999999999999, 0, id="denormal last"),
        pytest.param([0.0, 0.0, 1.0, 0.0], 0.3, 2, id="certain arm"),
        pytest.param([1.0], 0.9999999999999999, 0, id="single arm"),
        pytest.param(np.full(3, 1 / 3, np.float32), 0.9999999999999999, 2, id="float32"),
        pytest.param([1, 0], 0.5, 0, id="ints"),
    ],
)
def test_the_inverse_of_the_distribution_function(p, u, action):
    with strictly():
        assert brl.invert(p, u) == action
        assert brl.invert([p, p, p], [u, u, u]).tolist() == [action] * 3


def test_a_million_draws_never_take_an_action_of_probability_0():
    values = np.broadcast_to([-INF, 1.0, -INF], (1_000_000, 3))
    with strictly():
        actions = brl.act(brl.Boltzmann(1.0), values, np.random.default_rng(0))
    assert np.bincount(actions, minlength=3).tolist() == [0, 1_000_000, 0]


@pytest.mark.parametrize(
    "p",
    [
        pytest.param([0.5, 0.6], id="sums above 1"),
        pytest.param([0.5, 0.4], id="sums below 1"),
        pytest.param([0.0, 0.0], id="zeros"),
        pytest.param([1.5, -0.5], id="negative"),
        pytest.param([NAN, 1.0], id="nan"),
        pytest.param([INF, 0.0], id="inf"),
        pytest.param([], id="empty"),
        pytest.param([[0.5, 0.5], [0.5, 0.6]], id="one row of two"),
        pytest.param(1.0, id="a number"),
    ],
)
def test_sampling_refuses_an_invalid_distribution(p):
    for door in (lambda: brl.sample(p, np.random.default_rng(0)), lambda: brl.invert(p, np.zeros(np.shape(p)[:-1]))):
        with strictly(), pytest.raises(ValueError, match="probabilities"):
            door()


@in_one_test(
    "rng", [None, 0, "0", np.random, np.random.RandomState(0), np.random.PCG64(0)], ids=lambda rng: type(rng).__name__
)
def test_randomness_comes_from_a_generator_only(rng):
    for door in (lambda: brl.sample([0.5, 0.5], rng), lambda: brl.act(brl.Greedy(), [0.0, 1.0], rng)):
        with pytest.raises(TypeError, match="rng"):
            door()


# --- schedules ----------------------------------------------------------------------------------------------

FALLING = Linear(1.0, 0.1, steps=10)


@pytest.mark.parametrize(
    ("schedule", "step", "value", "rtol"),
    [
        pytest.param(FALLING, 0, 1.0, 0, id="start"),
        pytest.param(FALLING, 10, 0.1, 0, id="end"),
        pytest.param(FALLING, 11, 0.1, 0, id="past the horizon"),
        pytest.param(FALLING, 10**9, 0.1, 0, id="very far"),
        pytest.param(FALLING, 2**63, 0.1, 0, id="beyond int64"),
        pytest.param(FALLING, HUGE, 0.1, 0, id="beyond every float"),
        pytest.param(FALLING, np.int64(5), 0.55, 1e-12, id="numpy int"),
        pytest.param(FALLING, np.uint8(5), 0.55, 1e-12, id="numpy uint8"),
        pytest.param(FALLING, np.array(5), 0.55, 1e-12, id="array without axes"),
        pytest.param(FALLING, 3, 0.73, 1e-12, id="a step between"),
        pytest.param(Linear(0.1, 1.0, steps=10), 5, 0.55, 1e-12, id="rising"),
        pytest.param(Linear(1.0, 0.0, steps=10), 10, 0.0, 0, id="end 0"),
        pytest.param(Linear(0.3, 0.3, steps=10), 7, 0.3, 0, id="start is end"),
        pytest.param(Linear(1.0, 0.1, steps=1), 1, 0.1, 0, id="one step"),
        pytest.param(Linear(1, 0, steps=2), 1, 0.5, 0, id="int parameters"),
        pytest.param(Linear(5e-324, 0.0, steps=10), 3, 5e-324, 1, id="denormal start"),
        pytest.param(Linear(1.7e308, 0.0, steps=10), 5, 0.85e308, 1e-12, id="large start"),
        pytest.param(Exponential(1.0, decay=0.5), 2000, 0.0, 0, id="exponential underflow"),
        pytest.param(Exponential(1.0, 0.01, decay=0.5), 2000, 0.01, 0, id="exponential with floor"),
        pytest.param(Exponential(1.0, decay=0.5), 1074, 5e-324, 0, id="exponential denormal"),
        pytest.param(Exponential(1.0, 1e-300, steps=10), 5, 1e-150, 1e-12, id="exponential over 300 decades"),
        pytest.param(Cosine(1.0, 0.0, steps=10), 10, 0.0, 0, id="cosine end 0"),
        pytest.param(InverseTime(1.0, rate=1e300), 10**10, 0.0, 0, id="inverse time underflow"),
        pytest.param(Power(1.0, exponent=1000.0), 10**9, 0.0, 0, id="power underflow"),
    ],
)
def test_a_schedule_has_its_value_at_every_valid_step(schedule, step, value, rtol):
    with strictly():
        for _ in range(2):  # evaluation does not advance it
            np.testing.assert_allclose(schedule(step), value, rtol=rtol)
        assert type(schedule(step)) is float


def test_a_schedule_that_has_reached_zero_is_greedy():
    for schedule in (Exponential(1.0, decay=0.5), Linear(1.0, 0.0, steps=10), Cosine(1.0, 0.0, steps=10)):
        with strictly():
            assert brl.Boltzmann(schedule)(ROW, 2000).tolist() == HALVES


@pytest.mark.parametrize("step", [0, 1, 2])
def test_one_over_the_logarithm_is_finite_and_positive_from_the_first_step(step):
    with strictly():
        assert 0 < Logarithmic(1.0)(step) < INF


@pytest.mark.parametrize(
    ("step", "error"),
    [
        pytest.param(-1, ValueError, id="negative"),
        pytest.param(np.int64(-1), ValueError, id="negative numpy int"),
        pytest.param(-HUGE, ValueError, id="negative beyond every float"),
        pytest.param(-(10**5000), ValueError, id="negative too long to print"),
        pytest.param([0, -1], ValueError, id="one negative"),
        pytest.param(NAN, TypeError, id="nan"),
        pytest.param(INF, TypeError, id="inf"),
        pytest.param(None, TypeError, id="None"),
        pytest.param("3", TypeError, id="string"),
        pytest.param(b"3", TypeError, id="bytes"),
        pytest.param(3.0, TypeError, id="whole float"),
        pytest.param(2.5, TypeError, id="float"),
        pytest.param(np.float64(3), TypeError, id="numpy float"),
        pytest.param([0.0, 1.0], TypeError, id="floats"),
        pytest.param(True, TypeError, id="bool"),
        pytest.param(np.True_, TypeError, id="numpy bool"),
        pytest.param([True, False], TypeError, id="bools"),
        pytest.param(1j, TypeError, id="complex"),
        pytest.param({}, TypeError, id="dict"),
        pytest.param([None], TypeError, id="list with None"),
        pytest.param(datetime.timedelta(1), TypeError, id="time"),
    ],
)
def test_a_step_that_is_not_a_count_is_refused_by_name(step, error):
    with strictly(), pytest.raises(error, match="step"):
        FALLING(step)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        pytest.param(lambda: Linear(1.0, 0.1, steps=0), ValueError, "steps", id="steps 0"),
        pytest.param(lambda: Linear(1.0, 0.1, steps=-5), ValueError, "steps", id="steps negative"),
        pytest.param(lambda: Linear(1.0, 0.1, steps=10.0), TypeError, "steps", id="steps float"),
        pytest.param(lambda: Linear(1.0, 0.1, steps=True), TypeError, "steps", id="steps bool"),
        pytest.param(lambda: Linear(1.0, 0.1, steps="10"), TypeError, "steps", id="steps string"),
        pytest.param(lambda: Linear(1.0, 0.1, steps=None), TypeError, "steps", id="steps None"),
        pytest.param(lambda: Linear(INF, 0.1, steps=10), ValueError, "finite", id="start inf"),
        pytest.param(lambda: Linear(1.0, INF, steps=10), ValueError, "finite", id="end inf"),
        pytest.param(lambda: Linear(NAN, 0.1, steps=10), ValueError, "start", id="start nan"),
        pytest.param(lambda: Linear(-1.0, 0.1, steps=10), ValueError, "start", id="start negative"),
        pytest.param(lambda: Linear(1.0, -0.1, steps=10), ValueError, "end", id="end negative"),
        pytest.param(lambda: Linear(HUGE, 0.1, steps=10), ValueError, "start", id="start huge int"),
        pytest.param(lambda: Linear("1", 0.1, steps=10), TypeError, "start", id="start string"),
        pytest.param(lambda: Linear(True, 0.1, steps=10), TypeError, "start", id="start bool"),
        pytest.param(lambda: Linear(None, 0.1, steps=10), TypeError, "start", id="start None"),
        pytest.param(lambda: Exponential(1.0, decay=0.0), ValueError, "decay", id="decay 0"),
        pytest.param(lambda: Exponential(1.0, decay=1.0), ValueError, "decay", id="decay 1"),
        pytest.param(lambda: Exponential(1.0, decay=1.5), ValueError, "decay", id="decay above 1"),
        pytest.param(lambda: Exponential(1.0, decay=-0.5), ValueError, "decay", id="decay negative"),
        pytest.param(lambda: Exponential(1.0, decay=NAN), ValueError, "decay", id="decay nan"),
        pytest.param(lambda: Exponential(1.0, decay="0.5"), TypeError, "decay", id="decay string"),
        pytest.param(lambda: Exponential(0.0, decay=0.5), ValueError, "start", id="exponential from 0"),
        pytest.param(lambda: Exponential(1.0, steps=10), ValueError, "end", id="exponential to 0 in steps"),
        pytest.param(lambda: Exponential(1.0, 0.1), ValueError, "steps and decay", id="neither steps nor decay"),
        pytest.param(lambda: Exponential(1.0, 0.1, steps=9, decay=0.5), ValueError, "steps and decay", id="both"),
        pytest.param(lambda: Logarithmic(1.0, offset=1.0), ValueError, "offset", id="offset 1"),
        pytest.param(lambda: Logarithmic(1.0, offset=0.0), ValueError, "offset", id="offset 0"),
        pytest.param(lambda: InverseTime(1.0, rate=0.0), ValueError, "rate", id="rate 0"),
        pytest.param(lambda: Power(1.0, exponent=0.0), ValueError, "exponent", id="exponent 0"),
    ],
)
def test_an_invalid_schedule_is_refused_by_name(make, error, message):
    with strictly(), pytest.raises(error, match=message):
        make()


# --- seeds --------------------------------------------------------------------------------------------------


@in_one_test("seed", [0, 1, 2**31, 2**32, 2**63 - 1, np.int64(3), np.uint8(3), np.int64(2**63 - 1)])
def test_a_valid_seed_becomes_an_int(seed):
    assert type(as_seed(seed)) is int
    assert as_seed(seed) == seed


@pytest.mark.parametrize(
    ("seed", "error"),
    [
        pytest.param(-1, ValueError, id="negative"),
        pytest.param(2**63, ValueError, id="2**63"),
        pytest.param(2**64, ValueError, id="2**64"),
        pytest.param(10**5000, ValueError, id="too long to print"),
        pytest.param(np.int64(-1), ValueError, id="negative numpy int"),
        pytest.param(np.uint64(2**64 - 1), ValueError, id="uint64"),
        pytest.param(True, TypeError, id="bool"),
        pytest.param(np.True_, TypeError, id="numpy bool"),
        pytest.param(1.0, TypeError, id="float"),
        pytest.param(1.5, TypeError, id="broken float"),
        pytest.param(np.float64(1), TypeError, id="numpy float"),
        pytest.param(NAN, TypeError, id="nan"),
        pytest.param(INF, TypeError, id="inf"),
        pytest.param("7", TypeError, id="string"),
        pytest.param(b"7", TypeError, id="bytes"),
        pytest.param([], TypeError, id="empty list"),
        pytest.param([1, 2], TypeError, id="list"),
        pytest.param((), TypeError, id="empty tuple"),
        pytest.param({}, TypeError, id="dict"),
        pytest.param(None, TypeError, id="None"),
        pytest.param(np.array([1, 2]), TypeError, id="array"),
        pytest.param(1j, TypeError, id="complex"),
        pytest.param(np.random.SeedSequence(0), TypeError, id="seed sequence"),
        pytest.param(np.random.default_rng(0), TypeError, id="generator"),
    ],
)
def test_an_invalid_seed_is_refused_by_name(seed, error):
    with pytest.raises(error, match="seed"):
        as_seed(seed)


# --- no warnings, and errors also under python -O -----------------------------------------------------------


@in_one_test("policy", [brl.Greedy(), brl.Uniform(), brl.EpsilonGreedy(0.1), brl.Boltzmann(0.3)], ids=repr)
@in_one_test("function", ["entropy", "effective_actions"])
def test_entropy_and_divergence_of_valid_distributions_raise_no_floating_point_error(policy, function):
    with strictly():
        getattr(brl, function)(policy([0.0, -220.0, -1e308, 1.0], 0))


@pytest.mark.parametrize("policy", [brl.MaxBoltzmann(0.1, 1.0), brl.EpsilonBoltzmann(0.1, 1.0)], ids=repr)
def test_mixtures_with_a_denormal_tail_raise_no_floating_point_error(policy):
    with strictly():
        assert abs(policy([0.0, -720.0, -745.0], 0).sum() - 1) < 1e-15


@in_one_test("levels", [[0.0, 740.0], [0.0, 1e-200], [-1.7e308, 1.7e308], [1.0, INF], [5e-324, 0.0]])
@in_one_test("temperature", [0.0, 1e-320, 1.0, 1e308, INF])
def test_a_valid_ensemble_raises_no_floating_point_error(levels, temperature):
    with strictly():
        ensemble = brl.BoltzmannDistribution(levels, temperature)
        for name in ("probabilities", "mean_energy", "free_energy", "entropy", "heat_capacity", "log_partition"):
            assert not np.isnan(getattr(ensemble, name)).any(), name


@in_one_test("values", [[0.0, -740.0], [1.7e308, -1.7e308], [1e-310, 0.0], [5.0], [1.0, -INF, 2.0]])
@in_one_test("temperature", [0.0, 1e-320, 1.0, 1e308, INF])
def test_numerics_of_valid_values_raise_no_floating_point_error(values, temperature):
    with strictly():
        for function in (brl.softmax, brl.log_softmax, brl.logsumexp, brl.softmax_jacobian, brl.sparsemax):
            assert not np.isnan(function(values, temperature)).any(), function
            assert not np.isnan(function([values, values], [temperature, 1.0])).any(), function
        for function in (brl.argmax, brl.greedy, brl.uniform):
            function(values)
        for omega in (-INF, -1e308, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1e308, INF):
            assert np.isfinite(brl.mellowmax(values, omega))
        available = np.array(values)[np.isfinite(values)]
        for function in (brl.logistic, brl.logistic_normalize, brl.tanh_normalize):
            assert np.isfinite(function(available)).all()
        brl.kl_divergence(brl.softmax(values, temperature), brl.softmax(values, 1.0))


def test_errors_are_raised_also_under_python_o():
    package = pathlib.Path(brl.__file__).parent
    sources = sorted(package.rglob("*.py"))
    assert len(sources) > 10
    for source in sources:
        nodes = ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        found = [node.lineno for node in nodes if isinstance(node, ast.Assert)]
        assert not found, f"{source.relative_to(package)} asserts in lines {found}"
