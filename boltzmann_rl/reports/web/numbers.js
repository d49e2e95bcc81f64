/** Numbers as text. */

/**
 * A number with a few significant digits, a true minus sign, and ∞.
 * @param {number} value
 * @param {number} [digits]
 * @returns {string}
 */
export function shown(value, digits = 3) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e6)
      ? value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e")
      : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

/**
 * A share in per cent.
 * @param {number} share From 0 to 1.
 * @returns {string}
 */
export function percent(share) {
  return share > 0 && share < 1e-4 ? "< 0.01 %" : `${shown(100 * share)} %`;
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/**
 * The index of the number nearest to a value, in an ascending sequence.
 * @param {ArrayLike<number>} numbers
 * @param {number} value
 */
export function nearest(numbers, value) {
  let best = 0;
  for (let k = 1; k < numbers.length; k++) if (Math.abs(numbers[k] - value) < Math.abs(numbers[best] - value)) best = k;
  return best;
}
