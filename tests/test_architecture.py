"""The page on architecture draws the actual imports, and describes every component."""

import re
from pathlib import Path

from components import LAYER_OF, diagram

PAGE = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text("utf-8")


def test_the_diagram_has_the_arrows_of_the_imports():
    drawn = re.search(r"```mermaid\n(.*?)\n```", PAGE, flags=re.DOTALL)
    assert drawn is not None
    assert drawn.group(1) == diagram(), "python tests/components.py prints the right diagram"


def test_every_component_is_described():
    described = set(re.findall(r"^\| `([\w.]+)`", PAGE, flags=re.MULTILINE))
    assert described == set(LAYER_OF)
