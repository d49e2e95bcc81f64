"""Type checkers outside the package accept correct code, including the README's, and find every planted mistake."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import boltzmann_rl

if tuple(map(int, np.__version__.split(".")[:2])) < (2, 3):
    pytest.skip("NumPy before 2.3 does not type the shapes of arrays in full", allow_module_level=True)

TESTS, SOURCE = Path(__file__).parent, Path(boltzmann_rl.__file__).parents[1]
README = "\n".join(re.findall(r"^```python\n(.*?)^```", (TESTS.parent / "README.md").read_text("utf-8"), re.S | re.M))
WRONG = (TESTS / "typing" / "wrong.py").read_text("utf-8")
PLANTED = {number for number, line in enumerate(WRONG.splitlines(), start=1) if line.endswith("# wrong")}

# The first run reads the stubs of NumPy and pandas, which takes half a minute; later ones read pytest's cache.
MYPY = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir"]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A function that returns the lines with errors of each file, as a checker finds them outside the package."""
    folder = tmp_path_factory.mktemp("typing")
    (folder / "readme.py").write_text(README, "utf-8")
    for name in ("right.py", "wrong.py"):
        shutil.copy(TESTS / "typing" / name, folder)

    def run(*command):
        places = {"MYPYPATH": str(SOURCE), "PYTHONPATH": str(SOURCE)}
        said = subprocess.run(
            [*command, "readme.py", "right.py", "wrong.py"],
            cwd=folder,
            env={**os.environ, **places},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        errors = re.findall(r"(\w+\.py):(\d+):.*\berror\b", said)
        assert "wrong.py" in dict(errors), said
        return {name: {int(line) for file, line in errors if file == name} for name in dict(errors)}

    return run


def test_mypy_finds_all_planted_mistakes_and_no_other(found, pytestconfig, tmp_path):
    assert len(PLANTED) >= 10
    cache = getattr(pytestconfig, "cache", None)  # pytest may run without one
    assert found(*MYPY, str(cache.mkdir("mypy") if cache else tmp_path)) == {"wrong.py": PLANTED}


@pytest.mark.skipif(shutil.which("pyright") is None, reason="pyright is not installed")
def test_pyright_finds_all_planted_mistakes_and_no_other(found):
    assert found("pyright", "--pythonpath", sys.executable) == {"wrong.py": PLANTED}
