/** The frame of a chart: its size, its margins, and the scales of its axes. */

import { clamp, shown } from "./numbers.js";
import { linear, logarithmic } from "./scales.js";

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} [short] The label where there is little room.
 * @property {number | string} style Colour and dashes: the end of the name of a class.
 * @property {string} [marker] The shape of its marks; none by default.
 * @property {ArrayLike<number>} y One for each x of the chart.
 * @property {ArrayLike<number>} [halfWidth] Of the band; NaN for no band.
 * @property {ArrayLike<number>} [low] The lower end of the band, instead of a half width.
 * @property {ArrayLike<number>} [high] Its upper end.
 *
 * @typedef {object} Axis
 * @property {string} title
 * @property {boolean} [log]
 * @property {boolean} [tight] Whether a linear axis may leave out 0.
 * @property {[number, number]} [domain] Default: that of the lines and bands.
 * @property {number[]} [ticks] Default: at round numbers.
 *
 * @typedef {object} Description
 * @property {string} title For screen readers; the page has the visible one.
 * @property {ArrayLike<number>} x
 * @property {Line[]} lines
 * @property {Axis} xAxis
 * @property {Axis} yAxis
 * @property {{x: number, label: string}} [marker] A vertical line.
 * @property {boolean} [apart] Whether there is nothing between the x, so that each has a mark, and lines are faint.
 *
 * @typedef {object} Frame Margins, the scales, and whether labels are short.
 * @property {number} width
 * @property {number} height
 * @property {import("./scales.js").Scale} x
 * @property {import("./scales.js").Scale} y
 * @property {{left: number, right: number, top: number, bottom: number}} plot
 * @property {boolean} short
 */

const NARROW = 600;

// The space left of a plot, and its least width.
const [LEFT, LEAST] = [52, 40];

// The share of a chart's width that labels may have.
const MOST = 0.35;

/** The size of a chart on paper, where two of them fill the width of a page. */
export const PRINTED = { width: 460, height: 176 };

/** The space between two labels at the ends of lines. */
export const LINE_HEIGHT = 16;

/**
 * The size of a chart on a screen.
 * @param {number} width Of its place in the page.
 */
export function sizeWithin(width) {
  return { width, height: Math.round(clamp(width * 0.5, 230, 340)) };
}

/**
 * The frame of a chart, higher than asked for where the labels of its lines need that. A single line needs no label: the
 * title says what it is.
 * @param {Description} description
 * @param {{width: number, height: number}} size
 * @param {(label: string) => number} widthOf Of a label.
 * @returns {Frame}
 */
export function framed(description, { width, height: asked }, widthOf) {
  const lines = description.lines.length < 2 ? [] : description.lines;
  const room = (/** @type {boolean} */ short) => Math.max(0, ...lines.map((line) => widthOf(labelOf(line, short))));
  const short = room(false) > MOST * width;
  const right = Math.max(width - 16 - room(short), LEFT + LEAST);
  const top = description.marker === undefined ? 24 : 40;
  const height = Math.max(asked, top + 44 + LINE_HEIGHT * lines.length);
  const plot = { left: LEFT, right, top, bottom: height - 44 };
  const scale = (/** @type {Axis} */ axis, /** @type {[number, number]} */ domain, /** @type {[number, number]} */ range) =>
    (axis.log ? logarithmic : linear)(axis.domain ?? domain, range, width < NARROW ? 4 : 6);
  const x = scale(description.xAxis, [description.x[0], description.x[description.x.length - 1]], [plot.left, plot.right]);
  if (description.xAxis.ticks) x.ticks = description.xAxis.ticks.map((value) => ({ value, label: shown(value) }));
  const y = scale(description.yAxis, extent(description), [plot.bottom, plot.top]);
  return { width, height, x, y, plot, short };
}

/**
 * The smallest and largest value of all lines and bands; on a linear axis with 0.
 * @param {Description} description
 * @returns {[number, number]}
 */
function extent({ lines, yAxis }) {
  let low = Infinity;
  let high = -Infinity;
  for (const line of lines) {
    for (let k = 0; k < line.y.length; k++) {
      const [bottom, top] = bandOf(line, k);
      if (Number.isNaN(line.y[k]) || (yAxis.log && line.y[k] <= 0)) continue;
      low = Math.min(low, bottom > 0 || !yAxis.log ? bottom : line.y[k]);
      high = Math.max(high, top);
    }
  }
  if (low > high) return yAxis.log ? [0.1, 1] : [0, 1]; // no line
  if (yAxis.log) return high > 0 ? [Math.max(low, high / 1e6), Math.max(high, low * 1.01)] : [0.1, 1];
  if (yAxis.tight) return high > low ? [low, high] : [low - 1, low + 1];
  return [Math.min(low, 0), high > low || high > 0 ? Math.max(high, 0) || 1 : 1];
}

/**
 * The ends of a line's band at an index, or twice the line where there is no band.
 * @param {Line} line
 * @param {number} k
 * @returns {[number, number]}
 */
export function bandOf({ y, halfWidth, low, high }, k) {
  const half = halfWidth?.[k] || 0;
  const ends = /** @type {[number, number]} */ ([low?.[k] ?? y[k] - half, high?.[k] ?? y[k] + half]);
  return Number.isNaN(ends[0]) || Number.isNaN(ends[1]) ? [y[k], y[k]] : ends;
}

/**
 * The label of a line, a short one where there is little room.
 * @param {Line} line
 * @param {boolean} short
 */
export function labelOf(line, short) {
  return short ? (line.short ?? line.label) : line.label;
}
