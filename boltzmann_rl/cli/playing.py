"""The command ``play``."""

import argparse
from collections.abc import Callable
from pathlib import Path

from boltzmann_rl.cli.sources import WrongCall
from boltzmann_rl.cli.terminal import say


def declare(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    summary = "open a page on which temperatures, values and schedules can be moved"
    option = command("play", play, summary, "boltzmann-rl play --output playground.html").add_argument
    option("--output", metavar="FILE", help="write the page to this file (.html; default: a file in a new folder)")
    option("--overwrite", action="store_true", help="replace the file if it exists")
    option("--no-browser", action="store_true", help="only write the page")


def play(options: argparse.Namespace) -> int:
    """Write the playground, and open it in a browser."""
    from boltzmann_rl.reports import playground
    from boltzmann_rl.storage.atomic import write

    page = _place(options)
    write(page, playground().encode())
    say(page)
    import webbrowser  # imported here: other commands start faster without it

    if not options.no_browser and not webbrowser.open(page.as_uri()):
        say("No browser was found here: open the file in any browser.")
    return 0


def _place(options: argparse.Namespace) -> Path:
    """Where to write the page."""
    if options.output is None:
        import tempfile  # imported here: it takes milliseconds, which no other command needs

        return Path(tempfile.mkdtemp(prefix="boltzmann_rl_")) / "playground.html"
    page = Path(options.output).absolute()
    if page.suffix not in (".html", ".htm"):
        raise WrongCall(f"--output must end in .html or .htm, got {options.output!r}")
    if not page.parent.is_dir():
        raise WrongCall(f"--output: there is no folder {page.parent}")
    if page.exists() and not options.overwrite:
        raise WrongCall(f"{page} exists: choose another --output, or pass --overwrite")
    return page
