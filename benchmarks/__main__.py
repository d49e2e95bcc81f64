"""Run all benchmarks, or the named ones: print their tables, and write them to the pages of the documentation.

The pages are ``docs/speed.md`` and ``docs/speed_tables.md`` with its figure. Other libraries are compared if they are
installed: ``pip install 'boltzmann-rl[fast]' jax mabwiser`` and PyTorch. Everything takes about a quarter of an hour.
Run: ``python benchmarks``, or ``python benchmarks startup testbed``.
"""

from argparse import ArgumentParser

import backends
import batches
import decision
import many_actions
import people
import rounds
import runs
import speed_pages
import startup
import tabular
import testbed
import training

from boltzmann_rl.storage.atomic import write

MODULES = {
    module.__name__: module
    for module in (startup, testbed, decision, training, many_actions, tabular, batches, backends, runs, people)
}


def main() -> None:
    """Measure, keep, write, draw."""
    parser = ArgumentParser(prog="python benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MODULES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="three rounds at most; print, and write no page")
    options = parser.parse_args()
    if unknown := set(options.names) - MODULES.keys():
        parser.error(f"there is no benchmark {sorted(unknown)[0]}: choose of {', '.join(MODULES)}")
    if options.quick:
        rounds.most = 3
    measured: dict[str, list[speed_pages.Measured]] = {}
    for name in options.names or MODULES:
        measured[name] = []
        for table in MODULES[name].tables():
            rounds.show([table])
            measured[name].append(speed_pages.Measured.of(name, table))
    if not options.quick:
        tables = speed_pages.renewed(speed_pages.kept(), measured, MODULES)
        speed_pages.keep(tables)
        write(speed_pages.DOCS / "speed.md", speed_pages.summary(tables).encode())
        write(speed_pages.DOCS / "speed_tables.md", speed_pages.details(tables).encode())
        speed_pages.draw(tables)


if __name__ == "__main__":
    main()
