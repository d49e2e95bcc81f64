/** Random numbers that repeat: a generator for each seed and purpose, and the variates that simulations draw. */

/** The generator sfc32 (Doty-Humphrey, PractRand): 96 bits of state and a counter, period at least 2^32. */
export class Generator {
  /**
   * @param {...number} key Whole numbers, such as seed, run and purpose; each key has its own stream.
   */
  constructor(...key) {
    const [a, b, c] = mixed(key);
    this.a = a;
    this.b = b;
    this.c = c;
    this.counter = 1;
    /** @type {number} A normal variate that is ready, or NaN. */
    this.spare = NaN;
    for (let round = 0; round < 15; round++) this.bits();
  }

  /** The next 32 bits, as a signed whole number. */
  bits() {
    const result = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + result) | 0;
    return result;
  }

  /** A uniform variate in [0, 1), a multiple of 2^−53. */
  uniform() {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992;
  }

  /** A standard normal variate: Box & Muller (1958), which makes two at a time. */
  normal() {
    if (!Number.isNaN(this.spare)) {
      const ready = this.spare;
      this.spare = NaN;
      return ready;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A standard Gumbel variate, −ln(−ln u). */
  gumbel() {
    return -Math.log(-Math.log(this.uniform() || 2 ** -54));
  }

  /**
   * A whole number from 0 to n − 1.
   * @param {number} n
   */
  below(n) {
    return Math.floor(n * this.uniform());
  }
}

/**
 * An action drawn by the inverse distribution function from one uniform; never one of probability 0.
 * @param {Float64Array} probabilities
 * @param {number} uniform In [0, 1).
 * @returns {number}
 */
export function invert(probabilities, uniform) {
  let left = uniform;
  let last = 0;
  for (let arm = 0; arm < probabilities.length; arm++) {
    if (probabilities[arm] === 0) continue;
    if (left < probabilities[arm]) return arm;
    left -= probabilities[arm];
    last = arm; // rounding may leave a rest, which belongs to the last action that has a probability
  }
  return last;
}

/**
 * Three words that depend on every bit of a key: the finaliser of MurmurHash3 after each number.
 * @param {number[]} key
 * @returns {[number, number, number]}
 */
function mixed(key) {
  let hash = 0x9e3779b9;
  const next = (/** @type {number} */ number) => {
    hash = Math.imul(hash ^ number, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash = (hash ^ (hash >>> 16)) + 0x6d2b79f5;
    return hash | 0;
  };
  for (const number of key) {
    next(number | 0);
    next(Math.floor(number / 4294967296));
  }
  return [next(1), next(2), next(3)];
}
