/** Runs that go on while the page stays usable: a few milliseconds at a time. */

import { Runs } from "./simulation.js";

const WORK = 12; // milliseconds of each frame
const PAUSE = 100; // milliseconds between two reports

export class LiveRuns {
  /**
   * @param {(runs: LiveRuns) => void} onProgress Called some ten times a second, and at the end.
   */
  constructor(onProgress) {
    this.onProgress = onProgress;
    /** @type {Map<string, Runs>} */
    this.agents = new Map();
    this.wanted = 0;
    this.paused = false;
    this.frame = 0;
    this.reported = 0;
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
    const start = performance.now();
    while (!this.done && performance.now() < start + WORK) for (const runs of this.agents.values()) runs.extend(1);
    if (!this.done) this.frame = requestAnimationFrame(() => this.work());
    if (!this.done && start < this.reported + PAUSE) return;
    this.reported = start;
    this.onProgress(this);
  }
}
