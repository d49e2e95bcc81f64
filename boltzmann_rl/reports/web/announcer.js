/** What screen readers say when the page changes. */

import { byId } from "./elements.js";

/** @type {Map<string, string>} The latest sentence on each topic that has not been said. */
const waiting = new Map();
let timer = 0;

/**
 * Announce a sentence once nothing has changed for a moment; a later sentence on the same topic replaces it.
 * @param {string} sentence
 * @param {string} [topic]
 */
export function announce(sentence, topic = "") {
  waiting.set(topic, sentence);
  clearTimeout(timer);
  timer = setTimeout(() => {
    byId("announcements").textContent = [...waiting.values()].join(" ");
    waiting.clear();
  }, 700);
}
