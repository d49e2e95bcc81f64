"""From JavaScript modules to one script, by order of their imports."""

import re
from importlib.resources import files

# The two forms of imports and exports that our modules use.
_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./(\w+)\.js";\n', flags=re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", flags=re.MULTILINE)


def web(name: str) -> str:
    """The text of a file in the folder ``web``."""
    return (files("boltzmann_rl.reports") / "web" / name).read_text("utf-8")


def script_of(entry: str) -> str:
    """One script that does what a module does: every module that it imports, each in a function of its own.

    Names that a module does not export stay its own, so that modules may use the same ones.

    Args:
        entry: The name of a module in the folder ``web``, without ``.js``.

    Raises:
        ValueError: A module that imports or exports in a form that is not known here.

    Example:
        >>> script_of("numbers").splitlines()[0]
        'const numbers_js = (() => {'
    """
    return "\n".join(_closed(name) for name in _in_order(entry, ()))


def _in_order(name: str, above: tuple[str, ...]) -> list[str]:
    """The modules that a module needs and itself, each after those that it imports."""
    if name in above:
        raise ValueError(f"JavaScript modules import each other: {' → '.join([*above, name])}")
    needed = [found for _, part in _IMPORT.findall(web(f"{name}.js")) for found in _in_order(part, (*above, name))]
    return list(dict.fromkeys([*needed, name]))


def _closed(name: str) -> str:
    """A module as a constant: an object with what it exports."""
    text = web(f"{name}.js")
    exported = [found for _, found in _EXPORT.findall(text)]
    body = _EXPORT.sub(r"\1", _IMPORT.sub(r"const { \1 } = \2_js;\n", text))
    if left := re.search(r"^(import|export)\b.*", body, flags=re.MULTILINE):
        raise ValueError(f"{name}.js has a line that is not understood: {left.group()}")
    return f"const {name}_js = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();"
