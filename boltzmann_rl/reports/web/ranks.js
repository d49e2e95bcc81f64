/** How a bandit's agents divide their probability among the arms at a step, by the rank of an arm's mean. */

import { Chart } from "./chart.js";
import { slider } from "./controls.js";
import { ended, figure, styleOf } from "./linked.js";
import { nearest } from "./numbers.js";

/**
 * @param {import("./linked.js").Results} results
 * @returns {{parts: HTMLElement[], lookAt: (step: number) => void}}
 */
export function rankCharts({ agents, ranks }) {
  const charts = ranks.map(({ problem, steps, agents: found }) => {
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
      caption.textContent = `${where}Mean probability by rank at step ${steps[at]}; 1 is the arm with the highest mean`;
      chart.show({
        title: `Mean probability by rank of the arm at step ${steps[at]}`,
        x: first[at].map((/** @type {number} */ _, /** @type {number} */ k) => k + 1),
        lines: agents.flatMap((label, k) => {
          return found[label] === undefined ? [] : [{ label, short: ended(label), style: styleOf(k), y: found[label][at] }];
        }),
        xAxis: { title: "rank of the arm" },
        yAxis: { title: "probability", domain: [0, 1] },
      });
    }
    show(steps[steps.length - 1]);
    return { element, show };
  });
  return { parts: charts.map(({ element }) => element), lookAt: (step) => charts.forEach(({ show }) => show(step)) };
}
