/** Marks on lines, with the shapes that agents have in figures. */

import { svg } from "./elements.js";

/** Outlines by the names that Matplotlib gives to markers. @type {Record<string, string>} */
const OUTLINES = {
  o: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z",
  s: "M-3.6-3.6h7.2v7.2h-7.2Z",
  "^": "M0-4.6 4.6 3.6h-9.2Z",
  D: "M0-4.8 4.8 0 0 4.8-4.8 0Z",
  v: "M0 4.6-4.6-3.6h9.2Z",
  P: "M-1.6-4.6h3.2v3h3v3.2h-3v3h-3.2v-3h-3v-3.2h3Z",
  X: "M-4-2.2-2.2-4 0-1.8 2.2-4 4-2.2 1.8 0 4 2.2 2.2 4 0 1.8-2.2 4-4 2.2-1.8 0Z",
  "*": "M0-5.2 1.3-1.8 4.9-1.6 2.1.7 3.1 4.2 0 2.2-3.1 4.2-2.1.7-4.9-1.6-1.3-1.8Z",
};

/**
 * A mark at a position.
 * @param {string} shape As Matplotlib names it.
 * @param {number | string} style
 * @param {number} x
 * @param {number} y
 */
export function mark(shape, style, x, y) {
  const transform = `translate(${x.toFixed(1)} ${y.toFixed(1)})`;
  return svg("path", { class: `mark style-${style}`, d: OUTLINES[shape] ?? OUTLINES.o, transform });
}
