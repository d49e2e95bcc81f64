/** Runs of agents on a Gaussian or Bernoulli bandit, and the mean curves over the runs with their standard errors. */

import { epsilonGreedy, largest, softmax } from "./policies.js";
import { Generator, invert } from "./random.js";
import { valueAt } from "./schedules.js";

/**
 * What an agent knows in a run: the mean reward and the number of pulls of each arm.
 * @typedef {{means: Float64Array, pulls: Float64Array}} Estimates
 *
 * A function that chooses an arm.
 * @typedef {(known: Estimates, step: number, rng: Generator) => number} Rule
 */

/** The purposes of random streams. Agents share the noise of the rewards, so that their differences are paired. */
const NOISE = 0;
const DECISIONS = 1;

/** The quantities of which curves are kept, each from the regret of the pulled arm. */
export const METRICS = /** @type {const} */ (["regret", "cumulative_regret", "best_action"]);

/** The runs of one agent, which can be extended. */
export class Runs {
  /**
   * @param {any} problem A `GaussianBandit` or `BernoulliBandit` as a link declares it.
   * @param {any} agent An `Agent`.
   * @param {number} steps
   * @param {number} seed
   */
  constructor(problem, agent, steps, seed) {
    this.values = Float64Array.from(problem.means);
    this.reward = rewardsOf(problem);
    this.rule = ruleOf(agent);
    this.initial = agent.learner.initial ?? 0;
    this.steps = steps;
    this.seed = seed;
    this.count = 0;
    /** @type {Map<string, Float64Array>} */
    this.sums = new Map(METRICS.map((metric) => [metric, new Float64Array(steps)]));
    /** @type {Map<string, Float64Array>} */
    this.squares = new Map(METRICS.map((metric) => [metric, new Float64Array(steps)]));
  }

  /**
   * Simulate more runs.
   * @param {number} runs
   */
  extend(runs) {
    for (let more = 0; more < runs; more++) this.simulate(this.count++);
  }

  /**
   * Simulate one run and add it to the sums.
   * @param {number} run
   */
  simulate(run) {
    const noise = new Generator(this.seed, run, NOISE);
    const rng = new Generator(this.seed, run, DECISIONS);
    const arms = this.values.length;
    const known = { means: new Float64Array(arms).fill(this.initial), pulls: new Float64Array(arms) };
    const best = largest(this.values);
    const [regrets, cumulative, hits] = METRICS.map((metric) => this.sums.get(metric) ?? new Float64Array());
    const [regrets2, cumulative2, hits2] = METRICS.map((metric) => this.squares.get(metric) ?? new Float64Array());
    let total = 0;
    for (let step = 0; step < this.steps; step++) {
      const arm = this.rule(known, step, rng);
      const value = this.values[arm];
      learn(known, arm, this.reward(value, noise));
      const regret = best - value;
      total += regret;
      regrets[step] += regret;
      regrets2[step] += regret * regret;
      cumulative[step] += total;
      cumulative2[step] += total * total;
      if (regret === 0) {
        hits[step] += 1;
        hits2[step] += 1;
      }
    }
  }

  /**
   * The curve of a metric: its mean over the runs, and the standard error of the mean.
   * @param {string} metric One of `METRICS`.
   * @returns {{mean: Float64Array, standardError: Float64Array}}
   */
  curve(metric) {
    const sums = this.sums.get(metric) ?? new Float64Array();
    const squares = this.squares.get(metric) ?? new Float64Array();
    const mean = sums.map((sum) => sum / this.count);
    const standardError = mean.map((m, step) => {
      const variance = Math.max(squares[step] / this.count - m * m, 0);
      return Math.sqrt(variance / (this.count - 1)); // NaN for a single run: its error is unknown
    });
    return { mean, standardError };
  }
}

/**
 * How an arm pays: its value plus normal noise, or 1 where a uniform number lies below its value, else 0.
 * @param {any} problem
 * @returns {(value: number, noise: Generator) => number}
 */
function rewardsOf({ class: name, sd }) {
  if (name === "BernoulliBandit") return (value, noise) => (noise.uniform() < value ? 1 : 0);
  return (value, noise) => value + sd * noise.normal();
}

/**
 * Sample averages: the first reward replaces the initial estimate.
 * @param {Estimates} known
 * @param {number} arm
 * @param {number} reward
 */
function learn(known, arm, reward) {
  const n = ++known.pulls[arm];
  known.means[arm] = n === 1 ? reward : known.means[arm] + (reward - known.means[arm]) / n;
}

/**
 * How an agent chooses.
 * @param {any} agent An `Agent` as a link declares it.
 * @returns {Rule}
 */
function ruleOf({ learner, policy }) {
  if (learner.class === "UCB1") return ucb(learner.exploration);
  switch (policy.class) {
    case "Boltzmann":
      return boltzmann(policy.temperature);
    case "EpsilonGreedy":
      return greedyMostly(policy.epsilon);
    case "BoltzmannGumbel":
      return boltzmannGumbel(policy.scale);
    default:
      throw new RangeError(`unknown policy ${policy.class}`);
  }
}

/**
 * Boltzmann exploration.
 * @param {import("./schedules.js").Schedule} temperature
 * @returns {Rule}
 */
function boltzmann(temperature) {
  let probabilities = new Float64Array();
  return ({ means }, step, rng) => {
    if (probabilities.length !== means.length) probabilities = new Float64Array(means.length);
    softmax(means, valueAt(temperature, step), probabilities);
    return invert(probabilities, rng.uniform());
  };
}

/**
 * ε-greedy exploration.
 * @param {import("./schedules.js").Schedule} epsilon
 * @returns {Rule}
 */
function greedyMostly(epsilon) {
  let probabilities = new Float64Array();
  return ({ means }, step, rng) => {
    if (probabilities.length !== means.length) probabilities = new Float64Array(means.length);
    epsilonGreedy(means, valueAt(epsilon, step), probabilities);
    return invert(probabilities, rng.uniform());
  };
}

/**
 * Boltzmann–Gumbel exploration: the largest mean + scale/√pulls·Gumbel; arms never pulled come first.
 * @param {number} scale
 * @returns {Rule}
 */
function boltzmannGumbel(scale) {
  return ({ means, pulls }, step, rng) => {
    if (step < means.length) return anUntried(pulls, rng);
    let best = -Infinity;
    let chosen = 0;
    for (let arm = 0; arm < means.length; arm++) {
      const index = means[arm] + (scale / Math.sqrt(pulls[arm])) * rng.gumbel();
      if (index > best) [best, chosen] = [index, arm];
    }
    return chosen;
  };
}

/**
 * UCB1: the largest mean + exploration·√(ln t / pulls); arms never pulled come first, and equal indices share.
 * @param {number} exploration
 * @returns {Rule}
 */
function ucb(exploration) {
  return ({ means, pulls }, step, rng) => {
    if (step < means.length) return anUntried(pulls, rng);
    const logarithm = Math.log(step);
    let best = -Infinity;
    let ties = 0;
    let chosen = 0;
    for (let arm = 0; arm < means.length; arm++) {
      const index = means[arm] + exploration * Math.sqrt(logarithm / pulls[arm]);
      if (index < best) continue;
      ties = index > best ? 1 : ties + 1;
      best = index;
      if (ties === 1 || rng.below(ties) === 0) chosen = arm; // each of the ties with the same probability
    }
    return chosen;
  };
}

/**
 * One of the arms without a pull, each with the same probability.
 * @param {Float64Array} pulls
 * @param {Generator} rng
 */
function anUntried(pulls, rng) {
  let untried = 0;
  for (let arm = 0; arm < pulls.length; arm++) if (pulls[arm] === 0) untried++;
  let left = rng.below(untried);
  for (let arm = 0; arm < pulls.length; arm++) if (pulls[arm] === 0 && left-- === 0) return arm;
  throw new RangeError("every arm has a pull");
}
