/** The section on agents that learn: their parameters, their runs, and the curves with bands. */

import { announce } from "./announcer.js";
import { Chart } from "./chart.js";
import { box, button, choice, evenly, slider } from "./controls.js";
import { AGENTS, RANGES } from "./declaration.js";
import { byId } from "./elements.js";
import { LiveRuns } from "./live_runs.js";
import { shown } from "./numbers.js";
import { prefersStillness } from "./theme.js";

const NORMAL_QUANTILE = 1.959964; // of 0.975

/** @type {Record<string, string>} */
const TITLES = {
  cumulative_regret: "Regret so far",
  regret: "Regret of the step",
  best_action: "Share of runs that choose the best arm",
};

/**
 * @param {import("./decision.js").Change} change
 * @returns {(state: import("./decision.js").State) => void} Shows a state.
 */
export function runsSection(change) {
  const view = { metric: "cumulative_regret", logX: false, logY: false };
  const chart = new Chart(byId("runs-chart"));
  const redraw = () => drawRuns(chart, live, view);
  const live = new LiveRuns((runs) => {
    pause.textContent = "Pause";
    pause.disabled = runs.done;
    byId("progress").textContent = sentenceOf(runs);
    if (runs.done) announce(sentenceOf(runs), "runs");
    if (runs.done || !prefersStillness()) redraw();
  });
  const pause = button("Pause", () => {
    if (live.paused) live.continue();
    else live.pause();
    pause.textContent = live.paused ? "Continue" : "Pause";
  });
  const showParameters = parameters(change);
  byId("view-controls").append(...viewControls(view, redraw), pause);
  let before = "";
  return (state) => {
    showParameters(state);
    const now = JSON.stringify([state.experiment, state.shown], (_, value) => (value === Infinity ? "inf" : value));
    if (now !== before) live.start(state.experiment, state.shown); // a look at another step needs no new runs
    before = now;
  };
}

/**
 * @param {import("./decision.js").Change} change
 * @returns {(state: import("./decision.js").State) => void}
 */
function parameters(change) {
  const boxes = AGENTS.map((label, k) => box(label, (ticked) => change((state) => toggle(state, label, ticked)), k + 1));
  const gumbel = slider({
    label: "C of Gumbel",
    values: evenly(RANGES.scale.low, RANGES.scale.high, 0.05),
    text: shown,
    onInput: (value) => change(({ experiment }) => (experiment.agents["Boltzmann–Gumbel"].policy.scale = value)),
  });
  const ucb = slider({
    label: "c of UCB",
    values: evenly(RANGES.exploration.low, RANGES.exploration.high, 0.05),
    text: shown,
    onInput: (value) => change(({ experiment }) => (experiment.agents.UCB.learner.exploration = value)),
  });
  const sd = slider({
    label: "Noise of rewards",
    values: evenly(RANGES.sd.low, RANGES.sd.high, 0.1),
    text: shown,
    onInput: (value) => change(({ experiment }) => (experiment.problem.sd = value)),
  });
  const counts = /** @type {const} */ ([
    ["runs", "Runs", 10],
    ["steps", "Steps", 50],
    ["seed", "Seed", 1],
  ]).map(([name, label, step]) => {
    const { low, high } = RANGES[name];
    const values = evenly(low, Math.min(high, 2000), step);
    const onInput = (/** @type {number} */ value) =>
      change((state) => {
        state.experiment[name] = value;
        state.step = Math.min(state.step, state.experiment.steps);
      });
    return { name, ...slider({ label, values, text: String, onInput }) };
  });
  byId("agent-controls").append(...boxes.map(({ element }) => element));
  byId("runs-controls").append(...[gumbel, ucb, sd, ...counts].map(({ element }) => element));
  return ({ experiment, shown: labels }) => {
    boxes.forEach((one, k) => one.show(labels.includes(AGENTS[k])));
    gumbel.show(experiment.agents["Boltzmann–Gumbel"].policy.scale);
    ucb.show(experiment.agents.UCB.learner.exploration);
    sd.element.hidden = experiment.problem.sd === undefined;
    sd.show(experiment.problem.sd ?? 1);
    counts.forEach((count) => count.show(experiment[count.name]));
  };
}

/**
 * Let an agent play or not; at least one plays.
 * @param {import("./decision.js").State} state
 * @param {string} label
 * @param {boolean} ticked
 */
function toggle(state, label, ticked) {
  const left = AGENTS.filter((agent) => (agent === label ? ticked : state.shown.includes(agent)));
  if (left.length > 0) state.shown = left;
}

/**
 * @param {{metric: string, logX: boolean, logY: boolean}} view
 * @param {() => void} redraw
 */
function viewControls(view, redraw) {
  const metric = choice("Curve", Object.entries(TITLES), (name) => {
    view.metric = name;
    redraw();
  });
  const across = box("Logarithmic steps", (ticked) => {
    view.logX = ticked;
    redraw();
  });
  const up = box("Logarithmic scale", (ticked) => {
    view.logY = ticked;
    redraw();
  });
  return [metric.element, across.element, up.element];
}

/**
 * @param {Chart} chart
 * @param {LiveRuns} live
 * @param {{metric: string, logX: boolean, logY: boolean}} view
 */
function drawRuns(chart, live, { metric, logX, logY }) {
  if (live.count === 0) return;
  const labels = [...live.agents.keys()];
  const lines = labels.map((label) => {
    const { mean, standardError } = /** @type {import("./simulation.js").Runs} */ (live.agents.get(label)).curve(metric);
    const halfWidth = standardError.map((error) => NORMAL_QUANTILE * error);
    const style = AGENTS.findIndex((agent) => agent === label) + 1;
    return { label, short: label === "Boltzmann–Gumbel" ? "Gumbel" : label, style, y: mean, halfWidth };
  });
  const x = Array.from(lines[0].y, (_, step) => step + 1);
  chart.show({
    title: TITLES[metric],
    x,
    lines,
    xAxis: { title: "Step", log: logX },
    yAxis: { title: TITLES[metric], log: logY },
  });
}

/** @param {LiveRuns} live */
function sentenceOf(live) {
  const bands = `Bands: mean ± 1.96 standard errors over ${live.count} runs.`;
  if (!live.done) return `${live.count} of ${live.wanted} runs. ${bands}`;
  const totals = [...live.agents].map(([label, runs]) => {
    const { mean, standardError } = runs.curve("cumulative_regret");
    const last = mean.length - 1;
    return `${label} ${shown(mean[last])} ± ${shown(NORMAL_QUANTILE * standardError[last], 2)}`;
  });
  return `Regret over ${live.agents.values().next().value?.steps} steps: ${totals.join(", ")}. ${bands}`;
}
