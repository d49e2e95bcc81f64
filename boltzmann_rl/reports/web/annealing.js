/** The sections on a temperature and on an ε that change with time. */

import { Chart } from "./chart.js";
import { choice, decades, evenly, slider } from "./controls.js";
import { RANGES, SCHEDULES, schedule } from "./declaration.js";
import { byId } from "./elements.js";
import { clamp, shown } from "./numbers.js";
import { valueAt } from "./schedules.js";
import { ANNEALED } from "./temperatures.js";

/** @type {Record<string, string>} */
const NAMES = {
  Constant: "constant",
  Linear: "linear",
  Cosine: "cosine",
  Exponential: "exponential",
  InverseTime: "in inverse proportion to time",
};

/**
 * @typedef {object} Annealed What changes with time.
 * @property {string} agent
 * @property {"temperature" | "epsilon"} field Of its policy.
 * @property {"annealed" | "annealedEpsilon"} range
 * @property {number[]} values
 * @property {number} style Of its line, that of the agent.
 * @property {string} symbol
 * @property {string} place The beginning of the ids of its places in the page.
 * @property {{shape: string, steps: string, halved: string, step: string, axis: string, chart: string}} labels
 */

/** @type {Annealed} */
export const TEMPERATURE = {
  agent: "Boltzmann",
  field: "temperature",
  range: "annealed",
  values: ANNEALED,
  style: 1,
  symbol: "τ",
  place: "schedule",
  labels: {
    shape: "Schedule",
    steps: "In steps",
    halved: "Halved after steps",
    step: "Look at step",
    axis: "Temperature τ",
    chart: "Temperature against the step",
  },
};

/** @type {Annealed} */
export const EPSILON = {
  agent: "ε-greedy",
  field: "epsilon",
  range: "annealedEpsilon",
  values: evenly(RANGES.annealedEpsilon.low, RANGES.annealedEpsilon.high, 0.01),
  style: 2,
  symbol: "ε",
  place: "epsilon",
  labels: {
    shape: "Schedule of ε",
    steps: "ε in steps",
    halved: "ε halved after steps",
    step: "ε at step",
    axis: "ε",
    chart: "ε against the step",
  },
};

/**
 * @param {Annealed} what
 * @param {import("./decision.js").Change} change
 * @returns {(state: import("./decision.js").State) => void} Shows a state.
 */
export function annealingSection(what, change) {
  const { labels, symbol, values, place } = what;
  const shape = choice(
    labels.shape,
    SCHEDULES.map((name) => [name, NAMES[name]]),
    (name) => change((state) => edit(what, state, { name })),
  );
  const start = slider({
    label: `From ${symbol}`,
    values,
    text: shown,
    onInput: (value) => change((state) => edit(what, state, { start: value })),
  });
  const end = slider({
    label: `To ${symbol}`,
    values,
    text: shown,
    onInput: (value) => change((state) => edit(what, state, { end: value })),
  });
  const steps = slider({
    label: labels.steps,
    values: decades(RANGES.horizon.low, RANGES.horizon.high, [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]),
    text: String,
    onInput: (value) => change((state) => edit(what, state, { steps: value })),
  });
  const step = slider({
    label: labels.step,
    values: evenly(0, RANGES.steps.high, 10),
    text: String,
    onInput: (value) => change((state) => (state.step = value)),
  });
  byId(`${place}-controls`).append(shape.element, start.element, end.element, steps.element, step.element);
  const chart = new Chart(byId(`${place}-chart`), (index) => change((state) => (state.step = index * grain(state))));
  return (state) => {
    const parts = partsOf(what, state);
    shape.show(parts.name);
    start.show(parts.start);
    end.show(parts.end);
    steps.show(parts.steps);
    step.show(state.step);
    const constant = parts.name === "Constant";
    for (const control of [start, end, steps, step]) control.element.hidden = constant;
    end.element.hidden = constant || parts.name === "InverseTime";
    const halves = parts.name === "InverseTime";
    const label = steps.element.querySelector("label");
    if (label !== null) label.textContent = halves ? labels.halved : labels.steps;
    showChart(chart, what, state);
  };
}

/**
 * Steps between two points of the chart.
 * @param {import("./decision.js").State} state
 */
function grain({ experiment }) {
  return Math.max(1, Math.round(experiment.steps / 100));
}

/**
 * @param {Chart} chart
 * @param {Annealed} what
 * @param {import("./decision.js").State} state
 */
function showChart(chart, { agent, field, style, symbol, place, labels }, state) {
  const value = state.experiment.agents[agent].policy[field];
  byId(`${place}-chart`).hidden = value === Infinity;
  if (value === Infinity) return;
  const every = grain(state);
  const x = evenly(0, state.experiment.steps, every);
  chart.show({
    title: labels.chart,
    x,
    lines: [{ label: symbol, style, y: x.map((step) => valueAt(value, step)) }],
    xAxis: { title: "Step" },
    yAxis: { title: labels.axis },
    marker: { x: state.step, label: `step ${state.step}: ${symbol} = ${shown(valueAt(value, state.step))}` },
  });
}

/**
 * A schedule taken apart; what it lacks has a default.
 * @param {Annealed} what
 * @param {import("./decision.js").State} state
 */
function partsOf({ agent, field, range }, { experiment }) {
  const value = experiment.agents[agent].policy[field];
  const { low, high } = RANGES[range];
  if (typeof value === "number") {
    return { name: "Constant", start: clamp(value, low, high), end: 0.05, steps: experiment.steps };
  }
  const { class: name, start, end = 0.05, steps = Math.round(1 / value.rate) } = value;
  return { name, start, end, steps: clamp(steps, RANGES.horizon.low, RANGES.horizon.high) };
}

/**
 * Change a part of the schedule, and look at its beginning.
 * @param {Annealed} what
 * @param {import("./decision.js").State} state
 * @param {Partial<ReturnType<typeof partsOf>>} changed
 */
function edit(what, state, changed) {
  const { name, start, end, steps } = { ...partsOf(what, state), ...changed };
  state.experiment.agents[what.agent].policy[what.field] = schedule(name, start, end, steps);
  state.step = 0;
}
