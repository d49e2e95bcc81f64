/** Dynamic programming on transition tables. */

/**
 * A Markov decision process: for each state and action its outcomes, as Gymnasium's tables list them.
 * @typedef {[probability: number, next: number, reward: number, ends: boolean][][][]} Table
 */

/**
 * The values of actions under the best policy, by value iteration to rounding error or 1e-13.
 * @param {Table} table
 * @param {number} discount Below 1.
 * @returns {Float64Array[]} One array of action values for each state.
 */
export function optimalActionValues(table, discount) {
  let values = new Float64Array(table.length);
  for (;;) {
    const q = actionValues(table, values, discount);
    const next = Float64Array.from(q, (row) => Math.max(...row));
    const change = Math.max(...next.map((value, state) => Math.abs(value - values[state])));
    values = next;
    if (change * discount <= 1e-13 * (1 - discount) * Math.max(1, ...values.map(Math.abs))) {
      return actionValues(table, values, discount);
    }
  }
}

/**
 * The value of each state under a policy: the solution of V = r_π + discount·P_π V, by elimination.
 * @param {Table} table
 * @param {Float64Array[]} probabilities One distribution for each state.
 * @param {number} discount Below 1.
 * @returns {Float64Array}
 */
export function policyValues(table, probabilities, discount) {
  const rows = table.map((actions, state) => {
    const row = new Float64Array(table.length + 1); // the last column is r_π
    row[state] = 1;
    actions.forEach((outcomes, action) => {
      for (const [p, next, reward, ends] of outcomes) {
        const weight = probabilities[state][action] * p;
        row[table.length] += weight * reward;
        if (!ends) row[next] -= discount * weight;
      }
    });
    return row;
  });
  return solved(rows);
}

/**
 * Q(s, a) = Σ p·(reward + discount·V(next)), without V where the episode ends.
 * @param {Table} table
 * @param {Float64Array} values
 * @param {number} discount
 */
function actionValues(table, values, discount) {
  return table.map((actions) =>
    Float64Array.from(actions, (outcomes) =>
      outcomes.reduce((sum, [p, next, reward, ends]) => sum + p * (reward + (ends ? 0 : discount * values[next])), 0),
    ),
  );
}

/**
 * The solution of a linear system by Gauss–Jordan elimination; its matrix is diagonally dominant, so rows stay in place.
 * @param {Float64Array[]} rows The matrix, and the right-hand side as its last column; overwritten.
 */
function solved(rows) {
  rows.forEach((pivot, column) => {
    for (const row of rows) {
      const factor = row === pivot ? 0 : row[column] / pivot[column];
      if (factor === 0) continue;
      for (let k = column; k < pivot.length; k++) row[k] -= factor * pivot[k];
    }
  });
  return Float64Array.from(rows, (row, column) => row[rows.length] / row[column]);
}
