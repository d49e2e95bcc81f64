"""The page on architecture shows the actual layers and imports, and describes every component."""

import re
from pathlib import Path

from components import LAYER_OF, imported, picture

DOCS = Path(__file__).parents[1] / "docs"
ROWS = dict(re.findall(r"^\| `([\w.]+)` \|.*\|([^|]*)\|$", (DOCS / "architecture.md").read_text("utf-8"), re.MULTILINE))


def test_the_picture_shows_the_layers():
    drawn = (DOCS / "components.svg").read_text("utf-8")
    assert drawn == picture(), "python tests/components.py > docs/components.svg draws it again"


def test_every_component_is_described_with_its_imports():
    assert ROWS.keys() == LAYER_OF.keys()
    for component, lower in imported().items():
        assert re.findall(r"`([\w.]+)`", ROWS[component]) == lower, component
