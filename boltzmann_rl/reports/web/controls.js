/** Controls: a label, an input, and what its value means. */

import { html, svg } from "./elements.js";
import { mark } from "./marks.js";

/**
 * A control in the page.
 * @template Value
 * @typedef {{element: HTMLElement, show: (value: Value) => void}} Control
 */

let controls = 0;

/**
 * A slider over a list of values.
 * @param {object} description
 * @param {string} description.label
 * @param {number[]} description.values Ascending.
 * @param {(value: number) => string} description.text
 * @param {(value: number) => void} description.onInput
 * @returns {Control<number>}
 */
export function slider({ label, values, text, onInput }) {
  const id = `control-${++controls}`;
  const input = html("input", { id, type: "range", min: 0, max: values.length - 1, step: 1 });
  const output = html("output", { for: id });
  const show = (/** @type {number} */ value) => {
    input.value = String(nearest(values, value));
    output.textContent = text(value);
    input.setAttribute("aria-valuetext", text(value));
  };
  input.addEventListener("input", () => onInput(values[Number(input.value)]));
  const element = html("div", { class: "control slider" }, html("label", { for: id }, label), input, output);
  return { element, show };
}

/**
 * A choice among names.
 * @param {string} label
 * @param {[value: string, name: string][]} options
 * @param {(value: string) => void} onInput
 * @returns {Control<string>}
 */
export function choice(label, options, onInput) {
  const id = `control-${++controls}`;
  const select = html("select", { id }, ...options.map(([value, name]) => html("option", { value }, name)));
  select.addEventListener("input", () => onInput(select.value));
  const element = html("div", { class: "control" }, html("label", { for: id }, label), select);
  return { element, show: (value) => void (select.value = value) };
}

/**
 * A box to tick.
 * @param {string} label
 * @param {(ticked: boolean) => void} onInput
 * @param {number | string} [style] Of the line that it stands for, which is shown beside it.
 * @param {string} [marker] The shape of the marks on that line.
 * @returns {Control<boolean>}
 */
export function box(label, onInput, style, marker) {
  const id = `control-${++controls}`;
  const input = html("input", { id, type: "checkbox" });
  input.addEventListener("input", () => onInput(input.checked));
  const name = html("label", { for: id, class: style === undefined ? undefined : `label style-${style}` }, label);
  const parts = style === undefined ? [input, name] : [input, sample(style, marker), name];
  return { element: html("div", { class: "control box" }, ...parts), show: (ticked) => void (input.checked = ticked) };
}

/**
 * A piece of a line, with a mark.
 * @param {number | string} style
 * @param {string} [marker]
 */
function sample(style, marker) {
  const line = svg("path", { class: `line style-${style}`, d: "M0 5h36" });
  const marks = marker === undefined ? [] : [mark(marker, style, 18, 5)];
  return svg("svg", { class: "chart sample", width: 36, height: 10, "aria-hidden": "true" }, line, ...marks);
}

/**
 * @param {string} label
 * @param {() => void} onClick
 */
export function button(label, onClick) {
  const element = html("button", { type: "button" }, label);
  element.addEventListener("click", onClick);
  return element;
}

/**
 * Evenly spaced values, without rounding errors in the last digits.
 * @param {number} low
 * @param {number} high
 * @param {number} step
 * @returns {number[]}
 */
export function evenly(low, high, step) {
  const count = Math.round((high - low) / step);
  return Array.from({ length: count + 1 }, (_, k) => Number((low + k * step).toFixed(6)));
}

/**
 * Round values of each power of ten within a range, such as 10, 15, 20, 30, 50, 70, 100.
 * @param {number} low
 * @param {number} high
 * @param {number[]} multiples From 1 on, below 10.
 * @returns {number[]}
 */
export function decades(low, high, multiples) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    found.push(...multiples.map((multiple) => Number(`${multiple}e${power}`)));
  }
  return found.filter((value) => value >= low && value <= high);
}

/**
 * @param {number[]} values
 * @param {number} value
 */
function nearest(values, value) {
  let best = 0;
  values.forEach((candidate, index) => {
    const closer = Math.abs(candidate - value) < Math.abs(values[best] - value);
    if (candidate === value || closer) best = index; // ∞ is nearest to itself only
  });
  return best;
}
