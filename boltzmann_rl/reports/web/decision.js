/** One decision: the values, the temperature, ε, and what follows from them. */

import { announce } from "./announcer.js";
import { Chart } from "./chart.js";
import { button, choice, evenly, slider } from "./controls.js";
import { BANDITS, RANGES, asProbability, rangeOfMeans, schedule } from "./declaration.js";
import { byId, html, svg } from "./elements.js";
import { effectiveActions, entropy, expectedRegret } from "./information.js";
import { clamp, percent, shown } from "./numbers.js";
import { epsilonGreedy, largest, softmax } from "./policies.js";
import { Generator } from "./random.js";
import { valueAt } from "./schedules.js";
import { TEMPERATURES, asText } from "./temperatures.js";

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
 * ε at the step that the reader looks at.
 * @param {State} state
 */
export function epsilonOf({ experiment, step }) {
  return valueAt(experiment.agents["ε-greedy"].policy.epsilon, step);
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
    onInput: (value) => change((state) => setParameter(state, "Boltzmann", "temperature", value)),
  });
  const epsilon = slider({
    label: "ε of ε-greedy",
    values: evenly(0, 1, 0.01),
    text: shown,
    onInput: (value) => change((state) => setParameter(state, "ε-greedy", "epsilon", value)),
  });
  const arms = slider({
    label: "Arms",
    values: evenly(RANGES.arms.low, RANGES.arms.high, 1),
    text: String,
    onInput: (value) => change(({ experiment }) => resize(experiment, value)),
  });
  const rewards = choice("Rewards", REWARDS, (name) => change(({ experiment }) => pay(experiment, name)));
  const others = button("Other values", () => change(({ experiment }) => redraw(experiment)));
  const tied = button("Tie the best two", () => change(({ experiment }) => tie(experiment.problem.means)));
  byId("decision-controls").append(temperature.element, epsilon.element);
  byId("arms-controls").append(rewards.element, arms.element, others, tied);
  const showRows = armRows(change);
  const showSweep = sweepCharts();
  return (state) => {
    const { problem } = state.experiment;
    const { means } = problem;
    const now = temperatureOf(state);
    const rate = epsilonOf(state);
    rewards.show(problem.class);
    temperature.show(now);
    epsilon.show(rate);
    arms.show(means.length);
    const sentence = describe(means, now, rate);
    byId("decision-sentence").textContent = sentence;
    announce(sentence, "decision");
    showRows(problem, softmax(means, now), epsilonGreedy(means, rate));
    showSweep(means, now, rate);
  };
}

/** @type {[string, string][]} */
const REWARDS = [
  [BANDITS[0], "the value plus normal noise"],
  [BANDITS[1], "1 with the value as probability, else 0"],
];

/**
 * A constant temperature or ε, or another start of the schedule.
 * @param {State} state
 * @param {string} agent
 * @param {"temperature" | "epsilon"} field
 * @param {number} value
 */
function setParameter(state, agent, field, value) {
  const { policy } = state.experiment.agents[agent];
  if (typeof policy[field] === "number") policy[field] = value;
  else {
    const { low, high } = RANGES[field === "epsilon" ? "annealedEpsilon" : "annealed"];
    const { class: name, end, steps, rate } = policy[field];
    policy[field] = schedule(name, clamp(value, low, high), end, steps ?? Math.round(1 / rate));
    state.step = 0;
  }
}

/**
 * Let the arms pay otherwise, with values in the same order.
 * @param {any} experiment
 * @param {string} name
 */
function pay(experiment, name) {
  const { class: now, means } = experiment.problem;
  if (name === now) return;
  if (name === "BernoulliBandit") experiment.problem = { class: name, means: means.map(asProbability) };
  else experiment.problem = { class: name, means: means.map(asValue), sd: 1 };
}

/**
 * The inverse of the logistic function, in the range of values.
 * @param {number} probability
 */
function asValue(probability) {
  return clamp(Number(Math.log(probability / (1 - probability)).toFixed(2)), RANGES.mean.low, RANGES.mean.high);
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
  while (means.length < arms) means.push(drawn(rng, experiment.problem));
}

/** @param {any} experiment */
function redraw(experiment) {
  const key = experiment.problem.means.map((/** @type {number} */ mean) => Math.round(mean * 100));
  const rng = new Generator(experiment.seed, ...key); // depends on the values now, so that each press gives others
  experiment.problem.means = experiment.problem.means.map(() => drawn(rng, experiment.problem));
}

/**
 * @param {Generator} rng
 * @param {any} problem
 */
function drawn(rng, problem) {
  const range = rangeOfMeans(problem);
  const { low, high } = RANGES[range];
  return clamp(Number((range === "mean" ? rng.normal() : rng.uniform()).toFixed(2)), low, high);
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
  let range = "mean";
  return (/** @type {any} */ problem, /** @type {Float64Array} */ soft, /** @type {Float64Array} */ greedy) => {
    const { means } = problem;
    const left = rangeOfMeans(problem) === range ? means.length : 0; // sliders of another range begin anew
    range = rangeOfMeans(problem);
    while (rows.length > left) rows.pop()?.element.remove();
    while (rows.length < means.length) {
      const row = armRow(rows.length, rangeOfMeans(problem), change);
      rows.push(row);
      byId("arms").append(row.element);
    }
    rows.forEach((row, arm) => row.show(means[arm], soft[arm], greedy[arm]));
  };
}

/**
 * @param {number} arm
 * @param {"mean" | "probability"} range
 * @param {Change} change
 */
function armRow(arm, range, change) {
  const control = slider({
    label: `Arm ${arm + 1}`,
    values: evenly(RANGES[range].low, RANGES[range].high, range === "mean" ? 0.05 : 0.01),
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
