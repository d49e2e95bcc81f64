/** The frame of a chart: its size, its margins, and the scales of its axes. */

import { clamp } from "./numbers.js";
import { linear, logarithmic } from "./scales.js";

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} [short] The label where the chart is narrow.
 * @property {number} style Colour and dashes, 1 to 12.
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
 *
 * @typedef {object} Description
 * @property {string} title For screen readers; the page has the visible one.
 * @property {ArrayLike<number>} x
 * @property {Line[]} lines
 * @property {Axis} xAxis
 * @property {Axis} yAxis
 * @property {{x: number, label: string}} [marker] A vertical line.
 *
 * @typedef {object} Frame Margins, the scales, and whether the chart is narrow.
 * @property {number} width
 * @property {number} height
 * @property {import("./scales.js").Scale} x
 * @property {import("./scales.js").Scale} y
 * @property {{left: number, right: number, top: number, bottom: number}} plot
 * @property {boolean} narrow
 */

const NARROW = 600;

/**
 * The frame of a chart as wide as its place in the page. A single line needs no label: the title says what it is.
 * @param {Description} description
 * @param {number} width
 * @param {(label: string) => number} widthOf Of a label.
 * @returns {Frame}
 */
export function framed(description, width, widthOf) {
  const narrow = width < NARROW;
  const height = Math.round(clamp(width * 0.5, 230, 340));
  const labels = description.lines.length < 2 ? [] : description.lines.map((line) => labelOf(line, narrow));
  const right = width - 16 - Math.max(0, ...labels.map(widthOf));
  const plot = { left: 52, right, top: description.marker === undefined ? 24 : 40, bottom: height - 44 };
  const scale = (/** @type {Axis} */ axis, /** @type {[number, number]} */ domain, /** @type {[number, number]} */ range) =>
    (axis.log ? logarithmic : linear)(axis.domain ?? domain, range, narrow ? 4 : 6);
  const x = scale(description.xAxis, [description.x[0], description.x[description.x.length - 1]], [plot.left, plot.right]);
  const y = scale(description.yAxis, extent(description), [plot.bottom, plot.top]);
  return { width, height, x, y, plot, narrow };
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
 * The label of a line, a short one where the chart is narrow.
 * @param {Line} line
 * @param {boolean} narrow
 */
export function labelOf(line, narrow) {
  return narrow ? (line.short ?? line.label) : line.label;
}
