/** What screen readers say when the page changes. */

import { byId } from "./elements.js";

let waiting = 0;

/**
 * Announce a sentence once nothing has changed for a moment; a later sentence replaces it.
 * @param {string} sentence
 */
export function announce(sentence) {
  clearTimeout(waiting);
  waiting = setTimeout(() => void (byId("announcements").textContent = sentence), 700);
}
