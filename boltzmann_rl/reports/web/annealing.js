/** The section on a temperature that changes with time. */

import { Chart } from "./chart.js";
import { choice, decades, evenly, slider } from "./controls.js";
import { RANGES, SCHEDULES, schedule } from "./declaration.js";
import { byId } from "./elements.js";
import { clamp, shown } from "./numbers.js";
import { valueAt } from "./schedules.js";
import { ANNEALED, asText } from "./temperatures.js";
import { temperatureOf } from "./decision.js";

/** @type {Record<string, string>} */
const NAMES = {
  Constant: "constant",
  Linear: "linear",
  Cosine: "cosine",
  Exponential: "exponential",
  InverseTime: "in inverse proportion to time",
};

/**
 * @param {import("./decision.js").Change} change
 * @returns {(state: import("./decision.js").State) => void} Shows a state.
 */
export function annealingSection(change) {
  const shape = choice(
    "Schedule",
    SCHEDULES.map((name) => [name, NAMES[name]]),
    (name) => change((state) => edit(state, { name })),
  );
  const start = slider({
    label: "From τ",
    values: ANNEALED,
    text: shown,
    onInput: (value) => change((state) => edit(state, { start: value })),
  });
  const end = slider({
    label: "To τ",
    values: ANNEALED,
    text: shown,
    onInput: (value) => change((state) => edit(state, { end: value })),
  });
  const steps = slider({
    label: "In steps",
    values: decades(RANGES.horizon.low, RANGES.horizon.high, [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]),
    text: String,
    onInput: (value) => change((state) => edit(state, { steps: value })),
  });
  const step = slider({
    label: "Look at step",
    values: evenly(0, RANGES.steps.high, 10),
    text: String,
    onInput: (value) => change((state) => (state.step = value)),
  });
  byId("schedule-controls").append(shape.element, start.element, end.element, steps.element, step.element);
  const chart = new Chart(byId("schedule-chart"), (index) => change((state) => (state.step = index * grain(state))));
  return (state) => {
    const parts = partsOf(state);
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
    if (label !== null) label.textContent = halves ? "Halved after steps" : "In steps";
    showChart(chart, state);
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
 * @param {import("./decision.js").State} state
 */
function showChart(chart, state) {
  const { temperature } = state.experiment.agents.Boltzmann.policy;
  byId("schedule-chart").hidden = temperature === Infinity;
  if (temperature === Infinity) return;
  const every = grain(state);
  const x = evenly(0, state.experiment.steps, every);
  chart.show({
    title: "Temperature against the step",
    x,
    lines: [{ label: "τ", style: 1, y: x.map((step) => valueAt(temperature, step)) }],
    xAxis: { title: "Step" },
    yAxis: { title: "Temperature τ" },
    marker: { x: state.step, label: `step ${state.step}: ${asText(temperatureOf(state))}` },
  });
}

/**
 * A schedule taken apart; what it lacks has a default.
 * @param {import("./decision.js").State} state
 */
function partsOf({ experiment }) {
  const { temperature } = experiment.agents.Boltzmann.policy;
  const [least, most] = [RANGES.annealed.low, RANGES.annealed.high];
  if (typeof temperature === "number") {
    return { name: "Constant", start: clamp(temperature, least, most), end: 0.05, steps: experiment.steps };
  }
  const { class: name, start, end = 0.05, steps = Math.round(1 / temperature.rate) } = temperature;
  return { name, start, end, steps: clamp(steps, RANGES.horizon.low, RANGES.horizon.high) };
}

/**
 * Change a part of the schedule, and look at its beginning.
 * @param {import("./decision.js").State} state
 * @param {Partial<ReturnType<typeof partsOf>>} changed
 */
function edit(state, changed) {
  const { name, start, end, steps } = { ...partsOf(state), ...changed };
  state.experiment.agents.Boltzmann.policy.temperature = schedule(name, start, end, steps);
  state.step = 0;
}
