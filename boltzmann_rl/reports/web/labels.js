/** Labels at the ends of lines, moved apart where they would overlap. */

/**
 * Positions near the wanted ones, at least `room` apart, between `low` and `high`; the order is kept.
 * @param {number[]} wanted
 * @param {number} room
 * @param {number} low
 * @param {number} high
 * @returns {number[]}
 */
export function apart(wanted, room, low, high) {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const at = order.map((index) => wanted[index]);
  for (let k = 0; k < at.length; k++) at[k] = Math.max(at[k], k === 0 ? low : at[k - 1] + room);
  for (let k = at.length - 1; k >= 0; k--) at[k] = Math.min(at[k], high - (at.length - 1 - k) * room);
  const found = new Array(wanted.length);
  order.forEach((index, k) => (found[index] = at[k]));
  return found;
}
