/** The playground: two tabs, a link that repeats what they show, and its Python code. */

import { EPSILON, TEMPERATURE, annealingSection } from "./annealing.js";
import { copyButton } from "./copying.js";
import { decisionSection } from "./decision.js";
import { AGENTS, defaultExperiment, defaultPlan, linkTo, readLink } from "./declaration.js";
import { byId } from "./elements.js";
import { experimentAsPython, planAsPython } from "./python.js";
import { runsSection } from "./runs.js";
import { themeControl } from "./theme.js";
import { worldSection } from "./world.js";

const TABS = /** @type {const} */ (["bandit", "grid"]);

/** @type {{tab: "bandit" | "grid", bandit: import("./decision.js").State, plan: any}} */
let state = { tab: "bandit", bandit: startingState(defaultExperiment(), [...AGENTS]), plan: defaultPlan() };

const changeBandit = (/** @type {(bandit: import("./decision.js").State) => void} */ edit) => {
  const bandit = structuredClone(state.bandit);
  edit(bandit);
  show({ ...state, bandit });
};
const changePlan = (/** @type {(plan: any) => void} */ edit) => {
  const plan = structuredClone(state.plan);
  edit(plan);
  show({ ...state, plan });
};

byId("theme").append(themeControl());
const sections = [
  decisionSection(changeBandit),
  annealingSection(TEMPERATURE, changeBandit),
  annealingSection(EPSILON, changeBandit),
  runsSection(changeBandit),
];
const showPlan = worldSection(changePlan);
byId("share-controls").append(
  copyButton("Copy the code", () => byId("python").textContent ?? ""),
  copyButton("Copy the link", () => location.href.split("#")[0] + linkTo(declaration())),
);
for (const tab of TABS) {
  const element = byId(`${tab}-tab`);
  element.addEventListener("click", () => show({ ...state, tab }));
  element.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
    const other = event.key === "Home" ? "bandit" : event.key === "End" || tab === "bandit" ? "grid" : "bandit";
    show({ ...state, tab: other });
    byId(`${other}-tab`).focus();
  });
}
addEventListener("hashchange", ({ newURL }) => openLink(new URL(newURL).hash)); // location may be older: see remember
openLink(location.hash);

/**
 * Show what an address declares.
 * @param {string} hash
 */
function openLink(hash) {
  const { experiment, plan, message } = readLink(hash);
  byId("message").textContent = message;
  if (plan !== undefined) show({ ...state, tab: "grid", plan });
  else if (experiment !== undefined) {
    show({ ...state, tab: "bandit", bandit: startingState(experiment.experiment, experiment.shown) });
  } else show({ tab: "bandit", bandit: startingState(defaultExperiment(), [...AGENTS]), plan: defaultPlan() });
}

/**
 * @param {any} experiment
 * @param {string[]} shown
 */
function startingState(experiment, shown) {
  return { experiment, shown, step: 0 };
}

/** @param {typeof state} next */
function show(next) {
  state = next;
  for (const tab of TABS) {
    const selected = tab === state.tab;
    byId(tab).hidden = !selected;
    byId(`${tab}-tab`).setAttribute("aria-selected", String(selected));
    byId(`${tab}-tab`).tabIndex = selected ? 0 : -1;
  }
  if (state.tab === "bandit") sections.forEach((section) => section(state.bandit));
  else showPlan(state.plan);
  const code = state.tab === "bandit" ? experimentAsPython(declaration()) : planAsPython(state.plan);
  byId("python").textContent = code;
  remember();
}

/** What the tab shows, as a declaration: the experiment with the agents that play, or the plan. */
function declaration() {
  if (state.tab === "grid") return state.plan;
  const { experiment, shown } = state.bandit;
  return { ...experiment, agents: Object.fromEntries(shown.map((label) => [label, experiment.agents[label]])) };
}

/** Keep the declaration in the address, at most a few times a second, as browsers demand. */
function remember() {
  clearTimeout(remember.waiting);
  remember.waiting = setTimeout(() => history.replaceState(null, "", linkTo(declaration())), 300);
}
remember.waiting = 0;
