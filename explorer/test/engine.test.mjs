// The compiled engine, without a browser, against the program: the same angles to rounding, for all that the page can set.
//
//     EXPLORER=target/explorer-page ALIGNSCOPE=target/release/alignscope node --test explorer/test/engine.test.mjs
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runInThisContext } from "node:vm";

const { EXPLORER = "target/explorer-page", ALIGNSCOPE = "target/release/alignscope" } = process.env;
const text = (name) => readFileSync(join(EXPLORER, name), "utf8");
const engine = runInThisContext(
  `${text("engine.wasm.js")}\n${text("engine.js")}\nnew Engine(Engine.compile(ENGINE_WASM))`,
);
const directory = mkdtempSync(join(tmpdir(), "explorer-"));
after(() => rmSync(directory, { recursive: true }));

/** Values of the program by quantity, layer and iteration. */
function program(name, { repeat, ...options }, quantities) {
  const words = Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]);
  const out = join(directory, name);
  const more = ["--repeats", String(repeat + 1), "--quantities", quantities, "--out", out, "--json"];
  execFileSync(ALIGNSCOPE, ["isolate", ...words, ...more], { stdio: ["ignore", "pipe", "pipe"] });
  const [head, ...rows] = readFileSync(join(out, "series.csv"), "utf8").trim().split("\n").map((row) => row.split(","));
  const column = (column) => head.indexOf(column);
  const values = new Map();
  for (const row of rows) {
    if (row[column("repeat")] !== String(repeat)) continue;
    const key = ["quantity", "layer", "iteration"].map((name) => row[column(name)]).join("/");
    values.set(key, Number(row[column("value")]));
  }
  return values;
}

const usual = { layers: [20, 100, 20], activity: "held", error: "held", cross: "none", activation: "relu" };
const small = { ...usual, layers: [12, 40, 12], batch: 30, eta: 1e-3, iterations: 120, wn: "off", seed: 3, repeat: 1 };
const linear = { ...small, activation: "linear" };
const cases = {
  "as isolate has it": { ...usual, batch: 100, eta: 4e-4, iterations: 300, wn: "off", seed: 1, repeat: 0 },
  shared: { ...small, activity: "white", error: "white", cross: "same" },
  white: { ...small, activity: "white", error: "white" },
  "lasting and correlated": { ...linear, activity: "ar1:0.9", error: "ar1:0.8", cross: "-0.35" },
  "deep and linear": { ...linear, layers: [12, 40, 30, 8], eta: 1e-4 },
  normalised: { ...linear, wn: "1", eta: 1e-2 },
  "tanh, norms kept": { ...small, layers: [10, 35, 35, 6], activation: "tanh", wn: "initial", seed: 4294967295 },
};

for (const [name, settings] of Object.entries(cases)) {
  test(`${name}: angles and predictions are the program's`, () => {
    const begun = engine.begin(settings);
    assert.equal(begun.error, undefined);
    const deep = settings.layers.length > 3 || settings.wn !== "off";
    const prediction = settings.activation !== "linear" ? null : deep ? "predicted_weight_alignment" : "conditional_alignment";
    const found = program(name, settings, ["weight_alignment", "weight_norm", ...(prediction ? [prediction] : [])].join());
    const start = found.get("weight_norm/0/0");
    let compared = 0;
    for (let point = begun.start; ; point = engine.advance(17)) {
      const value = (quantity, layer) => found.get(`${quantity}/${layer}/${point.iteration}`);
      point.angles.forEach((angle, index) => {
        const expected = value("weight_alignment", index + 1);
        assert.ok(Math.abs(angle - expected) < 1e-7, `${name}: ${angle} for ${expected} after ${point.iteration}`);
        compared += 1;
        if (!prediction) return;
        const [ours, theirs] = [point.predicted[index], value(prediction, index + 1)];
        assert.ok(Math.abs(ours - theirs) < 1e-6, `${name}: predicted ${ours} for ${theirs} after ${point.iteration}`);
      });
      const growth = value("weight_norm", 0) / start;
      assert.ok(Math.abs(point.growth[0] / growth - 1) < 1e-9, `${name}: growth ${point.growth[0]} for ${growth}`);
      if (point.iteration === settings.iterations) break;
    }
    assert.ok(compared > 8, `${compared} angles`);
  });
}

test("the budget of alignment holds: growth below is what is gained and the squared steps", () => {
  const { start } = engine.begin({ ...linear, iterations: 50 });
  assert.equal(start.paid[0], 0);
  let before = start;
  for (let k = 0; k < 50; k += 1) {
    const point = engine.advance(1);
    // The squared steps of one update, which are never negative.
    assert.ok(point.paid[0] - point.gained[0] > before.paid[0] - before.gained[0]);
    before = point;
  }
});

test("the numbers that explain it tell the schedules apart", () => {
  const recurrence = (changes) => {
    engine.begin({ ...small, ...changes });
    return engine.advance(1e6).recurrence;
  };
  // Held signals: G = T A, so that 1 / T of the square is of each iteration by itself.
  assert.ok(Math.abs(recurrence({}) - (1 - 1 / 120)) < 1e-12);
  assert.ok(Math.abs(recurrence({ activity: "white", error: "white" })) < 0.3);
  assert.ok(recurrence({ activity: "ar1:0.5", error: "white" }) < 0.3);
  assert.ok(recurrence({ activity: "white", error: "white", cross: "same" }) > 0.5);
});

test("the mean over repeats is that of the theory", () => {
  engine.begin({ ...usual, batch: 100, eta: 4e-4, iterations: 1500, activation: "relu" });
  const out = join(directory, "average");
  const json = execFileSync(ALIGNSCOPE, ["isolate", "--repeats", "1", "--record-every", "1500", "--out", out, "--json"]);
  const last = JSON.parse(json).summary.find((entry) => entry.iteration === 1500);
  assert.ok(Math.abs(engine.average().angle - last.prediction) < 1e-9);
});

test("what makes no run is refused in words, and the next one runs", () => {
  const refused = (changes) => engine.begin({ ...small, ...changes }).error;
  assert.match(refused({ layers: [4, 3] }), /layers: 2 is not from 3/);
  assert.match(refused({ layers: [4, 0, 3] }), /units of a layer: 0/);
  assert.match(refused({ activity: "ar1:2" }), /activity `ar1:2`/);
  assert.match(refused({ cross: "1.5" }), /cross cannot be `1.5`/);
  assert.match(refused({ cross: "same", layers: [4, 9, 3] }), /as many inputs as outputs/);
  assert.match(refused({ activation: "step" }), /activation `step`/);
  assert.match(refused({ wn: "-1" }), /wn cannot be `-1`/);
  assert.match(refused({ eta: 0 }), /eta is 0/);
  assert.match(refused({ iterations: 1e9 }), /iterations: 1000000000/);
  assert.match(refused({ depth: 3 }), /unknown field `depth`/);
  assert.match(engine.advance(1).error, /nothing has begun/);
  assert.equal(engine.begin(small).error, undefined);
  assert.equal(engine.advance(5).iteration, 5);
});

test("weights that run away are said to", () => {
  engine.begin({ ...linear, layers: [12, 40, 40, 12], eta: 1e150, iterations: 2000 });
  assert.equal(engine.advance(2000).finite, false);
});
