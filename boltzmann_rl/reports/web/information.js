/** What a distribution over actions amounts to. */

import { largest } from "./policies.js";

/**
 * The Shannon entropy −Σ p ln p in nats, with 0 ln 0 = 0.
 * @param {ArrayLike<number>} probabilities
 * @returns {number}
 */
export function entropy(probabilities) {
  let sum = 0;
  for (let arm = 0; arm < probabilities.length; arm++) {
    const p = probabilities[arm];
    if (p > 0) sum += p * Math.log(p);
  }
  return 0 - sum;
}

/**
 * The number of equally likely actions with the same entropy, from 1 (greedy) to all (uniform).
 * @param {ArrayLike<number>} probabilities
 * @returns {number}
 */
export function effectiveActions(probabilities) {
  return Math.exp(entropy(probabilities));
}

/**
 * The expected regret Σ p_i (max values − values_i) of one decision, if the values are the true means.
 * @param {ArrayLike<number>} values
 * @param {ArrayLike<number>} probabilities
 * @returns {number}
 */
export function expectedRegret(values, probabilities) {
  const best = largest(values);
  let sum = 0;
  for (let arm = 0; arm < values.length; arm++) {
    if (probabilities[arm] > 0) sum += probabilities[arm] * (best - values[arm]);
  }
  return sum;
}
