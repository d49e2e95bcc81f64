/** How a bandit's agents divide their probability among the arms at a step, by the rank of an arm's mean. */

import { Chart } from "./chart.js";
import { slider } from "./controls.js";
import { ended, figure } from "./linked.js";
import { nearest } from "./numbers.js";

/**
 * @param {import("./linked.js").Results} results
 * @returns {{parts: HTMLElement[], lookAt: (step: number) => void}}
 */
export function rankCharts({ agents, looks, ranks }) {
  const charts = ranks.map(({ problem, steps, rest, agents: found }) => {
    const { host, caption, element } = figure("");
    const where = ranks.length > 1 ? `${problem}: ` : "";
    const chart = new Chart(host);
    const control = slider({ label: "Step", values: steps, text: String, onInput: show });
    element.prepend(control.element);

    /** @param {number} step */
    function show(step) {
      control.show(step);
      const at = nearest(steps, step);
      const [first] = Object.values(found);
      const arms = first[at].map((/** @type {number} */ _, /** @type {number} */ k) => k + 1);
      const last = rest ? `, and ${arms.length} stands for all arms from that rank on` : "";
      caption.textContent = `${where}Mean probability by rank at step ${steps[at]}; 1 is the arm with the highest mean${last}`;
      chart.show({
        title: `Mean probability by rank of the arm at step ${steps[at]}`,
        x: arms,
        apart: true,
        lines: agents.flatMap((label, k) => {
          return found[label] === undefined ? [] : [{ label, short: ended(label), ...looks[k], y: found[label][at] }];
        }),
        xAxis: { title: "rank of the arm", domain: [0.5, arms.length + 0.5], ticks: arms.filter(isLabelled) },
        yAxis: { title: "probability", domain: [0, 1] },
      });
    }
    show(steps[steps.length - 1]);
    return { element, show };
  });
  return { parts: charts.map(({ element }) => element), lookAt: (step) => charts.forEach(({ show }) => show(step)) };
}

/**
 * Whether a rank is written below the axis: the first and the last, and of many only some between.
 * @param {number} rank
 * @param {number} k
 * @param {number[]} ranks
 */
function isLabelled(rank, k, ranks) {
  return ranks.length <= 12 || k === 0 || rank % 5 === 0 || (k === ranks.length - 1 && rank % 5 > 1);
}
