"""Compiled arithmetic, against mpmath and against the same lines without compilation."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import mpmath
import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import boltzmann_rl
from boltzmann_rl.kernels.exponential import exp_fused, exp_nonpositive
from boltzmann_rl.kernels.jit import available, compiled
from boltzmann_rl.kernels.logarithm import log_positive


@compiled
def exponentials(x, result):
    for i in range(len(x)):
        result[i] = exp_nonpositive(x[i])


@compiled(fastmath={"contract"})
def fused_exponentials(x, result):
    for i in range(len(x)):
        result[i] = exp_fused(x[i])


both = pytest.mark.parametrize("exponentials", [exponentials, fused_exponentials])


@compiled
def logarithms(x, result):
    for i in range(len(x)):
        result[i] = log_positive(x[i])


def units_off(found, exact):
    """How many units in the last place (of the nearest float) a number is away from an exact one."""
    spacing = max(float(np.spacing(abs(float(exact)))), 5e-324)
    return float(abs(mpmath.mpf(float(found)) - exact) / spacing)


@both
@pytest.mark.parametrize("scale", [1e-300, 1e-10, 1e-3, 0.3, 1.0, 30.0, 700.0, 745.2])
def test_the_exponential_is_right_to_one_unit_in_the_last_place(exponentials, scale):
    x = -np.random.default_rng(0).uniform(0.0, scale, 3000)
    result = np.empty_like(x)
    exponentials(x, result)
    with mpmath.workprec(200):
        assert max(units_off(found, mpmath.exp(float(e))) for e, found in zip(x, result, strict=True)) <= 1.0


@both
@given(st.floats(max_value=0.0, allow_nan=False))
def test_the_exponential_of_any_number_is_right(exponentials, x):
    result = np.empty(1)
    exponentials(np.array([x]), result)
    with mpmath.workprec(200):
        assert units_off(result[0], mpmath.exp(x)) <= 1.0


@both
def test_the_exponential_is_exact_at_its_ends_and_no_number_stays_none(exponentials):
    result = np.empty(5)
    exponentials(np.array([0.0, -0.0, -np.inf, -746.0, np.nan]), result)
    np.testing.assert_array_equal(result, [1.0, 1.0, 0.0, 0.0, np.nan])


@pytest.mark.skipif(platform.machine() != "x86_64", reason="looks for the instructions of this processor")
def test_a_loop_over_the_exponential_runs_in_vector_registers():
    @numba.njit(error_model="numpy")
    def loop(x, result):
        for i in range(len(x)):
            result[i] = exp_nonpositive(x[i])

    loop(np.zeros(1), np.zeros(1))
    code = next(iter(loop.inspect_asm().values()))
    assert "mulpd" in code
    assert "call" not in code.split("mulpd", 1)[1].split("ret", 1)[0]


@pytest.mark.parametrize(("low", "high"), [(-307.0, 308.0), (-3.0, 3.0), (-1e-3, 1e-3), (-1e-9, 1e-9)])
def test_the_logarithm_is_right_to_two_units_in_the_last_place(low, high):
    x = 10.0 ** np.random.default_rng(0).uniform(low, high, 3000)
    x = np.append(x, [1.0, 2.0, 0.5, np.sqrt(0.5), np.sqrt(2.0), np.finfo(float).tiny, np.finfo(float).max])
    result = np.empty_like(x)
    logarithms(x, result)
    assert result[-7] == 0.0
    with mpmath.workprec(200):
        pairs = zip(x, result, strict=True)
        assert max(units_off(found, mpmath.log(float(e))) for e, found in pairs if e != 1.0) <= 2.0


def test_the_same_bits_come_out_without_compilation():
    x = -np.random.default_rng(0).exponential(30.0, 300)
    result = np.empty((2, 300))
    exponentials(x, result[0])
    logarithms(-x, result[1])
    code = """if True:
        import numpy as np
        from boltzmann_rl.kernels.exponential import exp_nonpositive
        from boltzmann_rl.kernels.logarithm import log_positive
        x = -np.random.default_rng(0).exponential(30.0, 300)
        print(np.array([[exp_nonpositive(e) for e in x], [log_positive(-e) for e in x]]).tobytes().hex())
    """
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == result.tobytes().hex()


def test_a_folder_that_cannot_be_written_costs_only_the_cache(monkeypatch):
    def refuse(*arguments, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function 'twice': no locator available for file")
        return njit(*arguments, **options)

    njit = numba.njit
    monkeypatch.setattr(numba, "njit", refuse)
    assert compiled(lambda x: 2 * x)(21) == 42


def test_without_numba_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r"pip install 'boltzmann-rl\[fast\]'"):
        compiled(lambda x: x)


def test_numba_is_found_without_being_imported():
    code = "from boltzmann_rl.kernels.jit import available; import sys; print(available(), 'numba' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "False"]
    assert available()


def test_machine_code_of_another_version_of_the_package_is_not_used(tmp_path):
    """Numba by itself looks at the file of a function, not at those of the functions that it calls."""
    package = Path(boltzmann_rl.__file__).parent
    shutil.copytree(package, tmp_path / "boltzmann_rl", ignore=shutil.ignore_patterns("__pycache__"))
    inner, outer = tmp_path / "boltzmann_rl" / "inner.py", tmp_path / "boltzmann_rl" / "outer.py"
    head = '"""."""\n\nfrom boltzmann_rl.kernels.jit import compiled\n'
    outer.write_text(head + "from boltzmann_rl.inner import f\n\n\n@compiled\ndef g(x):\n    return f(x)\n")
    for factor in (2, 3):
        inner.write_text(head + f"\n\n@compiled\ndef f(x):\n    return x * {factor}\n")
        code = "from boltzmann_rl.outer import g; print(g(7))"
        told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert told.stdout == f"{7 * factor}\n"
