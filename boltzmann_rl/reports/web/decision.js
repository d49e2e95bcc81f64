/** One decision: the values, the temperature, ε, and what follows from them. */

import { announce } from "./announcer.js";
import { Chart } from "./chart.js";
import { button, evenly, slider } from "./controls.js";
import { RANGES, schedule } from "./declaration.js";
import { byId, html, svg } from "./elements.js";
import { effectiveActions, entropy, expectedRegret } from "./information.js";
import { percent, shown } from "./numbers.js";
import { epsilonGreedy, largest, softmax } from "./policies.js";
import { Generator } from "./random.js";
import { valueAt } from "./schedules.js";
import { ANNEALED, TEMPERATURES, asText } from "./temperatures.js";

/**
 * @typedef {object} State What the page shows of a bandit.
 * @property {any} experiment With all agents.
 * @property {string[]} shown Labels of the agents that play.
 * @property {number} step At which the schedule is read.
 *
 * @typedef {(edit: (state: State) => void) => void} Change
 */

/**
 * The temperature at the step that the reader looks at.
 * @param {State} state
 */
export function temperatureOf({ experiment, step }) {
  return valueAt(experiment.agents.Boltzmann.policy.temperature, step);
}

/**
 * The section on one decision.
 * @param {Change} change
 * @returns {(state: State) => void} Shows a state.
 */
export function decisionSection(change) {
  const temperature = slider({
    label: "Temperature τ",
    values: TEMPERATURES,
    text: shown,
    onInput: (value) => change((state) => setTemperature(state, value)),
  });
  const epsilon = slider({
    label: "ε of ε-greedy",
    values: evenly(0, 1, 0.01),
    text: shown,
    onInput: (value) => change(({ experiment }) => (experiment.agents["ε-greedy"].policy.epsilon = value)),
  });
  const arms = slider({
    label: "Arms",
    values: evenly(RANGES.arms.low, RANGES.arms.high, 1),
    text: String,
    onInput: (value) => change(({ experiment }) => resize(experiment, value)),
  });
  const others = button("Other values", () => change(({ experiment }) => redraw(experiment)));
  const tied = button("Tie the best two", () => change(({ experiment }) => tie(experiment.problem.means)));
  byId("decision-controls").append(temperature.element, epsilon.element);
  byId("arms-controls").append(arms.element, others, tied);
  const showRows = armRows(change);
  const showSweep = sweepCharts();
  return (state) => {
    const { means } = state.experiment.problem;
    const now = temperatureOf(state);
    const rate = state.experiment.agents["ε-greedy"].policy.epsilon;
    temperature.show(now);
    epsilon.show(rate);
    arms.show(means.length);
    const sentence = describe(means, now, rate);
    byId("decision-sentence").textContent = sentence;
    announce(sentence, "decision");
    showRows(means, softmax(means, now), epsilonGreedy(means, rate));
    showSweep(means, now, rate);
  };
}

/**
 * A constant temperature, or another start of the schedule.
 * @param {State} state
 * @param {number} value
 */
function setTemperature(state, value) {
  const { policy } = state.experiment.agents.Boltzmann;
  if (typeof policy.temperature === "number") policy.temperature = value;
  else {
    const start = Math.min(Math.max(value, ANNEALED[0]), ANNEALED[ANNEALED.length - 1]);
    const { class: name, end, steps, rate } = policy.temperature;
    policy.temperature = schedule(name, start, end, steps ?? Math.round(1 / rate));
    state.step = 0;
  }
}

/**
 * Change the number of arms; new ones get values from the seed.
 * @param {any} experiment
 * @param {number} arms
 */
function resize(experiment, arms) {
  const { means } = experiment.problem;
  const rng = new Generator(experiment.seed, means.length, arms);
  means.length = Math.min(means.length, arms);
  while (means.length < arms) means.push(drawn(rng));
}

/** @param {any} experiment */
function redraw(experiment) {
  const key = experiment.problem.means.map((/** @type {number} */ mean) => Math.round(mean * 100));
  const rng = new Generator(experiment.seed, ...key); // depends on the values now, so that each press gives others
  experiment.problem.means = experiment.problem.means.map(() => drawn(rng));
}

/** @param {Generator} rng */
function drawn(rng) {
  const { low, high } = RANGES.mean;
  return Math.min(Math.max(Number(rng.normal().toFixed(2)), low), high);
}

/** @param {number[]} means */
function tie(means) {
  const best = largest(means);
  const others = means.filter((mean) => mean !== best);
  if (others.length > 0) means[means.indexOf(largest(others))] = best;
}

/**
 * @param {number[]} means
 * @param {number} temperature
 * @param {number} epsilon
 */
function describe(means, temperature, epsilon) {
  const soft = softmax(means, temperature);
  const greedy = epsilonGreedy(means, epsilon);
  const said = (/** @type {Float64Array} */ p) =>
    `expected regret ${shown(expectedRegret(means, p))}, entropy ${shown(entropy(p))} nats ` +
    `(${shown(effectiveActions(p))} effective actions)`;
  return `Boltzmann at ${asText(temperature)}: ${said(soft)}. ε-greedy at ε = ${shown(epsilon)}: ${said(greedy)}.`;
}

/**
 * The rows of the arms: a slider for the value, and the probabilities as bars.
 * @param {Change} change
 */
function armRows(change) {
  /** @type {{element: HTMLElement, show: (mean: number, soft: number, greedy: number) => void}[]} */
  const rows = [];
  const legend = html("p", { class: "legend" }, "Value and probability of each arm: ");
  legend.append(html("b", { class: "label style-1" }, "Boltzmann"), " above, ");
  legend.append(html("b", { class: "label style-2" }, "ε-greedy"), " below.");
  byId("arms").append(legend);
  return (/** @type {number[]} */ means, /** @type {Float64Array} */ soft, /** @type {Float64Array} */ greedy) => {
    while (rows.length > means.length) rows.pop()?.element.remove();
    while (rows.length < means.length) {
      const row = armRow(rows.length, change);
      rows.push(row);
      byId("arms").append(row.element);
    }
    rows.forEach((row, arm) => row.show(means[arm], soft[arm], greedy[arm]));
  };
}

/**
 * @param {number} arm
 * @param {Change} change
 */
function armRow(arm, change) {
  const control = slider({
    label: `Arm ${arm + 1}`,
    values: evenly(RANGES.mean.low, RANGES.mean.high, 0.05),
    text: (value) => shown(value),
    onInput: (value) => change(({ experiment }) => (experiment.problem.means[arm] = value)),
  });
  const bars = svg("svg", { role: "img" });
  const { element } = control;
  element.className = "arm";
  element.append(bars);
  const show = (/** @type {number} */ mean, /** @type {number} */ soft, /** @type {number} */ greedy) => {
    control.show(mean);
    bars.setAttribute("aria-label", `Boltzmann ${percent(soft)}, ε-greedy ${percent(greedy)}`);
    bars.replaceChildren(...bar(soft, 1, 2), ...bar(greedy, 2, 18));
  };
  return { element, show };
}

/**
 * A bar whose full length leaves room for its number.
 * @param {number} probability
 * @param {number} style
 * @param {number} top
 */
function bar(probability, style, top) {
  const room = svg("svg", { x: 0, y: top, width: "100%", height: 14, overflow: "visible" });
  const width = `${probability * 80}%`;
  room.append(svg("rect", { class: `bar style-${style}`, width, height: 13 }));
  room.append(svg("text", { class: "bar-text", x: width, dx: 4, y: 11 }, percent(probability)));
  return [room];
}

/** The charts of expected regret and effective actions against the temperature. */
function sweepCharts() {
  const temperatures = Array.from({ length: 121 }, (_, k) => Number((0.01 * 10 ** (k / 40)).toPrecision(4)));
  const regret = new Chart(byId("regret-chart"));
  const actions = new Chart(byId("actions-chart"));
  return (/** @type {number[]} */ means, /** @type {number} */ temperature, /** @type {number} */ epsilon) => {
    const marker = { x: temperature, label: asText(temperature) };
    const xAxis = { title: "Temperature τ", log: true };
    const soft = temperatures.map((t) => softmax(means, t));
    const greedy = epsilonGreedy(means, epsilon);
    const lines = (/** @type {(p: Float64Array) => number} */ f) => [
      { label: "Boltzmann", style: 1, y: soft.map(f) },
      { label: "ε-greedy", style: 2, y: temperatures.map(() => f(greedy)) },
    ];
    const regrets = lines((p) => expectedRegret(means, p));
    const yAxis = { title: "Expected regret of one decision" };
    regret.show({ title: "Expected regret against the temperature", x: temperatures, lines: regrets, xAxis, yAxis, marker });
    const counts = lines(effectiveActions);
    const count = { title: "Effective actions, exp(entropy)", domain: /** @type {[number, number]} */ ([0, means.length]) };
    actions.show({
      title: "Effective actions against the temperature",
      x: temperatures,
      lines: counts,
      xAxis,
      yAxis: count,
      marker,
    });
  };
}
