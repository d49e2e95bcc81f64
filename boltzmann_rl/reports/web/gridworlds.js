/** Two grid worlds of Gymnasium: their maps, and the transition tables that follow from them. */

/**
 * @typedef {object} World
 * @property {number} rows
 * @property {number} columns
 * @property {number} start
 * @property {[string, number, number][]} moves Of each action: its name, and the change of row and column.
 * @property {string[]} kinds Of each cell: "", "start", "goal", "hole" or "cliff".
 * @property {import("./planning.js").Table} table
 */

/** @type {Record<string, [string, number, number]>} */
const MOVE = { left: ["left", 0, -1], down: ["down", 1, 0], right: ["right", 0, 1], up: ["up", -1, 0] };

/**
 * The world of an environment's declaration.
 * @param {{id: string, options: {is_slippery?: boolean}}} environment
 * @returns {World}
 */
export function worldOf({ id, options }) {
  return id === "CliffWalking-v1" ? cliffWalking() : frozenLake(options.is_slippery !== false);
}

/**
 * FrozenLake 4×4: reward 1 at the goal; on slippery ice a move goes to either side with probability 1/3 each.
 * @param {boolean} slippery
 * @returns {World}
 */
function frozenLake(slippery) {
  const map = "SFFF FHFH FFFH HFFG".replaceAll(" ", "");
  /** @type {Record<string, string>} */
  const names = { S: "start", F: "", H: "hole", G: "goal" };
  const kinds = Array.from(map, (letter) => names[letter]);
  const moves = [MOVE.left, MOVE.down, MOVE.right, MOVE.up];
  const table = kinds.map((kind, state) =>
    moves.map((_, action) => {
      if (kind === "hole" || kind === "goal") return [stay(state)];
      const directions = slippery ? [(action + 3) % 4, action, (action + 1) % 4] : [action];
      return directions.map((direction) => {
        const next = moved(state, moves[direction], 4, 4);
        const ends = kinds[next] === "goal" || kinds[next] === "hole";
        return outcome(1 / directions.length, next, kinds[next] === "goal" ? 1 : 0, ends);
      });
    }),
  );
  return { rows: 4, columns: 4, start: 0, moves, kinds, table };
}

/**
 * CliffWalking 4×12: −1 for each step, −100 and back to the start from the cliff.
 * @returns {World}
 */
function cliffWalking() {
  const [rows, columns, start] = [4, 12, 36];
  /** @type {string[]} */
  const kinds = Array.from({ length: 48 }, (_, state) => (state > 36 ? (state === 47 ? "goal" : "cliff") : ""));
  kinds[start] = "start";
  const moves = [MOVE.up, MOVE.right, MOVE.down, MOVE.left];
  const table = kinds.map((kind, state) =>
    moves.map((move) => {
      if (kind === "goal" || kind === "cliff") return [stay(state)];
      const next = moved(state, move, rows, columns);
      if (kinds[next] === "cliff") return [outcome(1, start, -100, false)];
      return [outcome(1, next, -1, kinds[next] === "goal")];
    }),
  );
  return { rows, columns, start, moves, kinds, table };
}

/**
 * The cell that a move leads to; walls keep it inside.
 * @param {number} state
 * @param {[string, number, number]} move
 * @param {number} rows
 * @param {number} columns
 */
function moved(state, [, down, right], rows, columns) {
  const row = Math.min(Math.max(Math.floor(state / columns) + down, 0), rows - 1);
  const column = Math.min(Math.max((state % columns) + right, 0), columns - 1);
  return row * columns + column;
}

/**
 * @param {number} probability
 * @param {number} next
 * @param {number} reward
 * @param {boolean} ends
 * @returns {[number, number, number, boolean]}
 */
function outcome(probability, next, reward, ends) {
  return [probability, next, reward, ends];
}

/**
 * Nothing more happens in a cell where episodes end, or that is never entered.
 * @param {number} state
 */
function stay(state) {
  return outcome(1, state, 0, true);
}
