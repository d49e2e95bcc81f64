/** The temperatures that sliders offer: 0, three decades of round numbers, and ∞. */

import { decades } from "./controls.js";
import { shown } from "./numbers.js";

const MULTIPLES = [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9];

export const ANNEALED = decades(0.01, 10, MULTIPLES);
export const TEMPERATURES = [0, ...ANNEALED, Infinity];

/** From 0.001 on, for action values that lie close together. */
export const FINE = [0, ...decades(0.001, 10, MULTIPLES), Infinity];

/**
 * A temperature as the page writes it.
 * @param {number} temperature
 */
export function asText(temperature) {
  return `τ = ${shown(temperature)}`;
}
