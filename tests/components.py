"""The components of the package, their layers, and their imports, read from the source."""

import ast
import sys
from pathlib import Path

import boltzmann_rl

ROOT = Path(boltzmann_rl.__file__).parent
FILES = {str(path.relative_to(ROOT).with_suffix("")).replace("/", "."): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {module: ast.parse(path.read_text("utf-8")) for module, path in FILES.items()}

# Lowest first. A component is a folder or a module of the package. It imports only from lower layers and from itself,
# also inside functions. Engines are on several layers, because training uses their metrics and they use training.
LAYERS = (
    {"arguments"},
    {"lazy"},
    {"logs", "protocols", "storage", "statistics"},
    {"configuration", "kernels", "numerics", "streams"},
    {"schedules"},
    {"policies"},
    {"backends"},
    {"decisions"},
    {"agents", "agents.agent", "bandits", "engines", "learners", "integrations"},
    {"agents.published", "defaults", "environments", "gridworlds"},
    {"declared_environments"},
    {"tables", "bandit_environments", "many_actions"},
    {"planning", "training", "engines.metrics", "engines.moments"},
    {"engines.blocks"},
    {"engines.reference"},
    {"engines.compiled"},
    {"engines.selection"},
    {"reports", "runs", "figures"},
    {"results"},
    {"experiments", "reproduction"},
    {"tuning", "animations"},
    {"cli"},
)
LAYER_OF = {component: layer for layer, components in enumerate(LAYERS) for component in components}


def component_of(module):
    """The component of a module: the longest prefix of its name that has a layer, else its first word."""
    words = module.split(".")
    beginnings = [".".join(words[:length]) for length in range(len(words), 0, -1)]
    return next((name for name in beginnings if name in LAYER_OF), words[0])


def imports_of(node, *, lazily=False, typing=False):
    """Every import below a node: the module, the imported name, whether inside a function, whether for types only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from imports_of(child, lazily=lazily, typing=True)
            continue
        inside = lazily or isinstance(child, ast.FunctionDef | ast.Lambda)
        if isinstance(child, ast.Import):
            yield from ((alias.name, None, inside, typing) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "an import is relative"
            yield from ((child.module, alias.name, inside, typing) for alias in child.names)
        yield from imports_of(child, lazily=inside, typing=typing)


def own_imports(module):
    """The modules of the package that a module imports, also inside functions and for types."""
    for source, name, _, _ in imports_of(TREES[module]):
        package, _, inner = source.partition(".")
        if package == "boltzmann_rl":
            whole = ".".join(part for part in (inner, name) if part)
            yield whole if whole in FILES or f"{whole}.__init__" in FILES else inner


def arrows():
    """The imports between components that do not follow from others: the transitive reduction of the graph."""
    down = {component: set() for component in LAYER_OF}
    for module in FILES:
        if module != "__init__":
            here = component_of(module)
            down[here] |= {component_of(imported) for imported in own_imports(module) if imported} - {here}

    def below(component):
        return set().union(*({lower, *below(lower)} for lower in down[component]))

    return {
        (component, lower)
        for component in down
        for lower in down[component] - set().union(*map(below, down[component]))
    }


# Nearly every component imports these; naming them each time would hide the others.
EVERYWHERE = {"arguments", "lazy", "protocols"}


def imported():
    """For each component, the lower components that `docs/architecture.md` lists beside it."""
    drawn = sorted((upper, lower) for upper, lower in arrows() if lower not in EVERYWHERE)
    return {component: [lower for upper, lower in drawn if upper == component] for component in LAYER_OF}


# Pixels: the height of a layer and of a box in it, the width of a letter, and the gap between boxes.
LAYER, BOX, LETTER, GAP = 36, 26, 8, 12


def picture():
    """The layers as an SVG image, highest first: `docs/components.svg`."""
    widths = {component: LETTER * len(component) + 2 * GAP for component in LAYER_OF}
    rows = [sorted(components) for components in reversed(LAYERS)]
    width = max(sum(widths[component] + GAP for component in row) for row in rows) + GAP
    boxes = []
    for number, row in enumerate(rows):
        left = (width + GAP - sum(widths[component] + GAP for component in row)) // 2
        for component in row:
            boxes.append(_box(component, left, number * LAYER + (LAYER - BOX) // 2, widths[component]))
            left += widths[component] + GAP
    size = f'width="{width}" height="{len(rows) * LAYER}" viewBox="0 0 {width} {len(rows) * LAYER}"'
    style = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" text-anchor="middle"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>', *boxes, "</svg>", ""])


def _box(text, left, top, width):
    """A box with dark text on its own pale ground, which can be read on light and dark pages."""
    rect = f'<rect x="{left}" y="{top}" width="{width}" height="{BOX}" rx="4" fill="#e8f1f8" stroke="#0072b2"/>'
    return f'{rect}<text x="{left + width // 2}" y="{top + BOX - 8}" fill="#1a1a1a">{text}</text>'


if __name__ == "__main__":
    sys.stdout.write(picture())
