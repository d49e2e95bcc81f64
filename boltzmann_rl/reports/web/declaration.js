/**
 * What the playground shows, as declarations of the Python package: `{"class": "Boltzmann", "temperature": 0.25}`, and
 * `"boltzmann_rl": 1` at the top. What comes from a link is never used as it is: a new declaration is made from the
 * defaults, and takes from the link only numbers in their ranges and names from the lists below.
 */

import { clamp } from "./numbers.js";

/** The range of each number: least, largest, and whether it is whole. */
export const RANGES = {
  arms: { low: 2, high: 20, whole: true },
  mean: { low: -3, high: 3, whole: false },
  probability: { low: 0, high: 1, whole: false },
  sd: { low: 0, high: 3, whole: false },
  temperature: { low: 0, high: Infinity, whole: false },
  annealed: { low: 0.01, high: 10, whole: false },
  annealedEpsilon: { low: 0.01, high: 1, whole: false },
  horizon: { low: 10, high: 2000, whole: true },
  epsilon: { low: 0, high: 1, whole: false },
  scale: { low: 0.05, high: 5, whole: false },
  exploration: { low: 0, high: 5, whole: false },
  runs: { low: 10, high: 1000, whole: true },
  steps: { low: 50, high: 2000, whole: true },
  seed: { low: 0, high: 999999, whole: true },
  discount: { low: 0.5, high: 0.99, whole: false },
};

export const AGENTS = /** @type {const} */ (["Boltzmann", "ε-greedy", "Boltzmann–Gumbel", "UCB"]);
export const BANDITS = /** @type {const} */ (["GaussianBandit", "BernoulliBandit"]);
export const SCHEDULES = /** @type {const} */ (["Constant", "Linear", "Cosine", "Exponential", "InverseTime"]);

/** The grid worlds: Gymnasium's id and options. */
export const WORLDS = [
  { name: "FrozenLake, slippery", id: "FrozenLake-v1", options: { is_slippery: true } },
  { name: "FrozenLake, not slippery", id: "FrozenLake-v1", options: { is_slippery: false } },
  { name: "CliffWalking", id: "CliffWalking-v1", options: {} },
];

/** The experiment of the bandit tab, with all agents. */
export function defaultExperiment() {
  const learner = { class: "SampleAverage" };
  /** @type {any} */
  const experiment = {
    class: "BanditExperiment",
    name: "playground",
    problem: { class: "GaussianBandit", means: [0.2, -0.8, 1.5, 0.4, 1.2, -1.5, -0.1, -1, 0.8, -0.5], sd: 1 },
    agents: {
      Boltzmann: { class: "Agent", learner, policy: { class: "Boltzmann", temperature: 0.25 } },
      "ε-greedy": { class: "Agent", learner, policy: { class: "EpsilonGreedy", epsilon: 0.1 } },
      "Boltzmann–Gumbel": { class: "Agent", learner, policy: { class: "BoltzmannGumbel", scale: 1 } },
      UCB: { class: "Agent", learner: { class: "UCB1", exploration: 1 }, policy: { class: "Greedy" } },
    },
    runs: 200,
    steps: 500,
    seed: 0,
  };
  return experiment;
}

/** What the grid tab shows. */
export function defaultPlan() {
  return {
    environment: { class: "Environment", id: WORLDS[0].id, options: WORLDS[0].options },
    discount: 0.95,
    policy: { class: "Boltzmann", temperature: 0.01 },
  };
}

/**
 * The declaration in an address, made safe.
 * @param {string} hash The part of the address from `#` on.
 * @returns {{experiment?: any, plan?: any, message: string}} A message if not all of it could be used.
 */
export function readLink(hash) {
  if (hash.length < 2) return { message: "" };
  try {
    if (hash.length > 20000) throw new RangeError("too long");
    const given = JSON.parse(decodeURIComponent(hash.slice(1)));
    if (fieldOf(given, "boltzmann_rl") !== 1) throw new TypeError("of another version");
    const reader = new Reader();
    const found =
      fieldOf(given, "environment") === undefined
        ? { experiment: experimentOf(given, reader) }
        : { plan: planOf(given, reader) };
    const corrected = "Some values in the link are missing or out of range. The nearest allowed ones are shown.";
    return { ...found, message: reader.corrected ? corrected : "" };
  } catch {
    return { message: "The link could not be read, so the defaults are shown." };
  }
}

/**
 * An address's hash that shows a declaration again.
 * @param {any} declaration An experiment, or what the grid tab shows.
 * @returns {string}
 */
export function linkTo(declaration) {
  return `#${encodeURIComponent(JSON.stringify({ boltzmann_rl: 1, ...declaration }, finite))}`;
}

/**
 * JSON has no ∞: the package writes it as a declaration.
 * @param {string} _name
 * @param {unknown} value
 */
function finite(_name, value) {
  return value === Infinity ? { class: "float", value: "inf" } : value;
}

/**
 * @param {any} given
 * @param {Reader} reader
 */
function experimentOf(given, reader) {
  const experiment = defaultExperiment();
  const { agents } = experiment;
  const problem = fieldOf(given, "problem");
  if (problem !== undefined) experiment.problem = problemOf(problem, experiment.problem, reader);
  const entered = fieldOf(given, "agents");
  for (const label of AGENTS) readAgent(agents[label], fieldOf(entered, label), reader);
  const shown = AGENTS.filter((label) => fieldOf(entered, label) !== undefined);
  if (shown.length === 0) reader.corrected = true;
  for (const name of /** @type {const} */ (["runs", "steps", "seed"])) {
    experiment[name] = reader.number(given, name, experiment[name]);
  }
  return { experiment, shown: shown.length === 0 ? [...AGENTS] : shown };
}

/**
 * The name of the range in which the means of a bandit lie.
 * @param {any} problem
 * @returns {"mean" | "probability"}
 */
export function rangeOfMeans(problem) {
  return problem.class === "BernoulliBandit" ? "probability" : "mean";
}

/**
 * A bandit with the means of a link.
 * @param {any} given
 * @param {any} fallback
 * @param {Reader} reader
 */
function problemOf(given, fallback, reader) {
  /** @type {any} */
  const problem = { ...fallback, class: reader.oneOf(fieldOf(given, "class"), BANDITS, fallback.class) };
  const range = rangeOfMeans(problem);
  const means = fieldOf(given, "means");
  if (Array.isArray(means) && means.length >= RANGES.arms.low) {
    if (means.length > RANGES.arms.high) reader.corrected = true;
    problem.means = means.slice(0, RANGES.arms.high).map((mean) => reader.number({ [range]: mean }, range, 0));
  } else {
    reader.corrected = true;
    if (range === "probability") problem.means = fallback.means.map(asProbability);
  }
  if (range === "probability") delete problem.sd;
  else problem.sd = reader.number(given, "sd", fallback.sd);
  return problem;
}

/**
 * A value of any size as a probability, by the logistic function.
 * @param {number} value
 */
export function asProbability(value) {
  return Number((1 / (1 + Math.exp(-value))).toFixed(2));
}

/**
 * Take the one parameter of an agent from a link.
 * @param {any} agent Of the defaults.
 * @param {any} given
 * @param {Reader} reader
 */
function readAgent(agent, given, reader) {
  if (given === undefined) return;
  const part = agent.learner.class === "UCB1" ? "learner" : "policy";
  const name = parameterOf(agent[part]);
  const entered = fieldOf(given, part);
  const annealed = name === "temperature" ? "annealed" : name === "epsilon" ? "annealedEpsilon" : undefined;
  const value = fieldOf(entered, name);
  if (annealed !== undefined && typeof value === "object" && !isInfinite(value)) {
    agent.policy[name] = scheduleOf(value, annealed, reader);
  } else {
    agent[part][name] = reader.number(entered, name, agent[part][name]);
  }
}

/**
 * @param {any} policy
 * @returns {keyof typeof RANGES}
 */
function parameterOf(policy) {
  return /** @type {any} */ (Object.keys(policy).filter((name) => name !== "class")[0]);
}

/**
 * @param {any} given
 * @param {"annealed" | "annealedEpsilon"} range
 * @param {Reader} reader
 */
function scheduleOf(given, range, reader) {
  const name = reader.oneOf(fieldOf(given, "class"), SCHEDULES.slice(1), "Exponential");
  const start = reader.number({ [range]: fieldOf(given, "start") }, range, 1);
  const steps = { horizon: fieldOf(given, "steps") };
  if (name === "InverseTime") {
    const halved = { horizon: Math.round(1 / Number(fieldOf(given, "rate"))) };
    return schedule(name, start, start, reader.number(halved, "horizon", 100));
  }
  const end = reader.number({ [range]: fieldOf(given, "end") }, range, 0.05);
  return schedule(name, start, end, reader.number(steps, "horizon", 500));
}

/**
 * The declaration of a schedule.
 * @param {string} name One of `SCHEDULES`.
 * @param {number} start
 * @param {number} end
 * @param {number} steps From start to end, or until the value has halved.
 * @returns {import("./schedules.js").Schedule}
 */
export function schedule(name, start, end, steps) {
  if (name === "Constant") return start;
  if (name === "InverseTime") return { class: name, start, rate: 1 / steps };
  return { class: name, start, end, steps };
}

/**
 * @param {any} given
 * @param {Reader} reader
 */
function planOf(given, reader) {
  const environment = fieldOf(given, "environment");
  const slippery = fieldOf(fieldOf(environment, "options"), "is_slippery") !== false;
  const id = reader.oneOf(fieldOf(environment, "id"), ["FrozenLake-v1", "CliffWalking-v1"], "FrozenLake-v1");
  const options = id === "FrozenLake-v1" ? { is_slippery: slippery } : {};
  const plan = defaultPlan();
  plan.environment = /** @type {any} */ ({ class: "Environment", id, options });
  plan.discount = reader.number(given, "discount", plan.discount);
  plan.policy.temperature = reader.number(fieldOf(given, "policy"), "temperature", plan.policy.temperature);
  return plan;
}

/**
 * A field that an object itself has.
 * @param {unknown} object
 * @param {string} name
 * @returns {any}
 */
function fieldOf(object, name) {
  const has = typeof object === "object" && object !== null && Object.hasOwn(object, name);
  return has ? /** @type {any} */ (object)[name] : undefined;
}

/** @param {unknown} value */
function isInfinite(value) {
  return fieldOf(value, "class") === "float" && fieldOf(value, "value") === "inf";
}

/** Reads numbers and names, and notes whether one had to be corrected. */
class Reader {
  corrected = false;

  /**
   * A number in its range.
   * @param {unknown} object
   * @param {keyof typeof RANGES} name Of the field and of its range.
   * @param {number} fallback
   */
  number(object, name, fallback) {
    const { low, high, whole } = RANGES[name];
    const field = fieldOf(object, name);
    const given = isInfinite(field) ? Infinity : field;
    if (typeof given !== "number" || Number.isNaN(given)) {
      this.corrected = true;
      return fallback;
    }
    const value = clamp(whole ? Math.round(given) : given, low, high);
    if (value !== given) this.corrected = true;
    return value;
  }

  /**
   * A name from a list.
   * @param {unknown} given
   * @param {readonly string[]} names
   * @param {string} fallback
   */
  oneOf(given, names, fallback) {
    const found = names.find((name) => name === given);
    if (found === undefined) this.corrected = true;
    return found ?? fallback;
  }
}
