/** Scales: from data to positions on the screen, with ticks at round numbers. */

import { shown } from "./numbers.js";

/**
 * @typedef {object} Scale
 * @property {(value: number) => number} at Position of a value.
 * @property {(position: number) => number} back Value at a position.
 * @property {{value: number, label: string}[]} ticks
 * @property {[number, number]} domain
 */

/**
 * A linear scale.
 * @param {[number, number]} domain Smallest and largest value.
 * @param {[number, number]} range Their positions.
 * @param {number} [count] About how many ticks.
 * @returns {Scale}
 */
export function linear(domain, range, count = 5) {
  const [low, high] = domain;
  const [from, to] = range;
  const span = high - low || 1;
  return {
    at: (value) => from + ((value - low) / span) * (to - from),
    back: (position) => low + ((position - from) / (to - from)) * span,
    ticks: roundNumbers(low, high, count).map((value) => ({ value, label: shown(value, 6) })),
    domain,
  };
}

/**
 * A logarithmic scale; values at or below 0 lie at its lower end.
 * @param {[number, number]} domain Above 0.
 * @param {[number, number]} range
 * @param {number} [count] At most about how many ticks.
 * @returns {Scale}
 */
export function logarithmic(domain, range, count = 6) {
  const [low, high] = domain;
  const inner = linear([Math.log10(low), Math.log10(high)], range);
  return {
    at: (value) => inner.at(Math.log10(Math.max(value, low))),
    back: (position) => 10 ** inner.back(position),
    ticks: powers(low, high, count).map((value) => ({ value, label: shown(value) })),
    domain,
  };
}

/**
 * Multiples of 1, 2 or 5 times a power of ten within a domain.
 * @param {number} low
 * @param {number} high
 * @param {number} count
 */
function roundNumbers(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((multiple) => multiple * power >= rough) ?? 10);
  const slack = step * 1e-9; // a tick at the end of the domain must not be lost by rounding
  const first = Math.ceil((low - slack) / step);
  const last = Math.floor((high + slack) / step);
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/**
 * Powers of ten within a domain, also 2 and 5 times them where there are few decades.
 * @param {number} low
 * @param {number} high
 * @param {number} count
 */
function powers(low, high, count) {
  const decades = Math.log10(high / low);
  const multiples = decades <= 1.5 ? [1, 2, 5] : decades <= 2.2 && count > 5 ? [1, 3] : [1];
  const every = multiples.length > 1 ? 1 : Math.max(1, Math.ceil(decades / count));
  const found = [];
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.ceil(Math.log10(high)); decade += every) {
    for (const multiple of multiples) {
      const value = Number(`${multiple}e${decade}`);
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) found.push(value);
    }
  }
  return found;
}
