/** The Python code of a declaration. */

/** Classes that live in a module of the package. */
const SCHEDULES = ["Linear", "Cosine", "Exponential", "InverseTime"];

/**
 * Code that runs an experiment.
 * @param {any} experiment
 * @returns {string}
 */
export function experimentAsPython(experiment) {
  return [
    "import boltzmann_rl as brl",
    "",
    `experiment = ${expression(experiment)}`,
    "results = experiment.run()",
    "print(results.sentence)",
    "results.plot()",
    "",
  ].join("\n");
}

/**
 * Code that solves a grid world and follows Boltzmann exploration there.
 * @param {any} plan What the grid tab shows.
 * @returns {string}
 */
export function planAsPython({ environment, discount, policy }) {
  return [
    "import boltzmann_rl as brl",
    "",
    `env = ${expression(environment)}.make()`,
    "mdp = brl.planning.MDP.of(env)",
    `plan = brl.planning.value_iteration(mdp, discount=${number(discount)})`,
    `policy = ${expression(policy)}`,
    "probabilities = policy(plan.action_values, step=0)",
    `values = brl.planning.policy_values(mdp, probabilities, discount=${number(discount)})`,
    "print(mdp.start @ values, mdp.start @ plan.values)  # from the start: of the policy, and the best possible",
    "",
  ].join("\n");
}

/**
 * @param {any} value
 * @param {string} [indent]
 * @returns {string}
 */
function expression(value, indent = "") {
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `(${value.map((item) => expression(item)).join(", ")},)`.replace(/(, .*),\)$/, "$1)");
  const { class: name, ...fields } = value;
  const inner = `${indent}    `;
  const constructed = name !== undefined;
  const parts = Object.entries(fields).map(([key, item]) =>
    constructed ? `${key}=${expression(item, inner)}` : `${JSON.stringify(key)}: ${expression(item, inner)}`,
  );
  const [open, close] = constructed ? [`${called(name)}(`, ")"] : ["{", "}"];
  const line = open + parts.join(", ") + close;
  if (indent.length + line.length <= 90 && !line.includes("\n")) return line;
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join("")}${indent}${close}`;
}

/** @param {string} name */
function called(name) {
  return SCHEDULES.includes(name) ? `brl.schedules.${name}` : `brl.${name}`;
}

/** @param {number} value */
function number(value) {
  return value === Infinity ? 'float("inf")' : String(value);
}
