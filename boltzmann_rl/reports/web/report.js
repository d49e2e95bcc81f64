/** The report: for each experiment linked curves, the difference of the best two agents, and probabilities by rank. */

import { copyButton } from "./copying.js";
import { byId, html } from "./elements.js";
import { differenceCharts } from "./differences.js";
import { linkedCurves } from "./linked.js";
import { rankCharts } from "./ranks.js";
import { themeControl } from "./theme.js";

byId("theme").append(themeControl());
const everything = JSON.parse(byId("data").textContent ?? "[]");
for (const host of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".charts"))) {
  const results = everything[Number(host.dataset.results)];
  const level = everything.length > 1 ? "h3" : "h2";
  const headed = (/** @type {string} */ title, /** @type {Node[]} */ parts) =>
    parts.length > 0 && host.append(html(/** @type {"h2" | "h3"} */ (level), {}, title), ...parts);
  const ranks = rankCharts(results);
  headed("Curves", linkedCurves(results, ranks.lookAt));
  headed("The best agent minus the second", differenceCharts(results));
  headed("Probabilities by rank of the arm", ranks.parts);
}
for (const details of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".configuration"))) {
  details.append(copyButton("Copy the configuration", () => details.querySelector("pre code")?.textContent ?? ""));
}
