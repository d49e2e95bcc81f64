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
from hypothesis import given, strategies as st

import boltzmann_rl
from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import available, compiled
from boltzmann_rl.kernels.logarithm import log_positive
from boltzmann_rl.kernels.normal import normal_below, normal_near, normal_quantile
from boltzmann_rl.kernels.vectors import WIDTH, flat, load, store


@compiled
def exponentials(x, result):
    for i in range(len(x)):
        result[i] = exp_nonpositive(x[i])


@compiled
def logarithms(x, result):
    for i in range(len(x)):
        result[i] = log_positive(x[i])


@compiled
def exponentials_by_eight(x, result):
    for i in range(0, len(x), WIDTH):
        store(flat(result), i, exp_nonpositive(load(flat(x), i)))


@compiled
def logarithms_by_eight(x, result):
    for i in range(0, len(x), WIDTH):
        store(flat(result), i, log_positive(load(flat(x), i)))


@compiled
def normals_by_eight(z, u, bells, below, quantiles):
    for i in range(0, len(z), WIDTH):
        bell, chance = normal_below(load(flat(z), i))
        store(flat(bells), i, bell)
        store(flat(below), i, chance)
        store(flat(quantiles), i, normal_quantile(load(flat(u), i)))


def without_compilation(function, x):
    """The result of a kernel function on an array under ``NUMBA_DISABLE_JIT=1``, in plain NumPy."""
    code = f"""if True:
        import sys
        import numpy as np
        from boltzmann_rl.kernels.{"exponential" if function == "exp_nonpositive" else "logarithm"} import {function}
        sys.stdout.buffer.write(np.array([{function}(e) for e in np.frombuffer(sys.stdin.buffer.read())]).tobytes())
    """
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], input=x.tobytes(), env=environment, capture_output=True)
    assert not done.stderr
    return np.frombuffer(done.stdout)


def units_off(found, exact):
    """The distance of a number from the exact one, in units in the last place of the nearest float."""
    spacing = max(float(np.spacing(abs(float(exact)))), 5e-324)
    return float(abs(mpmath.mpf(float(found)) - exact) / spacing)


@pytest.mark.parametrize("scale", [1e-300, 1e-10, 1e-3, 0.3, 1.0, 30.0, 700.0, 745.2])
def test_the_exponential_is_accurate_to_one_ulp(scale):
    x = -np.random.default_rng(0).uniform(0.0, scale, 3000)
    result = np.empty_like(x)
    exponentials(x, result)
    with mpmath.workprec(200):
        assert max(units_off(found, mpmath.exp(float(e))) for e, found in zip(x, result, strict=True)) <= 1.0


@given(st.floats(max_value=0.0, allow_nan=False))
def test_the_exponential_of_any_float_is_accurate(x):
    result = np.empty(1)
    exponentials(np.array([x]), result)
    with mpmath.workprec(200):
        assert units_off(result[0], mpmath.exp(x)) <= 1.0


def test_the_exponential_is_exact_at_its_limits_and_keeps_nan():
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
def test_the_logarithm_is_accurate_to_two_ulps(low, high):
    x = 10.0 ** np.random.default_rng(0).uniform(low, high, 3000)
    x = np.append(x, [1.0, 2.0, 0.5, np.sqrt(0.5), np.sqrt(2.0), np.finfo(float).tiny, np.finfo(float).max])
    result = np.empty_like(x)
    logarithms(x, result)
    assert result[-7] == 0.0
    with mpmath.workprec(200):
        pairs = zip(x, result, strict=True)
        assert max(units_off(found, mpmath.log(float(e))) for e, found in pairs if e != 1.0) <= 2.0


@pytest.mark.parametrize(
    ("name", "scale"), [("exp_nonpositive", 745.0), ("exp_nonpositive", 3.0), ("log_positive", 9.0)]
)
def test_exponential_and_logarithm_are_as_accurate_without_compilation(name, scale):
    """Without fused multiply-add."""
    x = scale * np.random.default_rng(0).uniform(-1.0, 0.0, 1000)
    exact, units = (mpmath.exp, 1.0) if name == "exp_nonpositive" else (mpmath.log, 2.0)
    x = x if name == "exp_nonpositive" else 10.0**x
    with mpmath.workprec(200):
        pairs = zip(x, without_compilation(name, x), strict=True)
        assert max(units_off(found, exact(float(e))) for e, found in pairs) <= units


def test_the_normal_distribution_function_and_its_quantiles_are_accurate():
    z = np.concatenate([np.linspace(-8.5, 8.5, 1001), [-np.inf, np.inf, 0.0, -0.0, 40.0, -1e-300, 1e-300]])
    u = np.random.default_rng(0).random(len(z))
    ends = 2.0 ** -np.arange(1.0, 54.0)
    u[: 3 * len(ends)] = np.concatenate([ends, 1.0 - ends, 0.5 + ends / 4.0])
    u[0] = 2.0**-54
    bells, below, quantiles = np.empty((3, len(z)))
    normals_by_eight(z, u, bells, below, quantiles)
    assert below[1001:1003].tolist() == [0.0, 1.0]
    assert bells[1001:1003].tolist() == [0.0, 0.0]
    assert below[1003:1005].tolist() == [0.5, 0.5]
    with mpmath.workprec(200):
        for x, bell, chance in zip(z, bells, below, strict=True):
            x = mpmath.mpf(float(x))
            assert float(bell) == pytest.approx(float(mpmath.exp(-x * x / 2)), rel=2e-14, abs=0)
            assert float(abs(mpmath.mpf(float(chance)) - mpmath.ncdf(x))) <= 5e-15 * float(mpmath.ncdf(x))
        for chance, found in zip(u, quantiles, strict=True):
            exact = mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf(float(chance)) - 1)
            assert float(abs(mpmath.mpf(float(found)) - exact)) <= 2e-15


def test_eight_numbers_at_once_have_the_bits_of_single_ones():
    x = -np.random.default_rng(0).exponential(30.0, 400)
    x[:6] = 0.0, -np.inf, -746.0, -1e-300, -708.3, -745.1
    alone, together = np.empty((2, 400)), np.empty((2, 400))
    exponentials(x, alone[0])
    exponentials_by_eight(x, together[0])
    x = np.where(x > -np.inf, -x, 1.0) + 1e-300
    logarithms(x, alone[1])
    logarithms_by_eight(x, together[1])
    np.testing.assert_array_equal(together, alone)


def test_without_numba_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r"pip install 'boltzmann-rl\[fast\]'"):
        compiled(lambda x: x)


def test_numba_is_found_without_being_imported():
    code = "from boltzmann_rl.kernels.jit import available; import sys; print(available(), 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
    assert available()


def test_machine_code_of_another_version_of_the_package_is_not_used(tmp_path):
    """Numba itself checks only the file of a function, not the files of the functions that it calls."""
    package = Path(boltzmann_rl.__file__).parent
    shutil.copytree(package, tmp_path / "boltzmann_rl", ignore=shutil.ignore_patterns("__pycache__"))
    inner, outer = tmp_path / "boltzmann_rl" / "inner.py", tmp_path / "boltzmann_rl" / "outer.py"
    head = '"""."""\n\nfrom boltzmann_rl.kernels.jit import compiled\n'
    outer.write_text(head + "from boltzmann_rl.inner import f\n\n\n@compiled\ndef g(x):\n    return f(x)\n")
    for factor in (2, 3):
        inner.write_text(head + f"\n\n@compiled\ndef f(x):\n    return x * {factor}\n")
        code = "from boltzmann_rl.outer import g; print(g(7))"
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment)
        assert done.stdout == f"{7 * factor}\n"


@compiled
def normals_near_by_eight(z, bells, below):
    for i in range(0, len(z), WIDTH):
        bell, chance = normal_near(load(flat(z), i))
        store(flat(bells), i, bell)
        store(flat(below), i, chance)


def test_the_quick_normal_distribution_is_accurate_to_14_digits():
    z = np.random.default_rng(0).uniform(-8.5, 8.5, 2000)
    bells, below = np.empty_like(z), np.empty_like(z)
    normals_near_by_eight(z, bells, below)
    for bell, chance, x in zip(bells, below, z.tolist(), strict=True):
        assert abs(bell / mpmath.exp(-(mpmath.mpf(x) ** 2) / 2) - 1) < 1e-14
        assert abs(chance / mpmath.ncdf(x) - 1) < 1e-14
