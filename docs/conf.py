"""The documentation site: Markdown by MyST, the reference from docstrings, examples that are run."""

import importlib
from typing import Any

import boltzmann_rl
from boltzmann_rl.reports import playground

project, author, copyright = "boltzmann_rl", "The boltzmann_rl authors", "The boltzmann_rl authors"
version = release = boltzmann_rl.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # MathJax as files of the site: a reader's browser asks no other server
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "jupyter_execute", "gallery", "figures_gallery/*.ipynb"]
exclude_patterns += ["**/sg_execution_times.rst"]
templates_path = ["_templates"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 1200  # seconds for a cell, also on a machine that does other things

# --- the reference ---------------------------------------------------------------------------------------------------

autosummary_generate = True
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_mock_imports = ["jax", "torch"]  # of the backends; the manual is built without them
autodoc_typehints = "none"  # docstrings say what each argument is, with shapes, units and ranges
add_module_names = False
toc_object_entries_show_parents = "hide"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
default_role = "py:obj"  # single backticks link
nitpicky = True

# Names of other packages, which the site does not document.
_PACKAGES = ("collections", "gymnasium", "matplotlib", "np", "npt", "numpy", "pandas", "pathlib", "typing")
_CLASSES = ("Axes", "Box", "Dict", "Discrete", "Figure", "MultiBinary", "MultiDiscrete", "Path", "Tuple")
nitpick_ignore_regex = [("py:.*", rf"{name}(\..*)?") for name in (*_PACKAGES, *_CLASSES)]

# --- the gallery -----------------------------------------------------------------------------------------------------

sphinx_gallery_conf: dict[str, Any] = {
    "examples_dirs": "gallery",
    "gallery_dirs": "figures_gallery",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "image_srcset": ["2x"],
    "min_reported_time": 60,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "within_subsection_order": "FileNameSortKey",
}

# --- the look --------------------------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "boltzmann_rl"
html_static_path = ["_static"]
html_css_files, html_js_files = ["site.css"], ["site.js"]
html_theme_options: dict[str, Any] = {
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "collapse_navigation": True,  # the toggles of a tree have no names for screen readers
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_end": ["playground-link", "theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_context = {"default_mode": "auto"}
html_copy_source = html_show_sourcelink = False


def resolve(app: Any, env: Any, node: Any, content: Any) -> Any:
    """Link a name in a docstring to what the site documents by this name; parts that are not public stay text."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py":
        return None
    name, domain = target.rpartition("boltzmann_rl.")[2], env.get_domain("py")
    while name:
        found = domain.find_obj(env, None, None, name, None, 1)
        if len({entry.node_id for _, entry in found}) == 1:  # one thing, maybe by several names
            return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", found[0][0], node, content)
        name = name.partition(".")[2]
    return content if target.startswith("boltzmann_rl.") and _exists(target) else None


def _exists(name: str) -> bool:
    """Whether there is a module, or something in a module, of this name."""
    parts = name.split(".")
    for split in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        return all((thing := getattr(thing, part, None)) is not None for part in parts[split:])
    return False


def escape(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Keep |x| the absolute value: reST would take it for a substitution."""
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = line.split("``")  # every other one is code
            parts[::2] = [part.replace("|", "\\|") for part in parts[::2]]
            lines[number] = "``".join(parts)


def play(app: Any, error: Exception | None) -> None:
    """Write the playground beside the pages: a file of the site, which loads nothing else."""
    if error is None and app.builder.format == "html":
        (app.outdir / "play.html").write_text(playground(), "utf-8")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-docstring", escape)
    app.connect("build-finished", play)
