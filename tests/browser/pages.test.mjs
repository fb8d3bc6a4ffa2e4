// The report and the live view in Chromium: what is told below the pointer, legend, zoom, tables, a phone, the dark, paper. No
// request goes anywhere but to the page itself, and texts of a spec stay texts.
//
//     npm install --no-save playwright-core@1.65.1
//     ALIGNSCOPE=target/release/alignscope CHROMIUM=/usr/bin/chromium node --test tests/browser/pages.test.mjs
//
// From the root of the repository. SHOTS=FOLDER keeps pictures to look at.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const { ALIGNSCOPE = "target/release/alignscope", CHROMIUM = "/usr/bin/chromium", SHOTS } = process.env;
const SPEC = resolve("tests/browser/pages.toml");
const QUICKSTART = resolve("analyses/quickstart.toml");
const program = resolve(ALIGNSCOPE);
const here = mkdtempSync(join(tmpdir(), "alignscope-pages-"));
const flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const wide = { width: 1180, height: 900 };
const children = [];
let browser;
let page;
let requests = [];
let mistakes = [];

const run = (...args) => execFileSync(program, args, { cwd: here, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

async function open(options = {}) {
  await page?.context().close();
  const context = await browser.newContext({ viewport: wide, acceptDownloads: true, ...options });
  page = await context.newPage();
  [requests, mistakes] = [[], []];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => mistakes.push(error.message));
  page.on("console", (message) => message.type() === "error" && mistakes.push(message.text()));
}

const report = () => page.goto(pathToFileURL(join(here, "report.html")).href);
const shot = async (name, of = page) => {
  if (SHOTS) await of.screenshot({ path: join(SHOTS, `${name}.png`), ...(of === page ? { fullPage: true } : {}) });
};
const text = (selector) => page.textContent(selector);

/** Waits until what was asked of the page is drawn, however slow the machine is. */
const drawn = (pause = 60) => page.evaluate((pause) => new Promise((done) => {
  const after = (frames) => frames ? requestAnimationFrame(() => after(frames - 1)) : setTimeout(done, pause);
  after(3);
}), pause);

/** Puts the pointer at a share of the axes of a panel; what is told there. */
async function point(figure, panel, across, down) {
  const over = page.locator(`#figure-${figure} .made .panel`).nth(panel).locator(".u-over");
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  await page.mouse.move(box.x + box.width * across, box.y + box.height * down);
  await drawn();
  const tip = page.locator(`#figure-${figure} .made .panel`).nth(panel).locator(".tip");
  return (await tip.isVisible()) ? await tip.innerText() : "";
}

/** Where a point of a curve stands, as shares of the axes. */
const place_of = (figure, panel, curve, at) => page.evaluate(([figure, panel, curve, at]) => {
  const data = JSON.parse(document.querySelector(`#figure-${figure} script`).textContent).panels[panel];
  const { x, y } = data.curves[curve];
  const share = (axis, value) => (value - axis.ends[0]) / (axis.ends[1] - axis.ends[0]);
  return [share(data.x, data.xs[x][at]), 1 - share(data.y, y[at])];
}, [figure, panel, curve, at]);

/** The cells of a line of a CSV. */
const cells = (line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => cell);

/** How many pixels of a panel have a colour, more or less. */
const pixels = (figure, panel, colour) => page.evaluate(([figure, panel, colour]) => {
  const canvas = document.querySelectorAll(`#figure-${figure} .made .panel`)[panel].querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    count += data[at + 3] > 200 && colour.every((part, channel) => Math.abs(part - data[at + channel]) < 12);
  }
  return count;
}, [figure, panel, colour]);

const BLUE = [0, 114, 178];
const ends = (panel) => page.evaluate((panel) => {
  const labels = document.querySelectorAll("#figure-curves .made .panel")[panel];
  return labels.querySelector(".tools button:last-child").disabled;
}, panel);

/** Nothing was asked of anything but the page, nothing went wrong, and no text became more than that. */
async function is_quiet(own) {
  assert.deepEqual(requests.filter((url) => !own.test(url)), []);
  assert.deepEqual(mistakes, []);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
}

before(async () => {
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  cpSync(SPEC, join(here, "pages.toml"));
  run("run", "pages.toml", "--out", "done");
  run("report", "done", "--out", "report.html");
  browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, chromiumSandbox: false, args: flags });
});
after(async () => {
  children.forEach((child) => child.kill("SIGKILL"));
  await browser?.close();
  rmSync(here, { recursive: true, force: true });
});

test("a point tells its value, interval and n, and keys go from point to point", async () => {
  await open();
  await report();
  await shot("report");
  const told = await point("curves", 0, ...(await place_of("curves", 0, 0, 7)));
  assert.match(told, /angle <svg onload='window.hurt = 1'> \(degrees\): [\d.]+\n/);
  assert.match(told, /mean ± SD: [\d.]+ to [\d.]+/);
  assert.match(told, /n 6/);
  assert.match(told, /iteration: 70/);
  await shot("hover", page.locator("#figure-curves"));
  const stage = page.locator("#figure-curves .stage").first();
  await stage.focus();
  const tip = page.locator("#figure-curves .tip").first();
  await page.keyboard.press("ArrowRight");
  const first = await tip.innerText();
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await tip.innerText(), first);
  await page.keyboard.press("ArrowDown");
  assert.match(await tip.innerText(), /white|held/);
  await page.keyboard.press("Escape");
  assert.ok(!(await tip.isVisible()));
  assert.match(await point("curves", 0, 0.9, 0.09), /independent W and B, 95 %|white/);
});

test("what is told is what the table and the CSV of the run have", async () => {
  await page.click("#figure-sweep .behind summary");
  // The table is made once it is shown.
  await page.waitForSelector("#figure-sweep .behind tbody tr");
  const head = await page.$$eval("#figure-sweep .behind th", (cells) => cells.map((cell) => cell.textContent));
  assert.deepEqual([head[0], head[1], head[4], head[5], head[6]], ["panel", "label", "from", "to", "n"]);
  const rows = await page.$$eval("#figure-sweep .behind tbody tr", (all) =>
    all.map((row) => [...row.children].map((cell) => cell.textContent)));
  const lines = readFileSync(join(here, "done/figures/sweep.csv"), "utf8").trim().split("\n").slice(1);
  const own = lines.filter((line) => line.includes(",curve,")).map(cells);
  assert.ok(rows.length >= own.length && own.length > 12, `${rows.length} ${own.length}`);
  own.forEach(([, , , , y, , low, high, n], place) => {
    const near = (told, wanted) => wanted === "" ? assert.equal(told, "") :
      assert.ok(Math.abs(Number(told.replace("−", "-")) / Number(wanted) - 1) < 1e-6, `${told} ${wanted}`);
    [y, low, high, n].forEach((wanted, column) => near(rows[place][column + 3], wanted));
  });
  const saving = page.waitForEvent("download");
  await page.click("#figure-sweep .behind button");
  const saved = readFileSync(await (await saving).path(), "utf8");
  assert.equal(saved.trim().split("\n").length, rows.length + 1);
  await shot("table", page.locator("#figure-sweep"));
});

test("labels of the legend hide and show, and with shift leave one alone", async () => {
  const [before, linear] = [await pixels("curves", 0, BLUE), await pixels("curves", 1, BLUE)];
  assert.ok(before > 200, `${before}`);
  const held = page.locator("#figure-curves .made .legend button").first();
  await held.click();
  assert.equal(await held.getAttribute("aria-pressed"), "false");
  assert.equal(await pixels("curves", 0, BLUE), 0);
  assert.ok((await pixels("curves", 1, BLUE)) < linear / 3, "in every panel, but for the limit");
  await shot("hidden", page.locator("#figure-curves"));
  await held.click();
  assert.equal(await pixels("curves", 0, BLUE), before);
  await held.click({ modifiers: ["Shift"] });
  const pressed = await page.$$eval("#figure-curves .made .legend button", (all) => all.map((b) => b.getAttribute("aria-pressed")));
  assert.deepEqual(pressed, pressed.map((_, place) => String(place === 0)));
  await held.click({ modifiers: ["Shift"] });
  assert.equal(await pixels("curves", 0, BLUE), before);
});

test("a drag zooms, a double click and a button show all again", async () => {
  const over = page.locator("#figure-curves .u-over").first();
  await over.scrollIntoViewIfNeeded();
  const before = await pixels("curves", 0, BLUE);
  const box = await over.boundingBox();
  assert.ok(await ends(0));
  await page.mouse.move(box.x + box.width * 0.1, box.y + box.height * 0.1);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.7, { steps: 5 });
  await page.mouse.up();
  assert.ok(!(await ends(0)));
  assert.ok(await ends(1), "each panel by itself");
  const told = await point("curves", 0, 0.98, 0.5);
  const iteration = Number(told.match(/iteration: (\d+)/)?.[1] ?? 100);
  assert.ok(iteration <= 110, told);
  await shot("zoomed", page.locator("#figure-curves"));
  await over.dblclick();
  assert.ok(await ends(0));
  assert.equal(await pixels("curves", 0, BLUE), before);
  await page.click("#figure-curves .tools button >> nth=0");
  assert.ok(!(await ends(0)));
  await page.click("#figure-curves .tools button >> nth=2");
  assert.ok(await ends(0));
  await page.locator("#figure-curves .stage").first().focus();
  await page.keyboard.press("+");
  assert.ok(!(await ends(0)));
  await page.keyboard.press("0");
  assert.ok(await ends(0));
});

test("a cell of a map tells its value, interval, n and parameters", async () => {
  const told = await point("map", 0, 0.9, 0.9);
  assert.match(told, /weight alignment \(degrees\): [\d.]+/);
  assert.match(told, /95 % interval: [\d.]+ to [\d.]+/);
  assert.match(told, /n 6/);
  assert.match(told, /learning rate: 0\.004/);
  assert.match(told, /batch size: 2/);
  await shot("map", page.locator("#figure-map"));
  const csv = readFileSync(join(here, "done/figures/map.csv"), "utf8");
  const line = csv.split("\n").find((line) => line.includes(",cell,") && line.includes(",0.004,2,"));
  const value = Number(line.split(",")[5]);
  assert.ok(Math.abs(Number(told.match(/degrees\): ([\d.]+)/)[1]) - value) < 1e-2, `${told} ${line}`);
  await is_quiet(/^(file|data|blob):/);
});

test("the dark, a phone, and no sideways scrolling", async () => {
  await page.emulateMedia({ colorScheme: "dark" });
  await drawn(100);
  assert.equal(await pixels("curves", 0, BLUE), 0, "colours are those of the dark");
  assert.ok((await pixels("curves", 0, [48, 143, 214])) > 200);
  await shot("dark");
  await page.setViewportSize({ width: 420, height: 860 });
  await drawn(300);
  const scroll = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(await scroll(), 0);
  const over = await page.locator("#figure-curves .u-over").first().boundingBox();
  assert.ok(over.width > 250 && over.width < 400, `${over.width}`);
  assert.match(await point("curves", 1, 0.5, 0.5), /iteration|independent|^$/);
  await shot("phone-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(wide);
  await drawn(200);
  assert.ok((await pixels("curves", 0, BLUE)) > 200);
  await is_quiet(/^(file|data|blob):/);
});

test("on paper, and where no script runs, there are the pictures of the program", async () => {
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  for (const figure of ["curves", "map", "sweep"]) {
    assert.ok(await page.isVisible(`#figure-${figure} .static svg >> nth=0`), figure);
    assert.ok(!(await page.isVisible(`#figure-${figure} canvas >> nth=0`)), figure);
  }
  const ink = await page.$eval("#figure-curves .static svg text", (text) => getComputedStyle(text).fill);
  assert.equal(ink, "rgb(30, 30, 30)", "paper is light");
  await shot("print");
  if (SHOTS) writeFileSync(join(SHOTS, "report.pdf"), await page.pdf({ format: "A4" }));
  await open({ javaScriptEnabled: false, colorScheme: "dark" });
  await report();
  assert.ok(await page.isVisible("#figure-curves .static svg >> nth=0"));
  assert.ok(await page.isVisible("#figure-curves ul.legend"));
  await shot("without-script");
  await page.setViewportSize({ width: 420, height: 860 });
  await shot("without-script-phone");
  assert.deepEqual(requests.filter((url) => !url.startsWith("file:")), []);
});

/** Starts the program; its address, and what ends it. */
function watching(...args) {
  const child = spawn(program, args, { cwd: here });
  children.push(child);
  let said = "";
  const address = new Promise((resolve, reject) => {
    const hear = (bytes) => {
      said += bytes;
      const found = said.match(/http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\//);
      if (found) resolve(found[0]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", () => reject(new Error(said)));
  });
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve({ code, said })));
  return { child, address, ended };
}

test("a run is followed while it goes on, to its end", async () => {
  // So many repeats that it goes on for as long as it is looked at.
  const spec = readFileSync(join(here, "pages.toml"), "utf8").replace("repeats = 6", "repeats = 9999");
  writeFileSync(join(here, "long.toml"), spec);
  const { child, address, ended } = watching("run", "long.toml", "--out", "long", "--threads", "1", "--watch");
  await open();
  const own = new URL(await address);
  await page.goto(own.href);
  const share = () => page.evaluate(() => document.querySelector("#share").value);
  const later = (share) => page.waitForFunction((share) => document.querySelector("#share").value > share, share, { timeout: 120_000 });
  await later(0);
  await page.waitForSelector("figure canvas", { timeout: 120_000 });
  assert.match(await text("#pace"), /^\d+ of 40068 jobs, \d+ % of the work, about [\d.]+ (s|min|h) left\.$/);
  await shot("live");
  // What is zoomed and hidden stays so when there is more.
  const legend = page.locator("#figure-curves-curves .legend");
  // By its text: there are more keys when there are more conditions.
  const name = (await legend.getByRole("button").nth(1).innerText()).trim();
  const key = legend.getByRole("button", { name, exact: true });
  const all = page.locator("#figure-curves-curves .tools button").nth(2);
  await key.click();
  await page.locator("#figure-curves-curves .tools button").first().click();
  await later(await share());
  await page.waitForTimeout(3000);
  assert.equal(await key.getAttribute("aria-pressed"), "false");
  assert.ok(await all.isEnabled());
  await key.click();
  await all.click();
  child.kill("SIGINT");
  await page.waitForFunction(() => document.querySelector("#pace").textContent.includes("ended: interrupted"), null, { timeout: 120_000 });
  const { code, said } = await ended;
  assert.equal(code, 130, said);
  assert.equal(requests.filter((url) => !url.startsWith(own.href) && url !== "data:,").length, 0);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  await page.waitForFunction(() => document.querySelector("#pace").textContent.includes("ended: interrupted. The program no longer answers"), null, { timeout: 20_000 });
  await shot("live-ended");
  assert.ok(await page.isVisible("#figure-curves-curves canvas >> nth=0"), "what was seen last stays");
});

test("what has ended is shown, on a phone and in the dark too, until Ctrl-C", async () => {
  const { child, address, ended } = watching("watch", "done");
  await open();
  const own = new URL(await address);
  await page.goto(own.href);
  await page.waitForSelector("#figure-map-map canvas");
  assert.match(await text("#pace"), /96 of 96 jobs, 100 % of the work, completed/);
  assert.match(await text("#title"), /Pages <script>/);
  assert.match(await point("map-map", 0, 0.9, 0.9), /n 6/);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 420, height: 860 });
  await drawn(300);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  await shot("live-phone-dark");
  await is_quiet(new RegExp(`^(${own.href}|data:)`));
  child.kill("SIGINT");
  const { code, said } = await ended;
  assert.equal(code, 0, said);
  assert.match(said, /has ended \(completed\)/);
});

test("the report of the first command of the README is below 700 kB", () => {
  run("run", QUICKSTART, "--out", "quickstart");
  run("report", "quickstart", "--out", "quickstart.html");
  const bytes = statSync(join(here, "quickstart.html")).size;
  console.log(`# the report of the quickstart: ${bytes} bytes`);
  assert.ok(bytes < 700_000, `${bytes}`);
});
