"""The manual: its code runs, its reference has every public name, and every page is in its table of contents."""

import inspect
import re

import pytest
from cases import in_one_test
from pages import DOCS, page, run_python

import boltzmann_rl as brl

REFERENCE = "\n".join(path.read_text("utf-8") for path in (DOCS / "reference").glob("*.md"))
MODULES = (brl, brl.schedules, brl.planning, brl.gridworlds, brl.bandit_environments, brl.logs)


@pytest.mark.parametrize("name", ["loops.md", "units.md", "experiments.md", "reporting.md"])
def test_the_code_of_a_page_runs_from_top_to_bottom(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "brl" in run_python(name)


@in_one_test("module", MODULES, ids=lambda module: module.__name__)
def test_the_reference_has_every_public_name(module):
    listed = re.search(rf"currentmodule:: {module.__name__}\n(.*?)(?=currentmodule|\Z)", REFERENCE, re.S)
    assert listed, f"no page has names of {module.__name__}"
    names = set(re.findall(r"^   (\w+)$", REFERENCE, re.M))
    public = {name for name in module.__all__ if not inspect.ismodule(getattr(module, name))}
    assert public <= names


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_no_text_before_a_colon_is_shown_as_a_type(module):
    """The reference would read such a text at the beginning of a property or of what is returned as its type."""
    for name in module.__all__:
        public = getattr(module, name)
        members = vars(public) if inspect.isclass(public) else {name: public}
        for member, value in members.items():
            text = inspect.cleandoc(getattr(value, "__doc__", None) or "")
            if not isinstance(value, property):
                text = text.partition("Returns:\n    ")[2]
            begin = re.sub("`+[^`]*`+", "", text.partition("\n")[0])
            assert ": " not in begin, f"{name}, {member}: {begin}"


def test_every_page_is_in_the_table_of_contents():
    written = (path.relative_to(DOCS) for path in DOCS.rglob("*.md"))
    pages = {str(path.with_suffix("")) for path in written if not path.parts[0].startswith("_")}
    listed = set()
    for path in DOCS.rglob("*.md"):
        for tree in re.findall(r"^```{toctree}\n(.*?)^```", path.read_text("utf-8"), re.S | re.M):
            entries = [line for line in tree.splitlines() if line and not line.startswith(":")]
            listed |= {str((path.parent / entry).relative_to(DOCS)) for entry in entries}
    assert pages - listed == {"index"}


def test_the_readme_leads_to_the_manual():
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    assert len(readme.split()) < 1000, "the README is a screen and a half; the rest belongs to the manual"
    assert "sphinx-build -q -W --keep-going docs docs/_build" in readme
    assert page("index.md").count("```{toctree}") == 1


def test_every_tutorial_can_be_downloaded_as_a_notebook():
    notebooks = [path for path in DOCS.rglob("*.md") if path.read_text("utf-8").startswith("---\nfile_format: mystnb")]
    assert {path.parent.name for path in notebooks} == {"tutorials"}
    for path in notebooks:
        assert re.search(rf"{{nb-download}}`[^`]+ <{path.stem}\.ipynb>`", path.read_text("utf-8")), path.name
