/** Runs that go on while the page stays usable: a few milliseconds at a time. */

import { Runs } from "./simulation.js";

const MILLISECONDS = 12; // of each frame

export class LiveRuns {
  /**
   * @param {(runs: LiveRuns) => void} onProgress Called after each part of the work.
   */
  constructor(onProgress) {
    this.onProgress = onProgress;
    /** @type {Map<string, Runs>} */
    this.agents = new Map();
    this.wanted = 0;
    this.paused = false;
    this.frame = 0;
  }

  /**
   * Begin anew.
   * @param {any} experiment
   * @param {string[]} labels Of the agents that play.
   */
  start({ problem, agents, runs, steps, seed }, labels) {
    this.agents = new Map(labels.map((label) => [label, new Runs(problem, agents[label], steps, seed)]));
    this.wanted = runs;
    this.continue();
  }

  pause() {
    this.paused = true;
    cancelAnimationFrame(this.frame);
  }

  continue() {
    this.paused = false;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.work());
  }

  /** The number of runs that all agents have. */
  get count() {
    return Math.min(...[...this.agents.values()].map((runs) => runs.count));
  }

  get done() {
    return this.count >= this.wanted;
  }

  work() {
    const end = performance.now() + MILLISECONDS;
    while (!this.done && performance.now() < end) for (const runs of this.agents.values()) runs.extend(1);
    if (!this.done) this.frame = requestAnimationFrame(() => this.work());
    this.onProgress(this);
  }
}
