"""What a notebook shows of results: the sentence, a short table and the figure."""

import base64
import html
from collections.abc import Iterator
from typing import Any

from boltzmann_rl.results.figures import drawn


def shown(results: Any) -> str:
    """Results as HTML. What is missing is said; a figure that can't be drawn costs neither sentence nor table."""
    return "\n".join(_parts(results))


def printed(results: Any) -> str:
    """Results as text: their repr, the sentence and the table, as far as these are at hand."""
    try:
        return "\n".join([repr(results), results.sentence, results.table().to_string(index=False)])
    except FileNotFoundError as error:
        return f"{results!r}\n{error}"


def _parts(results: Any) -> Iterator[str]:
    try:
        yield f"<p>{html.escape(results.sentence)}</p>"
        yield results.to_html()
        yield _image(results)
    except FileNotFoundError as error:
        yield f"<p>{html.escape(str(error))}</p>"


def _image(results: Any) -> str:
    from boltzmann_rl.figures.style import figure_bytes  # imported here: it imports Matplotlib

    try:
        content = figure_bytes(drawn(results))["png"]
    except FileNotFoundError:
        raise
    except Exception as error:  # such as a font or LaTeX that is not there
        return f"<p>The figure could not be drawn ({html.escape(f'{type(error).__name__}: {error}')}).</p>"
    source = base64.b64encode(content).decode()
    name = html.escape(f"Figure of {results.name}", quote=True)
    return f'<img alt="{name}" src="data:image/png;base64,{source}" style="max-width: 44em; width: 100%">'
