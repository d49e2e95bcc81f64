/** Curves of all metrics: they are read at the same step, zoomed together, and their agents switched on and off. */

import { announce } from "./announcer.js";
import { Chart } from "./chart.js";
import { box, button } from "./controls.js";
import { html } from "./elements.js";
import { nearest } from "./numbers.js";

/**
 * @typedef {{mean: (number | null)[], low: (number | null)[], high: (number | null)[]}} Numbers
 * @typedef {{problem: string, title: string, unit: string, share: boolean, log: boolean, x: number[],
 *   lines: Record<string, Numbers>}} Panel
 * @typedef {{axis: string, note: string, agents: string[], looks: Look[], panels: Panel[], differences: any[], ranks: any[]}} Results
 * @typedef {{style: string, marker: string}} Look How an agent appears.
 * @typedef {{hidden: Set<string>, logX: boolean, logY: boolean, range: [number, number]}} View
 */

const LONG = 20; // an axis of so many steps begins at 0, since 1 is no round number
const EVERYTHING = /** @type {[number, number]} */ ([-Infinity, Infinity]);

/**
 * @param {Results} results
 * @param {(step: number) => void} onStep Called with the step that is read.
 * @returns {HTMLElement[]}
 */
export function linkedCurves(results, onStep) {
  /** @type {View} */
  const view = { hidden: new Set(), logX: false, logY: false, range: EVERYTHING };
  const several = new Set(results.panels.map((panel) => panel.problem)).size > 1;
  const charts = results.panels.map((panel) => ({ panel, ...figure(headOf(panel, several)) }));
  const all = button(`Show all ${results.axis}s`, () => zoom(EVERYTHING));
  let linking = false;

  const drawn = charts.map(({ panel, host }) => {
    const chart = new Chart(host, (index) => readAll(chart, inView(panel, view)[index]), {
      onSelect: (from, to) => zoom(ordered(inView(panel, view)[from], inView(panel, view)[to])),
      onZoom: (factor, index) => zoom(narrowed(inView(panel, view), factor, index)),
    });
    return { panel, chart };
  });

  /** @param {Chart} source @param {number} step */
  function readAll(source, step) {
    if (linking) return;
    linking = true;
    for (const { panel, chart } of drawn) if (chart !== source) chart.read(nearest(inView(panel, view), step));
    linking = false;
    onStep(step);
  }

  /** @param {[number, number]} range */
  function zoom(range) {
    const points = results.panels[0].x.filter((x) => x >= range[0] && x <= range[1]);
    if (points.length < 2) return;
    view.range = range;
    announce(`${results.axis}s ${points[0]} to ${points[points.length - 1]}`);
    show();
  }

  function show() {
    all.disabled = view.range === EVERYTHING;
    for (const { panel, chart } of drawn) chart.show(description(panel, results, view));
  }

  const boxes = results.agents.map((agent, k) => {
    const control = box(agent, (ticked) => switched(agent, ticked), results.looks[k].style, results.looks[k].marker);
    control.show(true);
    return control.element;
  });

  /** @param {string} agent @param {boolean} ticked */
  function switched(agent, ticked) {
    if (ticked) view.hidden.delete(agent);
    else view.hidden.add(agent);
    announce(`${agent} is ${ticked ? "shown" : "hidden"}`);
    show();
  }

  const logX = box(`Logarithmic ${results.axis}s`, (ticked) => ((view.logX = ticked), show()));
  const logY = box("Logarithmic values", (ticked) => ((view.logY = ticked), show()));
  show();
  return [
    html("div", { class: "controls", role: "group", "aria-label": "Agents" }, ...boxes),
    html("div", { class: "controls" }, logX.element, logY.element, all),
    html("p", { class: "hint" }, results.note),
    html("p", { class: "hint operating" }, "Point at a curve to read all of them; drag, or press + and −, to zoom, and 0 for all."),
    html("div", { class: "pair" }, ...charts.map(({ element }) => element)),
  ];
}

/**
 * What a panel's chart shows.
 * @param {Panel} panel
 * @param {Results} results
 * @param {View} view
 * @returns {import("./frame.js").Description}
 */
function description(panel, results, view) {
  const kept = panel.x.map((x, k) => (isInView(x, view) ? k : -1)).filter((k) => k >= 0);
  const factor = panel.share ? 100 : 1;
  const part = (/** @type {(number | null)[]} */ numbers) => kept.map((k) => (numbers[k] ?? NaN) * factor);
  const lines = results.agents.flatMap((label, k) => {
    const numbers = panel.lines[label];
    if (numbers === undefined || view.hidden.has(label)) return [];
    const band = { low: part(numbers.low), high: part(numbers.high) };
    return [{ label, short: ended(label), ...results.looks[k], y: part(numbers.mean), ...band }];
  });
  const log = view.logY || (panel.log && !panel.share);
  const domain = /** @type {[number, number] | undefined} */ (panel.share && !log ? [0, 100] : undefined);
  const x = kept.map((k) => panel.x[k]);
  const first = x[0] === 1 && x.length >= LONG && !view.logX ? 0 : x[0];
  const steps = /** @type {[number, number]} */ ([first, x[x.length - 1]]);
  return {
    title: panel.title,
    x,
    lines,
    xAxis: { title: results.axis, log: view.logX, domain: steps },
    yAxis: { title: panel.share ? "%" : panel.unit, log, domain, tight: true },
  };
}

/**
 * The steps of a panel that are shown.
 * @param {Panel} panel
 * @param {View} view
 */
function inView(panel, view) {
  return panel.x.filter((x) => isInView(x, view));
}

/**
 * @param {number} x
 * @param {View} view
 */
function isInView(x, { range, logX }) {
  return x >= range[0] && x <= range[1] && (x > 0 || !logX);
}

/**
 * A part of the steps around one of them, or for a factor above 1 more of them.
 * @param {number[]} steps
 * @param {number} factor 0 for all.
 * @param {number} index
 * @returns {[number, number]}
 */
function narrowed(steps, factor, index) {
  if (factor === 0) return EVERYTHING;
  const middle = steps[Math.max(index, 0)];
  const half = ((steps[steps.length - 1] - steps[0]) * factor) / 2;
  return [middle - half, middle + half];
}

/** @param {number} a @param {number} b @returns {[number, number]} */
function ordered(a, b) {
  return a < b ? [a, b] : [b, a];
}

/**
 * The end of a long label: labels of agents differ there more often than at the beginning.
 * @param {string} label
 */
export function ended(label) {
  if (label.length <= 18) return label;
  const words = label.split(" ");
  let end = words.pop() ?? "";
  while (words.length > 0 && `${words[words.length - 1]} ${end}`.length <= 12) end = `${words.pop()} ${end}`;
  return `…${[...end].slice(-12).join("")}`;
}

/** @param {Panel} panel @param {boolean} several */
function headOf(panel, several) {
  return several ? `${panel.problem}: ${panel.title}` : panel.title;
}

/**
 * A figure with a head and a place for a chart.
 * @param {string} head
 */
export function figure(head) {
  const [host, caption] = [html("div"), html("figcaption", {}, head)];
  return { host, caption, element: html("figure", {}, caption, host) };
}
