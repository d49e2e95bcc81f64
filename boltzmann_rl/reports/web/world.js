/** The tab of a grid world: softmax arrows that move with the temperature. */

import { announce } from "./announcer.js";
import { Grid, cellInWords } from "./arrows.js";
import { choice, evenly, slider } from "./controls.js";
import { RANGES, WORLDS } from "./declaration.js";
import { byId } from "./elements.js";
import { worldOf } from "./gridworlds.js";
import { effectiveActions } from "./information.js";
import { shown } from "./numbers.js";
import { optimalActionValues, policyValues } from "./planning.js";
import { softmax } from "./policies.js";
import { FINE, asText } from "./temperatures.js";

/**
 * @param {(edit: (plan: any) => void) => void} change
 * @returns {(plan: any) => void} Shows a plan.
 */
export function worldSection(change) {
  const world = choice(
    "World",
    WORLDS.map(({ name }, k) => [String(k), name]),
    (k) => change((plan) => Object.assign(plan.environment, { id: WORLDS[Number(k)].id, options: WORLDS[Number(k)].options })),
  );
  const temperature = slider({
    label: "Temperature τ",
    values: FINE,
    text: shown,
    onInput: (value) => change((plan) => (plan.policy.temperature = value)),
  });
  const discount = slider({
    label: "Discount γ",
    values: evenly(RANGES.discount.low, RANGES.discount.high, 0.01),
    text: shown,
    onInput: (value) => change((plan) => (plan.discount = value)),
  });
  let marks = "arrows";
  const style = choice("Probabilities as", [["arrows", "arrows, length √p"], ["wedges", "wedges, area p"]], (name) => {
    marks = name;
    change(() => {});
  });
  byId("world-controls").append(world.element, style.element, temperature.element, discount.element);
  /** @type {import("./arrows.js").Picture | undefined} */
  let picture;
  const grid = new Grid(byId("world"), (cell) => {
    if (picture !== undefined) byId("cell").textContent = cellInWords(picture, cell);
  });
  return (plan) => {
    world.show(String(WORLDS.findIndex((one) => sameWorld(one, plan.environment))));
    temperature.show(plan.policy.temperature);
    discount.show(plan.discount);
    const solution = solve(plan);
    picture = { ...solution, marks };
    byId("world-sentence").textContent = solution.sentence;
    announce(solution.sentence, "world");
    grid.show(picture);
  };
}

/**
 * @param {{id: string, options: any}} one
 * @param {{id: string, options: any}} other
 */
function sameWorld(one, other) {
  return one.id === other.id && one.options.is_slippery === other.options.is_slippery;
}

/**
 * The policy of a plan, its values, and what it reaches.
 * @param {any} plan
 */
export function solve({ environment, discount, policy }) {
  const world = worldOf(environment);
  const q = optimalActionValues(world.table, discount);
  const probabilities = q.map((row) => softmax(row, policy.temperature));
  const values = policyValues(world.table, probabilities, discount);
  const best = Math.max(...q[world.start]);
  const open = probabilities.filter((_, cell) => ["", "start"].includes(world.kinds[cell]));
  const actions = open.reduce((sum, p) => sum + effectiveActions(p), 0) / open.length;
  const sentence =
    `At ${asText(policy.temperature)} the return from the start is worth ${shown(values[world.start])}; the best ` +
    `policy's is worth ${shown(best)}. On average over the cells, ${shown(actions)} of 4 actions are effective.`;
  return { world, values, probabilities, best, sentence };
}
