/** Schedules: from the number of decisions made so far to a value. The formulas are those of the Python package. */

/**
 * A schedule as a link declares it: a number is constant, otherwise `class` names the shape.
 * @typedef {number | {class: string, [field: string]: any}} Schedule
 */

/**
 * The value of a schedule at a step.
 * @param {Schedule} schedule
 * @param {number} step Decisions made so far, from 0.
 * @returns {number}
 */
export function valueAt(schedule, step) {
  if (typeof schedule === "number") return schedule;
  const { start, end } = schedule;
  const f = Math.min(step / schedule.steps, 1);
  switch (schedule.class) {
    case "Linear":
      return between(start, end, f);
    case "Cosine":
      return between(start, end, (1 - Math.cos(Math.PI * f)) / 2);
    case "Exponential":
      return f === 1 ? end : within(start ** (1 - f) * end ** f, start, end);
    case "InverseTime":
      return start / (1 + schedule.rate * step);
    case "Logarithmic":
      return schedule.scale / Math.log(step + (schedule.offset ?? Math.E));
    default:
      throw new RangeError(`unknown schedule ${schedule.class}`);
  }
}

/**
 * (1 − f)·start + f·end, never outside the two.
 * @param {number} start
 * @param {number} end
 * @param {number} f
 */
function between(start, end, f) {
  return within((1 - f) * start + f * end, start, end);
}

/**
 * @param {number} value
 * @param {number} start
 * @param {number} end
 */
function within(value, start, end) {
  return Math.min(Math.max(value, Math.min(start, end)), Math.max(start, end));
}
