/** The curve of the best agent minus the second one, with a band that covers the whole curve. */

import { Chart } from "./chart.js";
import { html } from "./elements.js";
import { figure } from "./linked.js";

/**
 * @param {import("./linked.js").Results} results
 * @returns {HTMLElement[]}
 */
export function differenceCharts({ axis, differences }) {
  return differences.map((one) => {
    const { host, element } = figure(headOf(one, differences.length > 1));
    const part = (/** @type {(number | null)[]} */ numbers) => numbers.map((number) => number ?? NaN);
    const { mean, low, high } = one.line;
    new Chart(host).show({
      title: `${one.first} minus ${one.second}`,
      x: part(one.x),
      lines: [{ label: "difference", style: "plain", y: part(mean), low: part(low), high: part(high) }],
      xAxis: { title: axis },
      yAxis: { title: one.unit },
    });
    element.append(...one.warnings.map((/** @type {string} */ text) => html("p", { class: "hint" }, `Warning: ${text}.`)));
    return element;
  });
}

/**
 * @param {{problem: string, metric: string, first: string, second: string, better: number}} difference
 * @param {boolean} several
 */
function headOf({ problem, metric, first, second, better }, several) {
  const where = several ? `${problem}: ` : "";
  return `${where}${metric}, ${first} − ${second}; above 0, the ${better > 0 ? "first" : "second"} is better`;
}
