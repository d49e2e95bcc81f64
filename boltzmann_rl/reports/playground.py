"""The playground: a page on which temperature, values and schedules can be moved."""

from boltzmann_rl.reports.pages import page_of
from boltzmann_rl.reports.scripts import script_of, web


def playground() -> str:
    """The playground as HTML: one file that needs no server, loads nothing, and runs in any current browser.

    It shows the probabilities, entropy and expected regret of Boltzmann and ε-greedy exploration as their parameters
    move, live runs of four agents with bands, and Boltzmann exploration of grid worlds. Its link declares what it shows
    in the form that `from_dict` reads.

    Example:
        >>> page = playground()
        >>> page.startswith("<!doctype html>"), len(page) < 200_000
        (True, True)
    """
    style = f"{web('theme.css')}\n{web('playground.css')}"
    return page_of(web("playground.html"), style, script_of("playground"))
