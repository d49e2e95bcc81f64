"""Python that can start no other processes, as in a browser."""

from importlib.util import find_spec


def why_alone() -> str:
    """Why this Python can start no other processes, in words; empty if it can.

    In a browser (Pyodide) the extension module behind the locks of multiprocessing is missing, and no thread starts
    either.

    Example:
        >>> why_alone()
        ''

    Source: Pyodide's documentation, "Pyodide Python compatibility": multiprocessing and threading can be imported, but
    do not work.
    """
    if find_spec("_multiprocessing") is not None:
        return ""
    return "this Python can start no other processes, since it lacks the module _multiprocessing, as in a browser"
