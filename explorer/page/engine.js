"use strict";

/** The compiled engine: asks it by bytes, and reads its replies, which are JSON. */
class Engine {
  constructor(module) {
    this.module = module;
    this.renew();
  }

  /** A new one in place of one that has stopped. Parts of the library that the engine never runs would import functions. */
  renew() {
    const imports = {};
    for (const { module, name } of WebAssembly.Module.imports(this.module)) {
      imports[module] ??= {};
      imports[module][name] = () => {
        throw new Error(`there is no ${name} here`);
      };
    }
    this.exports = new WebAssembly.Instance(this.module, imports).exports;
  }

  begin(settings) {
    const bytes = new TextEncoder().encode(JSON.stringify(settings));
    bytes.forEach((byte) => this.exports.explorer_write(byte));
    return this.ask("begin");
  }

  advance(updates) {
    return this.ask("advance", updates);
  }

  average() {
    return this.ask("average");
  }

  ask(what, ...values) {
    const bytes = [];
    try {
      this.exports[`explorer_${what}`](...values);
      for (let byte = this.exports.explorer_read(); byte >= 0; byte = this.exports.explorer_read()) bytes.push(byte);
    } catch (stopped) {
      this.renew();
      return { error: `the engine stopped (${stopped.message}): this is a mistake in it` };
    }
    return JSON.parse(new TextDecoder().decode(new Uint8Array(bytes)));
  }

  /** The module from base64. */
  static compile(text) {
    return new WebAssembly.Module(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  }
}

/** What the worker does: the latest run that was asked for, in slices, so that a newer one can take its place. */
function serve(engine, post) {
  const POINTS = 300;
  const SLICE = 30;
  const turn = new MessageChannel();
  let latest = 0;
  let run = null;
  turn.port1.onmessage = ({ data }) => {
    if (data !== latest || !run) return;
    const { id, every, iterations } = run;
    const since = performance.now();
    const until = since + SLICE;
    const goesOn = (point) => !point.error && point.finite && point.iteration < iterations;
    const points = [];
    do {
      points.push(engine.advance(every));
    } while (performance.now() < until && goesOn(points.at(-1)));
    run.spent += performance.now() - since;
    const last = points.at(-1);
    if (last.error) return post({ id, error: last.error });
    post({ id, points, spent: run.spent, done: !goesOn(last) });
    if (goesOn(last)) turn.port2.postMessage(id);
    else post({ id, average: engine.average().angle ?? null });
  };
  return ({ id, settings }) => {
    latest = id;
    const since = performance.now();
    const begun = engine.begin(settings);
    if (begun.error) return post({ id, error: begun.error });
    const every = Math.max(1, Math.ceil(begun.iterations / POINTS));
    run = { id, every, iterations: begun.iterations, spent: performance.now() - since };
    post({ id, begun });
    turn.port2.postMessage(id);
  };
}
