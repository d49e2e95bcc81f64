/** What a chart shows in its frame: axes, bands, lines, and labels at the ends of the lines. */

import { svg } from "./elements.js";
import { LINE_HEIGHT, bandOf, labelOf } from "./frame.js";
import { apart } from "./labels.js";
import { mark } from "./marks.js";
import { clamp, nearest } from "./numbers.js";

/**
 * @typedef {import("./frame.js").Description} Description
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Line} Line
 */

// Marks on a line.
const MARKS = 5;

/**
 * @param {Description} description
 * @param {Frame} frame
 */
export function axes({ xAxis, yAxis, marker }, { x, y, plot, height }) {
  const parts = [];
  for (const { value, label } of y.ticks) {
    parts.push(svg("line", { class: "grid", x1: plot.left, x2: plot.right, y1: y.at(value), y2: y.at(value) }));
    parts.push(svg("text", { class: "tick", x: plot.left - 6, y: y.at(value) + 4, "text-anchor": "end" }, label));
  }
  for (const { value, label } of x.ticks) {
    parts.push(svg("line", { class: "axis", x1: x.at(value), x2: x.at(value), y1: plot.bottom, y2: plot.bottom + 5 }));
    parts.push(svg("text", { class: "tick", x: x.at(value), y: plot.bottom + 18, "text-anchor": "middle" }, label));
  }
  parts.push(svg("line", { class: "axis", x1: plot.left, x2: plot.right, y1: plot.bottom, y2: plot.bottom }));
  const middle = (plot.left + plot.right) / 2;
  parts.push(svg("text", { class: "title", x: middle, y: height - 8, "text-anchor": "middle" }, xAxis.title));
  parts.push(svg("text", { class: "title", x: 4, y: 13 }, yAxis.title));
  if (marker !== undefined) parts.push(...marked(marker, x, plot));
  return parts;
}

/**
 * @param {{x: number, label: string}} marker
 * @param {import("./scales.js").Scale} x
 * @param {Frame["plot"]} plot
 */
function marked(marker, x, plot) {
  const position = clamp(x.at(marker.x), plot.left, plot.right);
  const left = position > (plot.left + plot.right) / 2;
  const text = { class: "marker-label", x: position, y: plot.top - 10, "text-anchor": left ? "end" : "start" };
  return [
    svg("line", { class: "marker", x1: position, x2: position, y1: plot.top - 7, y2: plot.bottom }),
    svg("text", text, marker.label),
  ];
}

/**
 * @param {Description} description
 * @param {Frame} frame
 */
export function curves(description, frame) {
  const bands = description.lines.map((line) => band(description, line, frame));
  const kind = description.apart ? "line faint" : "line";
  const lines = description.lines.map((line) =>
    svg("path", { class: `${kind} style-${line.style}`, d: path(points(description, line.y, frame)) }),
  );
  const marks = description.lines.flatMap((line, k) => marksOf(description, line, k, frame));
  return [...bands, ...lines, ...marks, ...(description.lines.length < 2 ? [] : endLabels(description, frame))];
}

/**
 * The marks of a line: at each x if these are apart, else a few, at other places than those of the other lines.
 * @param {Description} description
 * @param {Line} line
 * @param {number} number Of the line.
 * @param {Frame} frame
 */
function marksOf({ x, lines, apart: each }, { y, style, marker }, number, { plot, ...scale }) {
  if (marker === undefined) return [];
  const width = (plot.right - plot.left) / MARKS;
  const position = (/** @type {number} */ k) => plot.left + width * (k + (number + 0.5) / lines.length);
  const some = () => Array.from({ length: MARKS }, (_, k) => nearest(x, scale.x.back(position(k))));
  const indices = each ? Array.from(x, (_, k) => k) : [...new Set(some())];
  const places = indices.map((k) => /** @type {const} */ ([scale.x.at(x[k]), scale.y.at(y[k])]));
  const inside = places.filter(([, height]) => height >= plot.top && height <= plot.bottom);
  return inside.map(([across, height]) => mark(marker, style, across, height));
}

/**
 * @param {Description} description
 * @param {Line} line
 * @param {Frame} frame
 */
function band(description, line, frame) {
  const half = line.halfWidth;
  if (line.low === undefined && (half === undefined || Number.isNaN(half[0]))) return svg("g");
  const lower = Array.from(line.y, (_, k) => bandOf(line, k)[0]);
  const upper = Array.from(line.y, (_, k) => bandOf(line, k)[1]);
  const outline = [...points(description, upper, frame), ...points(description, lower, frame).reverse()];
  return svg("path", { class: `band style-${line.style}`, d: `${path(outline)}Z` });
}

/**
 * @param {Description} description
 * @param {Frame} frame
 */
function endLabels({ lines }, { y, plot, short }) {
  const ends = lines.map((line) => clamp(y.at(line.y[line.y.length - 1]), plot.top, plot.bottom));
  const places = apart(ends, LINE_HEIGHT, plot.top, plot.bottom);
  return lines.flatMap((line, k) => [
    svg("path", { class: `leader style-${line.style}`, d: `M${plot.right} ${ends[k]}l7 ${places[k] - ends[k]}` }),
    svg("text", { class: `label style-${line.style}`, x: plot.right + 10, y: places[k] + 4 }, labelOf(line, short)),
  ]);
}

/**
 * Positions of a line's points, at most about two for each pixel.
 * @param {Description} description
 * @param {ArrayLike<number>} values
 * @param {Frame} frame
 * @returns {[number, number][]}
 */
function points({ x }, values, frame) {
  const { plot } = frame;
  const every = Math.max(1, Math.floor(x.length / (2 * (plot.right - plot.left))));
  /** @type {[number, number][]} */
  const found = [];
  for (let k = 0; k < x.length; k++) {
    if ((k % every !== 0 && k !== x.length - 1) || Number.isNaN(values[k])) continue;
    found.push([frame.x.at(x[k]), clamp(frame.y.at(values[k]), plot.top - 1, plot.bottom)]);
  }
  return found;
}

/** @param {[number, number][]} positions */
function path(positions) {
  return positions.map(([x, y], k) => `${k === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}
