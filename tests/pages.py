"""Pages of the documentation as tests read them."""

import re
import shlex
import sys
from contextlib import contextmanager
from pathlib import Path

from boltzmann_rl.cli import main

DOCS = Path(__file__).parents[1] / "docs"


def page(name):
    """The text of a page."""
    return (DOCS / name).read_text("utf-8")


def blocks(name):
    """The code of a page: language and text of each block."""
    return re.findall(r"^```(\w+)\n(.*?)^```", page(name), flags=re.DOTALL | re.MULTILINE)


def run_python(name):
    """Run all Python code of a page from top to bottom; returns the names that it defines."""
    namespace = {"__name__": "page"}
    for language, text in blocks(name):
        if language == "python":
            exec(compile(text, name, "exec"), namespace)
    return namespace


@contextmanager
def folder_with(name, text, folder, monkeypatch):
    """Be in a folder with the module of a page, from which Python imports it."""
    (folder / f"{name}.py").write_text(text, "utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, name, raising=False)
    yield folder
    sys.modules.pop(name, None)


def run_commands(text):
    """Run commands, one on each line."""
    for line in text.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "boltzmann-rl"
        assert main(arguments) == 0, line
