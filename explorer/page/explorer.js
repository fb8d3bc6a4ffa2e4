"use strict";

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const RANGES = ["activity", "error", "cross", "batch", "depth", "inputs", "hidden", "outputs", "eta", "iterations"];
const CHOICES = ["activation", "wn", "seed", "repeat"];
/** As `alignscope isolate` has them. The learning rate is on a scale of powers of ten. */
const DEFAULTS = {
  activity: 1, error: 1, cross: 0, batch: 100, depth: 1, inputs: 20, hidden: 100, outputs: 20,
  eta: Math.log10(4e-4), iterations: 1500, activation: "relu", wn: "off", seed: 1, repeat: 0,
};
const PRESETS = {
  held: { activity: 1, error: 1, cross: 0 },
  slow: { activity: 0.95, error: 0.9, cross: 0, activation: "linear" },
  shared: { activity: 0, error: 0, cross: 1, outputs: 20, inputs: 20 },
  white: { activity: 0, error: 0, cross: 0 },
  one: { activity: 1, error: 0, cross: 0, activation: "linear" },
  deep: { depth: 3, activation: "linear", batch: 50, eta: Math.log10(2e-6), iterations: 600 },
};

let state = { ...DEFAULTS };
let latest = 0;
let view = null;
let before = null;

/* ---- settings ---- */

/** The rate that stands on the slider, to three digits, so that it can be read and typed. */
function rate() {
  return Number((10 ** state.eta).toPrecision(3));
}

function form(value) {
  return value <= 0 ? "white" : value >= 1 ? "held" : `ar1:${value}`;
}

function cross() {
  return state.cross === 0 ? "none" : state.cross >= 1 ? "same" : String(state.cross);
}

/** The options of the program. */
function settings() {
  const hidden = Array(state.depth).fill(state.hidden);
  return {
    layers: [state.inputs, ...hidden, state.outputs],
    activity: form(state.activity),
    error: form(state.error),
    cross: cross(),
    activation: state.activation,
    batch: state.batch,
    eta: rate(),
    iterations: state.iterations,
    wn: state.wn,
    seed: state.seed,
    repeat: state.repeat,
  };
}

/** What gives the same in the program, word by word. */
function command({ repeat, ...options }) {
  const words = Object.entries(options).map(([name, value]) => `--${name} ${value}`);
  return ["alignscope isolate", ...words, `--repeats ${repeat + 1}`];
}

const WORDS = {
  activity: (value) => (state.cross >= 1 ? "as the error" : lasting(value)),
  error: lasting,
  cross: (value) => (value >= 1 ? "1 (the same)" : value.toFixed(2)),
  eta: () => rate().toExponential(),
  iterations: (value) => value.toLocaleString("en"),
};

function lasting(value) {
  if (value >= 1) return "1 (held)";
  return value <= 0 ? "0 (white)" : value.toFixed(2);
}

/** Correlated signals need as many outputs as inputs. */
function settle() {
  const tied = state.cross !== 0;
  if (tied) state.outputs = state.inputs;
  $("outputs").disabled = tied;
  $("outputs").title = tied ? "as many as inputs, as error and activity are correlated unit by unit" : "";
  $("activity").disabled = state.cross >= 1;
}

function show() {
  settle();
  for (const name of RANGES) {
    $(name).value = state[name];
    const words = WORDS[name] ?? String;
    document.querySelector(`output[for="${name}"]`).textContent = words(state[name]);
  }
  for (const name of CHOICES) $(name).value = state[name];
  const words = command(settings()).map((word) => {
    const span = document.createElement("span");
    span.textContent = word;
    return span;
  });
  $("command").replaceChildren(...words.flatMap((span) => [span, " "]));
  const changed = Object.entries(state).filter(([name, value]) => value !== DEFAULTS[name]);
  const hash = new URLSearchParams(changed.map(([name, value]) => [name, String(value)])).toString();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

/** Settings of the address; what does not fit a slider is left out. */
function fromAddress() {
  state = { ...DEFAULTS };
  for (const [name, text] of new URLSearchParams(location.hash.slice(1))) {
    if (!(name in DEFAULTS)) continue;
    const field = $(name);
    if (field.tagName === "SELECT") {
      if ([...field.options].some((option) => option.value === text)) state[name] = text;
    } else if (text !== "" && Number(text) >= Number(field.min) && Number(text) <= Number(field.max)) {
      state[name] = Number(text);
    }
  }
}

function change(changes) {
  state = { ...state, ...changes };
  show();
  start();
}

/* ---- runs ---- */

/** A worker of the two functions in engine.js; from text, as browsers start none from files beside a local page. */
function worker() {
  const source = `${Engine}
    ${serve}
    onmessage = ({ data }) => {
      const answer = serve(new Engine(Engine.compile(data)), (message) => postMessage(message));
      onmessage = (message) => answer(message.data);
      postMessage({ ready: true });
    };`;
  const made = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  made.onmessage = ({ data }) => receive(data);
  made.onerror = (event) => say(`The engine did not start: ${event.message}. A browser of 2023 or later is needed.`, true);
  made.postMessage(ENGINE_WASM);
  return made;
}

const engine = worker();

function start() {
  latest += 1;
  if (view?.points.length > 1) before = view;
  $("status").setAttribute("aria-busy", "true");
  engine.postMessage({ id: latest, settings: settings() });
}

function receive(message) {
  if (message.ready) return start();
  if (message.id !== latest) return;
  if (message.error) {
    view = null;
    return say(`This makes no run: ${message.error}`, true);
  }
  if (message.begun) view = { id: message.id, ...message.begun, points: [message.begun.start], spent: 0 };
  if (message.points) {
    view.points.push(...message.points);
    view.spent = message.spent;
    view.done = message.done;
  }
  if ("average" in message) view.average = message.average;
  requestAnimationFrame(draw);
}

function say(text, alert = false) {
  $("status").textContent = text;
  $("status").className = alert ? "alert" : "";
  $("status").setAttribute("aria-busy", String(!alert && !view?.done));
}

/* ---- drawing ---- */

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const degrees = (angle) => (angle === null || angle === undefined ? "–" : `${angle.toFixed(2)}°`);

function draw() {
  if (!view) return;
  const last = view.points.at(-1);
  if (view.id !== latest) return;
  const updates = `${last.iteration.toLocaleString("en")} updates in ${(view.spent / 1000).toFixed(2)} s`;
  if (!last.finite) say(`After ${updates} the weights have run away: give a smaller learning rate.`, true);
  else say(view.done ? `${updates}. ${verdict(last)}` : `${updates} …`);
  chart();
  dial(last);
  table(last);
  explain(last);
}

function verdict(point) {
  const found = point.angles.map((angle, index) => {
    const [low, high] = view.null[index];
    if (angle === null) return `W${index + 1} has no angle`;
    if (angle < low) return `W${index + 1} has aligned`;
    return angle > high ? `W${index + 1} points away from B` : `W${index + 1} is as independent matrices are`;
  });
  return `${found.join("; ")}.`;
}

function chart() {
  const svg = $("chart");
  const [width, height] = [svg.clientWidth, svg.clientHeight];
  const [left, right, top, bottom] = [40, 12, 10, 34];
  // Not laid out yet: it will be drawn when it is.
  if (width < 100 || height < 100) return;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const angles = view.points.flatMap((point) => [...point.angles, ...point.predicted]).filter((angle) => angle !== null);
  const most = Math.max(100, Math.min(180, 20 * Math.ceil(Math.max(...angles, view.null[0][1]) / 20)));
  const x = (iteration) => left + ((width - left - right) * iteration) / view.iterations;
  const y = (angle) => top + (height - top - bottom) * (1 - angle / most);
  const parts = [];
  const low = Math.min(...view.null.map((band) => band[0]));
  const high = Math.min(most, Math.max(...view.null.map((band) => band[1])));
  parts.push(element("rect", { class: "band", x: left, y: y(high), width: width - left - right, height: y(low) - y(high) }));
  for (let angle = 0; angle <= most; angle += angle === 80 ? 10 : angle === 90 ? 10 : 20) {
    const across = { x1: left, x2: width - right, y1: y(angle), y2: y(angle) };
    parts.push(element("line", { class: angle === 90 ? "right" : "grid", ...across }));
    const skip = angle === 80 || angle === 100;
    if (!skip) parts.push(element("text", { x: left - 6, y: y(angle) + 4, "text-anchor": "end" }, `${angle}°`));
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const iteration = Math.round(view.iterations * share);
    const anchor = share === 0 ? "start" : share === 1 ? "end" : "middle";
    const at = { x: x(iteration), y: height - bottom + 16, "text-anchor": anchor };
    parts.push(element("text", at, iteration.toLocaleString("en")));
  }
  parts.push(element("text", { x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle" }, "updates"));
  if (view.limit) parts.push(element("path", { class: "limit", d: `M${left} ${y(view.limit[1])}H${width - right}` }));
  const curve = (points, values, limit = Infinity) => {
    const known = points.filter((point) => values(point) !== null && point.iteration <= limit);
    return known.map((point, i) => `${i ? "L" : "M"}${x(point.iteration).toFixed(1)} ${y(values(point)).toFixed(1)}`).join("");
  };
  before?.null.forEach((_, l) => {
    const d = curve(before.points, (point) => point.angles[l], view.iterations);
    if (d) parts.push(element("path", { class: "ghost", d, style: `stroke: var(--w${l + 1})` }));
  });
  view.null.forEach((_, l) => {
    const measured = curve(view.points, (point) => point.angles[l]);
    if (measured) parts.push(element("path", { class: "measured", d: measured, style: `stroke: var(--w${l + 1})` }));
  });
  view.null.forEach((_, l) => {
    const predicted = curve(view.points, (point) => point.predicted[l] ?? null);
    if (predicted) parts.push(element("path", { class: "predicted", d: predicted }));
  });
  svg.replaceChildren(...parts);
  const spoken = view.points.at(-1).angles.map((angle, l) => `W${l + 1} ${degrees(angle)}`).join(", ");
  svg.setAttribute("aria-label", `Angle to B transposed after ${view.points.at(-1).iteration} updates: ${spoken}`);
  legend();
}

function legend() {
  const items = view.null.map((_, l) => [`stroke: var(--w${l + 1}); stroke-width: 3`, `angle of W${l + 1}`]);
  if (view.theory !== "none") items.push(["stroke: currentColor; stroke-width: 2; stroke-dasharray: 6 4", "predicted"]);
  if (view.limit) items.push(["stroke: currentColor; stroke-width: 2; stroke-dasharray: 1 4", `${view.limit[0]} of W1`]);
  if (before) items.push(["stroke: var(--w1); stroke-width: 1.2; opacity: 0.5", "the run before"]);
  items.push(["stroke: var(--band); stroke-width: 12", "95 % of independent matrices"]);
  const made = items.map(([style, words]) => {
    const item = document.createElement("span");
    const svg = element("svg", { viewBox: "0 0 28 12", "aria-hidden": "true" });
    svg.append(element("path", { d: "M0 6H28", style }));
    item.append(svg, words);
    return item;
  });
  $("legend").replaceChildren(...made);
}

function dial(point) {
  const at = (angle, radius) => {
    const turned = (angle * Math.PI) / 180;
    return [(radius * Math.cos(turned)).toFixed(2), (-radius * Math.sin(turned)).toFixed(2)];
  };
  const arrow = (angle, radius, style) => {
    const [tip, one, other] = [at(angle, radius), at(angle + 4, radius - 9), at(angle - 4, radius - 9)];
    const d = `M0 0L${tip.join(" ")}M${one.join(" ")}L${tip.join(" ")}L${other.join(" ")}`;
    return element("path", { d, fill: "none", "stroke-width": 3, "stroke-linecap": "round", style });
  };
  const [low, high] = view.null.reduce(([a, b], [c, d]) => [Math.min(a, c), Math.max(b, d)]);
  const [from, to] = [at(low, 100), at(high, 100)];
  const parts = [
    element("path", { d: `M0 0L${from.join(" ")}A100 100 0 0 0 ${to.join(" ")}Z`, style: "fill: var(--band); opacity: 0.55" }),
    element("path", { d: "M100 0A100 100 0 0 0 -100 0", style: "fill: none; stroke: var(--line)" }),
    arrow(0, 100, "stroke: var(--ink)"),
    element("text", { x: 70, y: 16 }, "Bᵀ"),
    element("text", { x: 0, y: -102, "text-anchor": "middle" }, "90°"),
    element("text", { x: -112, y: 14 }, "180°"),
  ];
  point.angles.forEach((angle, l) => {
    if (angle === null) return;
    // Of different lengths, so that what stands at the same angle can be told apart.
    const radius = 94 - 17 * l;
    parts.push(arrow(angle, radius, `stroke: var(--w${l + 1})`));
    const [x, y] = at(angle, radius - 6);
    const style = `fill: var(--w${l + 1}); font-weight: 600`;
    parts.push(element("text", { x: Number(x) + 9, y: Number(y) + 4, style }, `W${l + 1}`));
  });
  $("dial").replaceChildren(...parts);
}

function table(point) {
  const rows = point.angles.map((angle, l) => {
    const row = document.createElement("tr");
    const [low, high] = view.null[l];
    const cells = [`W${l + 1}`, degrees(angle), degrees(point.predicted[l]), `${low.toFixed(1)}° to ${high.toFixed(1)}°`];
    cells.forEach((text, index) => {
      const cell = document.createElement(index ? "td" : "th");
      cell.textContent = text;
      if (!index) cell.style.color = `var(--w${l + 1})`;
      row.append(cell);
    });
    return row;
  });
  $("angles").replaceChildren(...rows);
}

const THEORY = {
  given: "Predicted: exact moments of the linear rule given these signals, averaged over the weights that were drawn.",
  followed: "Predicted: the linear network in small matrices, given these signals and B, averaged over the forward weights.",
  closed: "Predicted: the mean over all draws of signals and weights, in closed form.",
  none: "For these settings there is no prediction; choose the linear activation for one.",
};

function explain(point) {
  const mean = view.average;
  const last = mean === undefined || mean === null ? "" : ` After the last update the mean over all repeats is ${degrees(mean)}.`;
  $("theory").textContent = THEORY[view.theory] + last;
  recurrence(point);
  growth(point);
}

/** Powers of ten as people write them. */
function scientific(value) {
  if (value === 0) return "0";
  const [digits, power] = value.toExponential(2).split("e");
  const raised = [...String(Number(power))].map((sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign])).join("");
  return `${digits.replace("-", "−")} × 10${raised}`;
}

function recurrence(point) {
  $("trace").textContent = scientific(point.trace);
  const share = point.recurrence;
  $("recurrence").textContent = share === null ? "–" : `${(100 * share).toFixed(1)} %`;
  const what = "of what the updates of the linear rule add up to comes from pairs of different updates.";
  let words = "Nothing has been updated yet.";
  if (share !== null) {
    if (share > 0.5) words = `That much ${what} Samples that were alike had errors that were alike, again and again: each such pair turns W towards Bᵀ.`;
    else if (share > 0.1) words = `That much ${what} Some of the past comes back, and its pairs turn W towards Bᵀ.`;
    else if (share > -0.1) words = `Hardly anything ${what} The past does not come back: there is nothing that turns W towards Bᵀ.`;
    else words = `A negative share ${what} Similar samples came back with opposite errors: W turns away from Bᵀ.`;
  }
  $("recurrence-words").textContent = words;
}

function growth(point) {
  const factor = point.growth[0];
  $("growth").textContent = `× ${factor < 100 ? factor.toFixed(2) : scientific(factor)}`;
  $("growth-of").textContent = "norm of W0 over that at the start";
  const [gained, paid] = [point.gained[0], point.paid[0]];
  if (state.wn !== "off") {
    const words = "Weight normalisation takes back what the norms below grow by after every update, and so lets W1 align without them growing.";
    $("growth-words").textContent = words;
    return;
  }
  const words = `The inner product of W1 and Bᵀ has gained ${scientific(gained)}, and half the squared norm of W0 has grown by ${scientific(paid)}. `;
  const rest = state.activation === "tanh" ? "squared steps and the curvature of tanh" : "squared steps";
  $("growth-words").textContent = `${words}Alignment is paid for by growth below; what is left between the two, ${scientific(paid - gained)}, are ${rest}.`;
}

/* ---- handling ---- */

for (const name of RANGES) $(name).addEventListener("input", () => change({ [name]: Number($(name).value) }));
for (const name of CHOICES) {
  $(name).addEventListener("change", () => {
    const field = $(name);
    if (field.tagName === "SELECT") return change({ [name]: field.value });
    const value = Math.round(Number(field.value));
    if (value >= Number(field.min) && value <= Number(field.max)) change({ [name]: value });
    else show();
  });
}
for (const button of document.querySelectorAll("[data-preset]")) {
  const { seed, repeat } = DEFAULTS;
  button.addEventListener("click", () => change({ ...DEFAULTS, seed, repeat, ...PRESETS[button.dataset.preset] }));
}
$("again").addEventListener("click", () => change({ repeat: state.repeat + 1 }));
$("copy").addEventListener("click", () => navigator.clipboard?.writeText($("command").textContent.trim()));
addEventListener("hashchange", () => {
  fromAddress();
  show();
  start();
});
new ResizeObserver(() => requestAnimationFrame(draw)).observe($("chart"));
fromAddress();
show();
