"use strict";
/*
 * Figures of a page, drawn with uPlot from the numbers that stand beside them: a pointer, or arrow keys, tell what a
 * point or a cell is; labels of the legend hide and show; a drag or the buttons zoom. uPlot has axes, lines, pointer and
 * zoom; shades, whiskers, discs, limits and maps are drawn here, on its canvas. Nothing is fetched, and no text is read
 * as markup.
 */
const Figures = (() => {
  const FONT = "12px system-ui, 'Noto Sans', 'Segoe UI', sans-serif";
  const LINES = ["curve", "dashes", "thin"];
  const DISCS = ["discs", "joined", "dots"];
  const INKS = { ink: ["#1e1e1e", "#e2e4e6"], line: ["#e2e2e2", "#34373c"], pale: ["#e8e8e8", "#2e3136"] };
  /** Steps of axes of angles: parts of the right angle where these are coarse enough. */
  const DEGREES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 30, 45, 90, 180];
  /** How far from a point its values are shown, in pixels. */
  const REACH = 40;
  /** Rows of a table that are shown; the file has all. */
  const ROWS = 2000;
  const night = matchMedia("(prefers-color-scheme: dark)");
  const figures = new Set();
  let printing = false;

  const tint = (pair) => pair[night.matches && !printing ? 1 : 0];
  const redraw = () => figures.forEach((figure) => figure.charts.forEach((chart) => chart.redraw()));
  night.addEventListener("change", redraw);
  for (const [event, now] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => {
      printing = now;
      redraw();
    });
  }

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.append(...children);
    return made;
  }

  const superscript = (power) => String(power).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));

  /** A number as it is read: five digits, powers of ten where it is very large or small. */
  function number(value, digits = 5) {
    if (value === null || value === undefined) return "none";
    const size = Math.abs(value);
    if (size !== 0 && (size >= 1e7 || size < 1e-4)) {
      const [mantissa, power] = value.toExponential(digits - 1).split("e");
      return `${Number(mantissa)}×10${superscript(Number(power))}`.replace("-", "−");
    }
    const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(digits)));
    return text.replace("-", "−");
  }

  /** Two ends with so many decimals that they can be distinguished. */
  const interval = ([low, high]) => `${number(low)} to ${number(high)}`;

  /** The points of a curve that stand on the axes of its panel. */
  function points(panel, curve) {
    const on = (axis, value) => value !== null && (!axis.log || value > 0);
    const all = panel.xs[curve.x].map((x, at) => ({
      x,
      y: on(panel.y, curve.y[at]) ? curve.y[at] : null,
      band: curve.band && curve.band[0][at] !== null ? [curve.band[0][at], curve.band[1][at]] : null,
      n: Array.isArray(curve.n) ? curve.n[at] : curve.n,
    }));
    return all.filter((point) => on(panel.x, point.x));
  }

  /** What a place on an axis is called. */
  function named(axis, value) {
    const known = axis.names.find(([at]) => at === value);
    return known ? known[1] : number(value);
  }

  /** A box beside the pointer. */
  class Tip {
    constructor(holder) {
      this.holder = holder;
      this.box = element("div", { class: "tip", role: "status", hidden: "" });
      holder.append(this.box);
    }

    hide() {
      this.box.hidden = true;
    }

    show(left, top, [head, ...lines]) {
      this.box.replaceChildren(element("strong", {}, head), ...lines.map((line) => element("div", {}, line)));
      this.box.hidden = false;
      const room = this.holder.clientWidth - this.box.offsetWidth - 4;
      const beside = left + 14 > room ? left - this.box.offsetWidth - 14 : left + 14;
      this.box.style.left = `${Math.max(0, Math.min(beside, room))}px`;
      this.box.style.top = `${Math.max(0, top - this.box.offsetHeight - 8)}px`;
    }
  }

  /** A panel. */
  class Chart {
    constructor(holder, panel, figure, memory) {
      Object.assign(this, { holder, panel, figure, memory });
      this.curves = panel.curves.map((curve) => ({ ...curve, points: points(panel, curve) }));
      this.lines = this.curves.filter((curve) => LINES.includes(curve.mark));
      this.beside = this.offsets();
      this.whole = { x: panel.x.ends, y: panel.y.ends };
      this.view = memory.view ?? this.whole;
      if (panel.title) holder.append(element("div", { class: "title" }, panel.title));
      this.stage = element("div", { class: "stage", tabindex: "0", role: "group", "aria-label": this.said() });
      holder.append(this.stage);
      this.plot = new uPlot(this.options(), this.table(), this.stage);
      this.plot.over.addEventListener("mouseenter", () => this.plot.syncRect());
      this.plot.over.addEventListener("mouseleave", () => this.leave());
      this.disc = element("div", { class: panel.map ? "cell" : "here", hidden: "" });
      this.plot.over.append(this.disc);
      this.tip = new Tip(this.stage);
      this.stage.addEventListener("keydown", (event) => this.key(event));
      this.stage.addEventListener("blur", () => this.leave());
      holder.append(this.tools());
      if (panel.map) holder.append(scale_of(panel.map));
      this.watcher = new ResizeObserver(() => this.resize());
      this.watcher.observe(holder);
      this.tell();
    }

    said() {
      const { panel } = this;
      const of_map = panel.map && `${panel.map.label} over ${panel.x.label} and ${panel.y.label}`;
      const what = of_map ?? `${panel.y.label} against ${panel.x.label}`;
      const keys = "Arrow keys go from point to point and from curve to curve, + and - zoom, 0 shows all.";
      return `${panel.title ? `${panel.title}: ${what}` : what}. ${keys}`;
    }

    size() {
      const width = Math.max(180, this.stage.clientWidth || this.holder.clientWidth);
      return { width, height: Math.round(Math.min(380, Math.max(230, 0.68 * width))) };
    }

    resize() {
      const size = this.size();
      if (size.width !== this.plot.width) this.plot.setSize(size);
    }

    redraw() {
      this.plot.redraw(true, true);
    }

    remove() {
      this.watcher.disconnect();
      this.plot.destroy();
      this.holder.replaceChildren();
    }

    isShown(thing) {
      return thing.entry === null || !this.figure.hidden.has(this.figure.data.legend[thing.entry].label);
    }

    /** How far discs that whiskers stand on are set beside each other, as in the picture. */
    offsets() {
      const joined = this.curves.filter((curve) => curve.mark === "joined" && curve.points.some((p) => p.band));
      const middle = (joined.length - 1) / 2;
      return new Map(joined.map((curve, place) => [curve, joined.length > 1 ? 4 * (place - middle) : 0]));
    }

    /** The curves over all abscissas. Where one has no point of its own it continues; where its value is none it breaks. */
    table() {
      if (this.lines.length === 0) return [this.panel.x.ends];
      return uPlot.join(this.lines.map(({ points }) => [points.map((p) => p.x), points.map((p) => p.y)]));
    }

    options() {
      const { panel } = this;
      const scale = (which) => ({
        time: false,
        distr: panel[which].log ? 3 : 1,
        range: () => this.view[which],
      });
      const series = this.lines.map((curve) => ({
        label: curve.label,
        show: this.isShown(curve),
        stroke: () => tint(curve.colour),
        width: curve.mark === "thin" ? 0.75 : 2,
        dash: curve.mark === "dashes" ? [7, 4] : undefined,
        points: { show: false },
      }));
      return {
        ...this.size(),
        padding: [10, 20, 0, 0],
        legend: { show: false },
        scales: { x: scale("x"), y: scale("y") },
        axes: [this.axis("x"), this.axis("y")],
        series: [{}, ...series],
        cursor: {
          x: !panel.map,
          y: false,
          points: { show: false },
          drag: { x: true, y: true, uni: 20, setScale: false },
          bind: { dblclick: () => () => this.zoom(this.whole) },
        },
        hooks: {
          drawAxes: [() => this.inside((ctx) => this.behind(ctx))],
          draw: [() => this.inside((ctx) => this.before(ctx))],
          setCursor: [() => this.point()],
          setSelect: [() => this.chosen()],
        },
      };
    }

    axis(which) {
      const axis = this.panel[which];
      const across = which === "x";
      const made = {
        scale: which,
        label: axis.label,
        labelFont: FONT.replace("12px", `${this.letters(axis.label, across)}px`),
        labelSize: 18,
        labelGap: 2,
        font: FONT,
        stroke: () => tint(INKS.ink),
        grid: { show: !across, stroke: () => tint(INKS.line), width: 1 },
        ticks: { stroke: () => tint(INKS.ink), size: 5, width: 1 },
        border: { show: true, stroke: () => tint(INKS.ink), width: 1 },
        gap: 4,
        size: across ? 30 : wide,
        space: across ? 70 : 30,
      };
      if (axis.names.length > 0) {
        made.splits = (plot, index, low, high) => this.names(axis, across, low, high);
        made.values = (plot, places) => places.map((place) => named(axis, place));
      } else if (axis.log) {
        made.values = (plot, places) => decades(places, axis.log && this.view[which]);
      } else {
        if (axis.degrees) made.incrs = DEGREES;
        made.values = (plot, places, index, space, step) => places.map((place) => decimal(place, step));
      }
      return made;
    }

    /** Size of the letters of a label, so that all of it finds room along its axis. */
    letters(label, across) {
      const { width, height } = this.size();
      const room = across ? width - 70 : height - 50;
      return Math.max(7, Math.min(12, room / (0.55 * label.length)));
    }

    /** Names of an axis, every so many that they find room. */
    names(axis, across, low, high) {
      const inside = axis.names.filter(([at]) => at >= low && at <= high);
      const widest = Math.max(...inside.map(([, name]) => 7 * name.length + 12), 1);
      const room = across ? this.size().width - 70 : 0;
      const step = across ? Math.max(1, Math.ceil((inside.length * widest) / room)) : 1;
      return inside.filter((_, place) => place % step === 0).map(([at]) => at);
    }

    /* ---- drawing ---- */

    inside(draw) {
      const plot = this.plot ?? null;
      if (!plot) return;
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      draw(ctx);
      ctx.restore();
    }

    /** Where a value stands on the canvas, far off for those far beyond the axes. */
    at(value, which) {
      const place = this.panel[which].log && value <= 0 ? (which === "y" ? 1e5 : -1e5) : this.plot.valToPos(value, which, true);
      return Math.max(-1e5, Math.min(1e5, place));
    }

    /** The cells of a map, with their values where these find room. */
    cells(ctx, map) {
      const [across, up] = map.edges.map((edges, which) => edges.map((edge) => this.at(edge, "xy"[which])));
      const columns = across.length - 1;
      ctx.font = `${11 * uPlot.pxRatio}px system-ui, sans-serif`;
      [ctx.textAlign, ctx.textBaseline] = ["center", "middle"];
      map.values.forEach((value, place) => {
        const colour = map_colour(map, value);
        if (colour === null) return;
        const [column, row] = [place % columns, Math.floor(place / columns)];
        const [left, right, bottom, top] = [across[column], across[column + 1], up[row], up[row + 1]].map(Math.round);
        ctx.fillStyle = `rgb(${colour.join(",")})`;
        ctx.fillRect(left, top, right - left, bottom - top);
        if (map.digits === null) return;
        const text = signed(value.toFixed(map.digits));
        if (ctx.measureText(text).width > right - left - 6) return;
        const light = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
        ctx.fillStyle = light < 130 ? "#ffffff" : "#1e1e1e";
        ctx.fillText(text, (left + right) / 2, (top + bottom) / 2);
      });
    }

    behind(ctx) {
      const { left, width } = this.plot.bbox;
      if (this.panel.map) this.cells(ctx, this.panel.map);
      for (const band of this.panel.bands.filter((band) => this.isShown(band))) {
        const [low, high] = band.ends.map((end) => this.at(end, "y"));
        ctx.fillStyle = tint(INKS.pale);
        ctx.fillRect(left, high, width, low - high);
      }
      for (const curve of this.curves.filter((c) => ["curve", "dashes"].includes(c.mark) && this.isShown(c))) {
        ctx.globalAlpha = 0.2;
        ctx.fillStyle = tint(curve.colour);
        for (const run of runs(curve.points, (point) => point.y !== null && point.band !== null)) {
          ctx.beginPath();
          run.forEach(({ x, band }) => ctx.lineTo(this.at(x, "x"), this.at(band[1], "y")));
          [...run].reverse().forEach(({ x, band }) => ctx.lineTo(this.at(x, "x"), this.at(band[0], "y")));
          ctx.fill();
        }
        ctx.globalAlpha = 1;
      }
    }

    before(ctx) {
      const ratio = uPlot.pxRatio;
      const { left, width } = this.plot.bbox;
      ctx.setLineDash([2 * ratio, 4 * ratio]);
      ctx.lineWidth = 1.5 * ratio;
      for (const line of this.panel.lines.filter((line) => this.isShown(line))) {
        ctx.strokeStyle = tint(line.colour);
        const y = this.at(line.y, "y");
        stroke(ctx, [[left, y], [left + width, y]]);
      }
      ctx.setLineDash([]);
      for (const curve of this.curves.filter((c) => DISCS.includes(c.mark) && this.isShown(c))) {
        const aside = (this.beside.get(curve) ?? 0) * ratio;
        ctx.fillStyle = ctx.strokeStyle = tint(curve.colour);
        if (curve.mark === "joined") {
          ctx.lineWidth = 2 * ratio;
          for (const run of runs(curve.points, (point) => point.y !== null)) {
            stroke(ctx, run.map(({ x, y }) => [this.at(x, "x") + aside, this.at(y, "y")]));
          }
        }
        ctx.lineWidth = ratio;
        for (const { x, y, band } of curve.points.filter((point) => point.y !== null)) {
          const place = this.at(x, "x") + aside;
          if (band) stroke(ctx, band.map((end) => [place, this.at(end, "y")]));
          ctx.beginPath();
          ctx.arc(place, this.at(y, "y"), (curve.mark === "dots" ? 1.5 : 3.5) * ratio, 0, 2 * Math.PI);
          ctx.fill();
        }
      }
    }

    /* ---- looking ---- */

    /** Tells of the point nearest to the pointer. */
    point() {
      const { left, top } = this.plot.cursor;
      if (left === undefined || left < 0 || !this.tip) return;
      if (this.panel.map) return this.below(left, top);
      let nearest = null;
      for (const curve of this.curves.filter((curve) => this.isShown(curve))) {
        for (const point of curve.points.filter((point) => point.y !== null)) {
          const away = Math.hypot(...this.place(curve, point).map((at, which) => at - [left, top][which]));
          if (away < REACH && (nearest === null || away < nearest.away)) nearest = { curve, point, away };
        }
      }
      if (nearest) this.show(nearest.curve, nearest.point);
      else this.aside(left, top);
    }

    /** Tells of the cell of a map below the pointer. */
    below(left, top) {
      const places = [this.plot.posToVal(left, "x"), this.plot.posToVal(top, "y")];
      const at = this.panel.map.edges.map((edges, which) => edges.findIndex((edge, i) => edge <= places[which] && places[which] < edges[i + 1]));
      if (at.includes(-1)) this.leave();
      else this.cell(at);
    }

    cell(at) {
      const { map, x, y } = this.panel;
      this.now = at;
      const [[left, right], [bottom, top]] = at.map((place, which) =>
        [0, 1].map((step) => this.plot.valToPos(map.edges[which][place + step], "xy"[which])));
      const box = { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` };
      Object.assign(this.disc.style, box);
      this.disc.hidden = false;
      const names = cell_names(this.panel, at);
      const { y: value, band, n } = values_of(map, at[1] * (map.edges[0].length - 1) + at[0]);
      const lines = [`${x.label}: ${names[0]}`, `${y.label}: ${names[1]}`];
      if (n !== null) lines.unshift(`n ${n}`);
      if (band) lines.unshift(`95 % interval: ${interval(band)}`);
      const { offsetLeft, offsetTop } = this.plot.over;
      this.tip.show((left + right) / 2 + offsetLeft, top + offsetTop, [`${map.label}: ${number(value)}`, ...lines]);
    }

    /** Tells of a line or a band below the pointer. */
    aside(left, top) {
      const at = (value) => this.plot.valToPos(value, "y");
      const line = this.panel.lines.find((line) => this.isShown(line) && Math.abs(at(line.y) - top) < 6);
      const band = this.panel.bands.find((b) => this.isShown(b) && top > at(b.ends[1]) && top < at(b.ends[0]));
      this.disc.hidden = true;
      const { offsetLeft, offsetTop } = this.plot.over;
      const told = line ? [line.label, number(line.y)] : band ? [band.label, interval(band.ends)] : null;
      if (told) this.tip.show(left + offsetLeft, top + offsetTop, told);
      else this.tip.hide();
    }

    /** Where a point is, in pixels of the axes. */
    place(curve, { x, y }) {
      return [this.plot.valToPos(x, "x") + (this.beside.get(curve) ?? 0), this.plot.valToPos(y, "y")];
    }

    show(curve, point) {
      this.now = { curve, point };
      const [left, top] = this.place(curve, point);
      Object.assign(this.disc.style, { left: `${left}px`, top: `${top}px`, borderColor: tint(curve.colour) });
      this.disc.hidden = false;
      const { panel } = this;
      const lines = [`${panel.y.label}: ${number(point.y)}`];
      if (point.band) lines.push(`${this.figure.data.around || "band"}: ${interval(point.band)}`);
      if (point.n !== null && point.n !== undefined) lines.push(`n ${point.n}`);
      lines.push(`${panel.x.label}: ${named(panel.x, point.x)}`);
      const { offsetLeft, offsetTop } = this.plot.over;
      this.tip.show(left + offsetLeft, top + offsetTop, [curve.label, ...lines]);
    }

    leave() {
      this.tip.hide();
      this.disc.hidden = true;
    }

    key(event) {
      const along = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const across = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (along || across) this.step(along ?? 0, across ?? 0);
      else if (event.key === "+" || event.key === "-") this.scale(event.key === "+" ? 0.5 : 2);
      else if (event.key === "0") this.zoom(this.whole);
      else if (event.key === "Escape") this.leave();
      else return;
      event.preventDefault();
    }

    step(along, across) {
      if (this.panel.map) {
        const from = this.now ?? [0, 0];
        const most = this.panel.map.edges.map((edges) => edges.length - 2);
        const to = [from[0] + along, from[1] - across];
        return this.cell(to.map((place, which) => Math.max(0, Math.min(most[which], place))));
      }
      const shown = this.curves.filter((c) => this.isShown(c) && c.points.some((p) => p.y !== null));
      if (shown.length === 0) return;
      const at = Math.max(0, shown.findIndex((curve) => curve === this.now?.curve));
      const curve = shown[(at + across + shown.length) % shown.length];
      const all = curve.points.filter((point) => point.y !== null);
      const x = this.now ? this.now.point.x : -Infinity;
      const next = {
        1: all.find((point) => point.x > x) ?? all.at(-1),
        0: all.find((point) => point.x >= x) ?? all.at(-1),
        "-1": all.findLast((point) => point.x < x) ?? all[0],
      }[along];
      this.show(curve, next);
    }

    /* ---- zoom ---- */

    tools() {
      const button = (label, text, act) => {
        const made = element("button", { type: "button", "aria-label": text, title: text }, label);
        made.addEventListener("click", act);
        return made;
      };
      this.all = button("all", "Show all", () => this.zoom(this.whole));
      const zooms = [
        button("+", "Zoom in", () => this.scale(0.5)),
        button("−", "Zoom out", () => this.scale(2)),
      ];
      return element("div", { class: "tools" }, ...zooms, this.all);
    }

    /** The rectangle that was drawn with the pointer. */
    chosen() {
      const { left, top, width, height } = this.plot.select;
      if (width < 4 || height < 4) return;
      const ends = (from, to, which) => [from, to].map((place) => this.plot.posToVal(place, which));
      this.plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      this.zoom({ x: ends(left, left + width, "x"), y: ends(top + height, top, "y") });
    }

    /** Ends so much farther apart, around the same middle; no farther than all there is. */
    scale(factor) {
      const scaled = (which) => {
        const { log } = this.panel[which];
        const [there, back] = log ? [Math.log10, (v) => 10 ** v] : [(v) => v, (v) => v];
        const [low, high] = this.view[which].map(there);
        const [least, most] = this.whole[which].map(there);
        const [middle, half] = [(low + high) / 2, ((high - low) * factor) / 2];
        return [Math.max(least, middle - half), Math.min(most, middle + half)].map(back);
      };
      this.zoom({ x: scaled("x"), y: scaled("y") });
    }

    zoom(view) {
      const is_whole = ["x", "y"].every((w) => view[w].every((end, at) => end === this.whole[w][at]));
      this.view = is_whole ? this.whole : view;
      this.memory.view = is_whole ? undefined : view;
      this.leave();
      this.plot.batch(() => {
        for (const which of ["x", "y"]) {
          const [min, max] = this.view[which];
          this.plot.setScale(which, { min, max });
        }
      });
      this.tell();
    }

    tell() {
      this.all.disabled = this.view === this.whole;
    }

    /** Hides and shows what the legend says. */
    choose() {
      this.leave();
      this.lines.forEach((curve, place) => this.plot.setSeries(place + 1, { show: this.isShown(curve) }));
      this.redraw();
    }
  }

  /** What column and row of a map are called. */
  function cell_names({ map, x, y }, at) {
    return [x, y].map((axis, which) => {
      if (map.names) return map.names[which][at[which]];
      const edges = map.edges[which];
      return named(axis, (edges[at[which]] + edges[at[which] + 1]) / 2);
    });
  }

  /** The colour of a value of a map, as red, green and blue; null of none. */
  function map_colour(map, value) {
    if (value === null || (map.log && value <= 0)) return null;
    const there = map.log ? Math.log10 : (v) => v;
    const [low, high] = map.range.map(there);
    const share = Math.max(0, Math.min(1, (there(value) - low) / (high - low)));
    const place = share * (map.colours.length - 1);
    const below = Math.min(map.colours.length - 2, Math.floor(place));
    const [from, to] = [below, below + 1].map((stop) => [1, 3, 5].map((at) => parseInt(map.colours[stop].slice(at, at + 2), 16)));
    return from.map((part, channel) => Math.round(part + (to[channel] - part) * (place - below)));
  }

  /** What the colours of a map stand for. */
  function scale_of(map) {
    const bar = element("span", { class: "colours" });
    bar.style.background = `linear-gradient(to right, ${map.colours.join(", ")})`;
    const [low, high] = map.range.map((end) => element("span", {}, number(end, 4)));
    return element("div", { class: "scale" }, low, bar, high, element("span", { class: "label" }, `${map.label}${map.log ? ", logarithmic" : ""}`));
  }

  function values_of(map, place) {
    const low = map.band ? map.band[0][place] : null;
    return { y: map.values[place], band: low === null ? null : [low, map.band[1][place]], n: map.n ? map.n[place] : null };
  }

  /* ---- helpers of drawing ---- */

  function stroke(ctx, places) {
    ctx.beginPath();
    places.forEach(([x, y]) => ctx.lineTo(x, y));
    ctx.stroke();
  }

  /** Points without a break. */
  function runs(points, is_there) {
    const all = [[]];
    for (const point of points) {
      if (is_there(point)) all.at(-1).push(point);
      else if (all.at(-1).length > 0) all.push([]);
    }
    return all.filter((run) => run.length > 1);
  }

  /** Room for the numbers beside an axis. */
  function wide(plot, values, index, cycle) {
    const axis = plot.axes[index];
    if (cycle > 1 || !values) return axis._size ?? 40;
    const longest = values.reduce((a, b) => ((b ?? "").length > a.length ? b : a), "");
    plot.ctx.font = axis.font[0];
    return Math.ceil(axis.ticks.size + axis.gap + plot.ctx.measureText(longest).width / uPlot.pxRatio + 4);
  }

  function decimal(value, step) {
    if (Math.abs(value) >= 1e6 || (step < 1e-4 && value !== 0)) return number(value, 3);
    return signed(value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9))));
  }

  /** A text of digits with a true minus, which zero has not. */
  function signed(text) {
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
  }

  /** Powers of ten, and between them only where there are few. */
  function decades(places, [low, high]) {
    const few = Math.log10(high / low) < 1.5;
    return places.map((place) => {
      if (place === null) return "";
      const power = Math.round(Math.log10(place));
      if (Math.abs(place / 10 ** power - 1) > 1e-6) return few ? number(place) : "";
      return power >= -2 && power <= 3 ? number(10 ** power, 1) : `10${superscript(power)}`;
    });
  }

  /* ---- legend and table ---- */

  function legend(figure) {
    const keys = figure.data.legend.map((entry) => {
      const key = element("span", { class: `key ${entry.sample}` });
      const colour = () => key.style.setProperty("--key", tint(entry.colour));
      figure.charts.push({ redraw: colour, choose() {}, remove() {} });
      colour();
      const pressed = String(!figure.hidden.has(entry.label));
      const button = element("button", { type: "button", "aria-pressed": pressed }, key, element("span", {}, entry.label));
      button.addEventListener("click", (event) => figure.toggle(entry.label, event.shiftKey));
      return [entry.label, button];
    });
    figure.buttons = new Map(keys);
    const list = element("div", { class: "legend", role: "group", "aria-label": "Legend: hides and shows" });
    list.append(...figure.buttons.values());
    return list;
  }

  /** The numbers of a figure, a row each: panel, what, label, x, y or value, low, high, n. */
  function rows(data) {
    const found = [];
    const text = (value) => (value === null || value === undefined ? "" : value);
    for (const panel of data.panels) {
      for (const curve of panel.curves) {
        for (const { x, y, band, n } of points(panel, curve)) {
          found.push([panel.title, curve.label, named_or_number(panel.x, x), text(y), ...(band ?? ["", ""]), text(n)]);
        }
      }
      if (panel.map) {
        const columns = panel.map.edges[0].length - 1;
        panel.map.values.forEach((_, place) => {
          const at = cell_names(panel, [place % columns, Math.floor(place / columns)]);
          const { y, band, n } = values_of(panel.map, place);
          found.push([panel.title, panel.map.label, at.join("; "), text(y), ...(band ?? ["", ""]), text(n)]);
        });
      }
      panel.lines.forEach((line) => found.push([panel.title, line.label, "", line.y, "", "", ""]));
      panel.bands.forEach((band) => found.push([panel.title, band.label, "", "", ...band.ends, ""]));
    }
    return found;
  }

  function named_or_number(axis, value) {
    const known = axis.names.find(([at]) => at === value);
    return known ? known[1] : value;
  }

  function csv(head, lines) {
    const cell = (value) => (typeof value === "number" ? String(value) : `"${String(value).replaceAll('"', '""')}"`);
    return [head, ...lines].map((line) => line.map(cell).join(",")).join("\n") + "\n";
  }

  function table(figure, name) {
    const box = element("details", { class: "behind" }, element("summary", {}, "Table behind the figure"));
    box.addEventListener("toggle", () => {
      if (!box.open || box.childElementCount > 1) return;
      const { panels, around } = figure.data;
      const across = [...new Set(panels.map((panel) => panel.x.label))].join(" or ");
      const up = [...new Set(panels.map((panel) => (panel.map ? panel.map.label : panel.y.label)))].join(" or ");
      const head = ["panel", "label", across, up, "from", "to", "n"];
      const all = rows(figure.data);
      const save = element("button", { type: "button" }, "Save as CSV");
      save.addEventListener("click", () => {
        const link = element("a", { download: `${name}.csv` });
        link.href = URL.createObjectURL(new Blob([csv(head, all)], { type: "text/csv" }));
        link.click();
        URL.revokeObjectURL(link.href);
      });
      const said = [`${all.length} rows`];
      if (all.length > ROWS) said.push(`the first ${ROWS} are shown, the file has all`);
      if (around) said.push(`from and to: ${around}, or the ends of a band`);
      const line = (cells, tag) => element("tr", {}, ...cells.map((cell) => element(tag, {}, typeof cell === "number" ? number(cell, 7) : cell)));
      const body = element("tbody", {}, ...all.slice(0, ROWS).map((row) => line(row, "td")));
      const whole = element("table", {}, element("thead", {}, line(head, "th")), body);
      box.append(element("p", {}, `${said.join("; ")}. `, save), element("div", { class: "scroll", tabindex: "0" }, whole));
    });
    return box;
  }

  /** A figure on the page. `memory` keeps what is hidden and zoomed when it is drawn again with other numbers. */
  class Figure {
    constructor(root, data, name, memory = {}) {
      Object.assign(this, { root, data, charts: [] });
      memory.hidden ??= new Set();
      memory.panels ??= [];
      this.hidden = memory.hidden;
      this.made = element("div", { class: "made" });
      const panels = element("div", { class: "panels" });
      root.prepend(this.made);
      this.made.append(panels);
      data.panels.forEach((panel, place) => {
        const holder = element("div", { class: "panel" });
        panels.append(holder);
        memory.panels[place] ??= {};
        this.charts.push(new Chart(holder, panel, this, memory.panels[place]));
      });
      if (data.legend.length > 0) this.made.append(legend(this));
      if (!memory.live) this.made.append(table(this, name));
      root.classList.add("scripted");
      figures.add(this);
    }

    /** Hides or shows what has this label; with `alone`, everything else. */
    toggle(label, alone) {
      const others = this.data.legend.map((entry) => entry.label).filter((other) => other !== label);
      if (alone) {
        const is_alone = others.every((other) => this.hidden.has(other)) && !this.hidden.has(label);
        this.hidden.clear();
        if (!is_alone) others.forEach((other) => this.hidden.add(other));
      } else if (!this.hidden.delete(label)) {
        this.hidden.add(label);
      }
      this.buttons.forEach((button, of) => button.setAttribute("aria-pressed", String(!this.hidden.has(of))));
      this.charts.forEach((chart) => chart.choose());
    }

    remove() {
      figures.delete(this);
      this.charts.forEach((chart) => chart.remove());
      this.made.remove();
    }
  }

  /** Draws every figure of the page that has its numbers beside it. One that cannot be drawn stays a picture. */
  function all() {
    for (const root of document.querySelectorAll("figure")) {
      const numbers = root.querySelector("script[type='application/json']");
      if (!numbers) continue;
      try {
        new Figure(root, JSON.parse(numbers.textContent), root.id.replace(/^figure-/, ""));
      } catch (error) {
        root.querySelector(".made")?.remove();
        root.classList.remove("scripted");
        console.error(error);
      }
    }
  }

  return { Figure, all, element };
})();
