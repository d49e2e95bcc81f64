/** A grid world in SVG: its values as shades, and the probabilities of the actions as arrows or wedges. */

import { svg } from "./elements.js";
import { percent, shown } from "./numbers.js";

/** Pixels of a cell in which there is room for the value. */
const LARGE = 70;

/**
 * @typedef {object} Picture
 * @property {import("./gridworlds.js").World} world
 * @property {Float64Array} values Of each cell.
 * @property {Float64Array[]} probabilities Of the actions in each cell.
 * @property {string} marks "arrows" or "wedges".
 */

/** A grid world in an element of the page, whose cells the arrow keys and the pointer select. */
export class Grid {
  /**
   * @param {HTMLElement} host
   * @param {(cell: number) => void} onSelect
   */
  constructor(host, onSelect) {
    this.host = host;
    this.onSelect = onSelect;
    this.selected = 0;
    /** @type {Picture | undefined} */
    this.picture = undefined;
    this.canvas = svg("svg", { class: "chart", role: "grid", "aria-label": "Grid world" });
    host.append(this.canvas);
    this.canvas.addEventListener("keydown", (event) => this.move(/** @type {KeyboardEvent} */ (event)));
    this.canvas.addEventListener("pointerdown", (event) => this.point(/** @type {PointerEvent} */ (event)));
    new ResizeObserver(() => this.draw()).observe(host);
  }

  /** @param {Picture} picture */
  show(picture) {
    if (this.picture?.world.kinds.length !== picture.world.kinds.length) this.selected = picture.world.start;
    this.picture = picture;
    this.draw();
  }

  draw() {
    const width = this.host.clientWidth;
    if (this.picture === undefined || width === 0) return;
    const focused = this.canvas.contains(document.activeElement);
    const { rows, columns } = this.picture.world;
    this.size = Math.min((width - 4) / columns, 110);
    const [across, down] = [this.size * columns + 4, this.size * rows + 4];
    this.canvas.setAttribute("viewBox", `-2 -2 ${across} ${down}`);
    this.canvas.setAttribute("width", String(across));
    this.canvas.setAttribute("height", String(down));
    const drawn = Array.from({ length: rows }, (_, row) => svg("g", { role: "row" }, ...this.cellsOf(row)));
    this.canvas.replaceChildren(...drawn);
    if (focused) this.focus();
    this.onSelect(this.selected);
  }

  /** @param {number} row */
  cellsOf(row) {
    const { picture, size = 0, selected } = this;
    if (picture === undefined) return [];
    return Array.from({ length: picture.world.columns }, (_, column) => {
      const cell = row * picture.world.columns + column;
      return drawnCell(picture, cell, size, cell === selected);
    });
  }

  focus() {
    /** @type {SVGElement | null} */ (this.canvas.querySelector("[tabindex='0']"))?.focus();
  }

  /** @param {number} cell */
  select(cell) {
    this.selected = cell;
    this.draw();
    this.focus();
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const { rows = 1, columns = 1 } = this.picture?.world ?? {};
    const [row, column] = [Math.floor(this.selected / columns), this.selected % columns];
    /** @type {Record<string, [number, number]>} */
    const to = {
      ArrowUp: [Math.max(row - 1, 0), column],
      ArrowDown: [Math.min(row + 1, rows - 1), column],
      ArrowLeft: [row, Math.max(column - 1, 0)],
      ArrowRight: [row, Math.min(column + 1, columns - 1)],
      Home: [row, 0],
      End: [row, columns - 1],
    };
    if (!(event.key in to)) return;
    event.preventDefault();
    this.select(to[event.key][0] * columns + to[event.key][1]);
  }

  /** @param {PointerEvent} event */
  point(event) {
    const cell = /** @type {Element} */ (event.target).closest("[data-cell]")?.getAttribute("data-cell");
    if (cell !== null && cell !== undefined) this.select(Number(cell));
  }
}

/**
 * What a cell holds, in words.
 * @param {Picture} picture
 * @param {number} cell
 */
export function cellInWords({ world, values, probabilities }, cell) {
  const place = `Row ${Math.floor(cell / world.columns) + 1}, column ${(cell % world.columns) + 1}`;
  const kind = world.kinds[cell];
  if (kind !== "" && kind !== "start") return `${place}: ${kind}.`;
  const actions = world.moves.map(([name], action) => `${name} ${percent(probabilities[cell][action])}`);
  return `${place}${kind && `, ${kind}`}: value ${shown(values[cell])}; ${actions.join(", ")}.`;
}

/**
 * @param {Picture} picture
 * @param {number} cell
 * @param {number} size
 * @param {boolean} selected
 */
function drawnCell(picture, cell, size, selected) {
  const { world, values } = picture;
  const [x, y] = [(cell % world.columns) * size, Math.floor(cell / world.columns) * size];
  const label = cellInWords(picture, cell);
  const role = { role: "gridcell", "aria-label": label, "aria-selected": selected, tabindex: selected ? 0 : -1 };
  const group = svg("g", { class: "cell", transform: `translate(${x} ${y})`, "data-cell": cell, ...role });
  group.setAttribute("aria-selected", String(selected));
  const square = { width: size, height: size };
  const kind = world.kinds[cell];
  const ends = kind !== "" && kind !== "start";
  group.append(svg("rect", { class: ends ? "ends" : "", ...square }));
  if (ends) group.append(svg("text", { x: size / 2, y: size / 2 + 4 }, size < 40 ? kind[0].toUpperCase() : kind));
  else {
    group.append(svg("rect", { class: "shade", "fill-opacity": shade(picture, values[cell]), ...square }));
    group.append(...marksOf(picture, cell, size));
    if (size > LARGE) group.append(svg("text", { x: size / 2, y: size - 6 }, shown(values[cell])));
  }
  if (selected) group.append(svg("rect", { class: "selected", x: 1, y: 1, width: size - 2, height: size - 2 }));
  return group;
}

/**
 * From 0 for the least value to a shade on which text stays readable.
 * @param {Picture} picture
 * @param {number} value
 */
function shade({ world, values }, value) {
  const inside = Array.from(values).filter((_, cell) => ["", "start"].includes(world.kinds[cell]));
  const [low, high] = [Math.min(...inside), Math.max(...inside)];
  return high > low ? 0.35 * ((value - low) / (high - low)) : 0;
}

/**
 * The marks of the actions of a cell: lengths by √p, so that areas grow with p and small probabilities stay visible.
 * @param {Picture} picture
 * @param {number} cell
 * @param {number} size
 */
function marksOf({ world, probabilities, marks }, cell, size) {
  const height = size - (size > LARGE ? 18 : 0); // below is the value
  const centre = `translate(${size / 2} ${height / 2})`;
  const longest = height / 2 - 2;
  return world.moves.map(([, down, right], action) => {
    const length = longest * Math.sqrt(probabilities[cell][action]);
    const angle = (Math.atan2(down, right) * 180) / Math.PI;
    const d = marks === "wedges" ? wedge(length) : arrow(length, size);
    return svg("path", { class: "arrow", d, transform: `${centre} rotate(${angle})` });
  });
}

/**
 * A quarter of a disc that points to the right.
 * @param {number} radius
 */
function wedge(radius) {
  const corner = (radius * Math.SQRT1_2).toFixed(2);
  return `M0 0L${corner} -${corner}A${radius.toFixed(2)} ${radius.toFixed(2)} 0 0 1 ${corner} ${corner}Z`;
}

/**
 * An arrow to the right: a shaft with a head, which shrinks where the arrow is short.
 * @param {number} length
 * @param {number} size Of the cell.
 */
function arrow(length, size) {
  const head = Math.min(0.5 * length, 0.13 * size);
  const [half, wide] = [0.22 * head, 0.7 * head];
  const neck = length - head;
  return [`M0 ${-half}`, `L${neck} ${-half}`, `L${neck} ${-wide}`, `L${length} 0`, `L${neck} ${wide}`]
    .concat([`L${neck} ${half}`, `L0 ${half}Z`])
    .join("");
}
