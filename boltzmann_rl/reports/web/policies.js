/**
 * Policies: from the values of actions to the probabilities of choosing them. The formulas and their limits are those of
 * the Python package.
 */

/**
 * The Boltzmann distribution p_i ∝ exp(values_i / temperature): shifted by the maximum, then divided by the temperature.
 * Temperature 0 is uniform over the equal maxima, ∞ is uniform over the available actions; a value of −∞ is unavailable.
 * @param {ArrayLike<number>} values
 * @param {number} temperature In units of the values, 0 to ∞.
 * @param {Float64Array} [probabilities] Where to write the result.
 * @returns {Float64Array}
 */
export function softmax(values, temperature, probabilities = new Float64Array(values.length)) {
  const best = largest(values);
  let sum = 0;
  for (let arm = 0; arm < values.length; arm++) {
    const weight = Math.exp(exponent(values[arm], best, temperature));
    probabilities[arm] = weight;
    sum += weight;
  }
  for (let arm = 0; arm < values.length; arm++) probabilities[arm] /= sum;
  return probabilities;
}

/**
 * ε-greedy: any available action with probability ε, else a greedy one; equal maxima share.
 * @param {ArrayLike<number>} values
 * @param {number} epsilon In [0, 1].
 * @param {Float64Array} [probabilities] Where to write the result.
 * @returns {Float64Array}
 */
export function epsilonGreedy(values, epsilon, probabilities = new Float64Array(values.length)) {
  const best = largest(values);
  let available = 0;
  let maxima = 0;
  for (let arm = 0; arm < values.length; arm++) {
    if (values[arm] > -Infinity) available++;
    if (values[arm] === best) maxima++;
  }
  for (let arm = 0; arm < values.length; arm++) {
    const explored = values[arm] > -Infinity ? epsilon / available : 0;
    probabilities[arm] = explored + (values[arm] === best ? (1 - epsilon) / maxima : 0);
  }
  return probabilities;
}

/**
 * The largest value.
 * @param {ArrayLike<number>} values
 * @returns {number}
 */
export function largest(values) {
  let best = -Infinity;
  for (let arm = 0; arm < values.length; arm++) if (values[arm] > best) best = values[arm];
  return best;
}

/**
 * The z with p ∝ exp(z) whose largest is 0.
 * @param {number} value
 * @param {number} best
 * @param {number} temperature
 */
function exponent(value, best, temperature) {
  if (value === -Infinity) return -Infinity;
  if (temperature === Infinity || value === best) return 0;
  if (temperature === 0) return -Infinity;
  const gap = value - best;
  // where the difference of huge values overflows, halving the operands is exact
  return gap === -Infinity ? (value / 2 - best / 2) / (temperature / 2) : gap / temperature;
}
