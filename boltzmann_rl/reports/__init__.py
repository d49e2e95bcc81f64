"""Pages that explain Boltzmann exploration in a browser: one self-contained HTML file each, without a server.

`playground` is the page of ``boltzmann-rl play``. Its JavaScript lies in the folder ``web``, as plain modules that
Node.js runs unchanged.
"""

from boltzmann_rl.reports.playground import playground

__all__ = ["playground"]
