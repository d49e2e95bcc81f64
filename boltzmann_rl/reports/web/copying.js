/** Copying text. */

import { announce } from "./announcer.js";
import { button } from "./controls.js";

/**
 * A button that copies a text, and says whether it could.
 * @param {string} label
 * @param {() => string} text
 */
export function copyButton(label, text) {
  const element = button(label, async () => {
    const copied = await copy(text());
    const said = copied ? "Copied" : "Copying is not allowed here: select the text";
    element.textContent = said;
    announce(said, "copying");
    setTimeout(() => void (element.textContent = label), 2000);
  });
  return element;
}

/**
 * @param {string} text
 * @returns {Promise<boolean>}
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
