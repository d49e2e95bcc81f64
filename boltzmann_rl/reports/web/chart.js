/**
 * Line charts in SVG: bands, labels at the lines' ends, markers, linear or logarithmic axes, and a reading line that the
 * pointer and the arrow keys move. A chart is drawn from a description, and drawn again when the description changes.
 */

import { axes, curves } from "./curves.js";
import { html, svg } from "./elements.js";
import { PRINTED, framed, sizeWithin } from "./frame.js";
import { clamp, nearest, shown } from "./numbers.js";

/** @typedef {import("./frame.js").Description} Description */

/** A chart in an element of the page. */
export class Chart {
  /**
   * @param {HTMLElement} host
   * @param {(index: number) => void} [onRead] Called with the index of the x that the reader points at.
   * @param {{onSelect?: (from: number, to: number) => void, onZoom?: (factor: number, index: number) => void}} [zoom]
   *   Called with the indices between which the pointer was dragged; and, for the keys +, − and 0, with ½, 2 and 0.
   */
  constructor(host, onRead = () => {}, { onSelect = () => {}, onZoom } = {}) {
    this.host = host;
    this.onRead = onRead;
    this.onSelect = onSelect;
    this.onZoom = onZoom;
    this.dragged = -1; // the index at which the pointer went down; −1: it is up
    this.onPaper = false;
    this.index = -1; // of the x that is read; −1: none
    /** @type {Description | undefined} */
    this.description = undefined;
    this.reading = html("p", { class: "reading" });
    this.canvas = svg("svg", { class: "chart", role: "group" });
    this.cursor = svg("rect", { class: "cursor", role: "slider", tabindex: 0 });
    host.append(this.canvas, this.reading);
    this.cursor.addEventListener("pointermove", (event) => this.readAt(/** @type {PointerEvent} */ (event)));
    this.cursor.addEventListener("pointerdown", (event) => this.begin(/** @type {PointerEvent} */ (event)));
    this.cursor.addEventListener("pointerup", () => this.end());
    this.cursor.addEventListener("pointerleave", () => this.read(-1));
    this.cursor.addEventListener("keydown", (event) => this.readBy(/** @type {KeyboardEvent} */ (event)));
    new ResizeObserver(() => this.draw()).observe(host);
    addEventListener("beforeprint", () => this.drawFor(true));
    addEventListener("afterprint", () => this.drawFor(false));
  }

  /**
   * Show another description.
   * @param {Description} description
   */
  show(description) {
    this.description = description;
    this.index = Math.min(this.index, description.x.length - 1);
    this.draw();
  }

  /** @param {boolean} onPaper */
  drawFor(onPaper) {
    this.onPaper = onPaper;
    this.draw();
  }

  draw() {
    if (this.description === undefined || this.host.clientWidth === 0) return;
    const size = this.onPaper ? PRINTED : sizeWithin(this.host.clientWidth);
    const frame = framed(this.description, size, (label) => this.widthOf(label));
    this.frame = frame;
    const { plot, width } = frame;
    setAll(this.canvas, { viewBox: `0 0 ${width} ${frame.height}`, width, height: frame.height });
    setAll(this.canvas, { "aria-label": this.description.title });
    setAll(this.cursor, { x: plot.left, y: plot.top });
    setAll(this.cursor, { width: plot.right - plot.left, height: plot.bottom - plot.top });
    this.readingLine = svg("line", { class: "reading-line", y1: plot.top, y2: plot.bottom });
    const parts = [...axes(this.description, frame), ...curves(this.description, frame)];
    const ours = [...this.canvas.children].filter((child) => child !== this.cursor);
    ours.forEach((child) => child.remove()); // the cursor stays, and with it the keyboard's focus
    this.canvas.prepend(...parts, this.readingLine);
    if (this.cursor.parentNode === null) this.canvas.append(this.cursor);
    this.drawReading();
  }

  /** @param {string} label */
  widthOf(label) {
    const text = svg("text", { class: "label" }, label);
    this.canvas.append(text);
    const width = /** @type {SVGTextElement} */ (text).getComputedTextLength();
    text.remove();
    return width;
  }

  drawReading() {
    if (this.description === undefined || this.frame === undefined || this.readingLine === undefined) return;
    const { description, frame, index } = this;
    const x = description.x[Math.max(index, 0)];
    const position = frame.x.at(x);
    setAll(this.readingLine, { x1: position, x2: position, visibility: index < 0 ? "hidden" : "visible" });
    const text = readings(description, Math.max(index, 0));
    this.reading.textContent = index < 0 ? "" : text;
    setAll(this.cursor, {
      "aria-label": `${description.title}: read at`,
      "aria-valuemin": 0,
      "aria-valuemax": description.x.length - 1,
      "aria-valuenow": Math.max(index, 0),
      "aria-valuetext": text,
    });
  }

  /**
   * Read the lines at an index of x; −1 reads nowhere.
   * @param {number} index
   */
  read(index) {
    this.index = index;
    this.drawReading();
    if (index >= 0) this.onRead(index);
  }

  /** @param {PointerEvent} event */
  readAt(event) {
    if (this.description === undefined || this.frame === undefined) return;
    const position = event.clientX - this.canvas.getBoundingClientRect().left;
    this.read(nearest(this.description.x, this.frame.x.back(position)));
  }

  /** @param {PointerEvent} event */
  begin(event) {
    this.readAt(event);
    this.dragged = this.index;
  }

  /** The end of a drag, which selects what lies between. */
  end() {
    const { dragged, index } = this;
    this.dragged = -1;
    if (dragged >= 0 && index >= 0 && Math.abs(dragged - index) > 1) this.onSelect(dragged, index);
  }

  /** @param {KeyboardEvent} event */
  readBy(event) {
    /** @type {Record<string, number>} */
    const zooms = { "+": 0.5, "-": 2, 0: 0 };
    if (this.onZoom !== undefined && event.key in zooms) return this.onZoom(zooms[event.key], this.index);
    const last = (this.description?.x.length ?? 0) - 1;
    const page = Math.max(1, Math.round(last / 10));
    /** @type {Record<string, number>} */
    const moves = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: page, PageDown: -page };
    const ends = { Home: 0, End: last };
    if (event.key === "Escape") this.read(-1);
    else if (event.key in ends) this.read(ends[/** @type {"Home" | "End"} */ (event.key)]);
    else if (event.key in moves) this.read(clamp(Math.max(this.index, 0) + moves[event.key], 0, last));
    else return;
    event.preventDefault();
  }
}

/**
 * What the lines say at an index.
 * @param {Description} description
 * @param {number} index
 */
function readings({ x, lines, xAxis }, index) {
  const values = lines.map(({ label, y, halfWidth, low, high }) => {
    const half = halfWidth?.[index] ?? NaN;
    const ends = low === undefined || high === undefined || Number.isNaN(low[index]) ? undefined : [low[index], high[index]];
    const spread = ends === undefined ? "" : ` (${shown(ends[0])} to ${shown(ends[1])})`;
    return `${label} ${shown(y[index])}${Number.isNaN(half) ? spread : ` ± ${shown(half, 2)}`}`;
  });
  return `${xAxis.title} ${shown(x[index])}: ${values.join(", ")}`;
}

/**
 * @param {Element} element
 * @param {import("./elements.js").Attributes} attributes
 */
function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}
