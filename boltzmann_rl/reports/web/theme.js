/** The theme: that of the system, or the reader's choice. */

import { choice } from "./controls.js";

/** A control that chooses the theme. */
export function themeControl() {
  const options = /** @type {[string, string][]} */ ([
    ["system", "as the system"],
    ["light", "light"],
    ["dark", "dark"],
  ]);
  return choice("Theme", options, (theme) => void (document.documentElement.dataset.theme = theme)).element;
}

/** Whether the reader prefers that nothing moves. */
export function prefersStillness() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
