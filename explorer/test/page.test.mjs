// The page in Chromium: what it shows, how fast, what its sliders do, on a phone and in the dark. No request goes anywhere.
//
//     npm install --no-save playwright-core@1.65.1
//     CHROMIUM=/usr/bin/chromium EXPLORER=target/explorer-page node --test explorer/test/page.test.mjs
//
// SHOTS=FOLDER keeps pictures to look at. Times are printed, and judged only with SPEED=1, on a machine that does nothing else.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const { EXPLORER = "target/explorer-page", CHROMIUM = "/usr/bin/chromium", SHOTS, SPEED } = process.env;
const address = pathToFileURL(resolve(EXPLORER, "index.html")).href;
const profile = mkdtempSync(join(tmpdir(), "explorer-profile-"));
const flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
let context;
let page;
const requests = [];
const mistakes = [];

before(async () => {
  const options = { executablePath: CHROMIUM, headless: true, chromiumSandbox: false, args: flags };
  context = await chromium.launchPersistentContext(profile, { ...options, viewport: { width: 1180, height: 900 } });
  page = context.pages()[0] ?? (await context.newPage());
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => mistakes.push(error.message));
  page.on("console", (message) => message.type() === "error" && mistakes.push(message.text()));
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
});
after(async () => {
  await context?.close();
  rmSync(profile, { recursive: true, force: true });
});

/** Waits for the run to end; its status. */
async function ended(updates) {
  await page.waitForSelector('#status[aria-busy="false"]', { timeout: 120_000 });
  const status = await page.textContent("#status");
  assert.ok(status.startsWith(`${updates.toLocaleString("en")} updates in`), status);
  return status;
}

async function slide(name, value) {
  await page.$eval(`#${name}`, (field, value) => {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }, value);
}

const angle = async (row = 0) => Number((await page.textContent(`#angles tr:nth-child(${row + 1}) td:nth-child(2)`)).slice(0, -1));
const shot = async (name) => SHOTS && page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });

test("the program's first experiment, from a local file", async () => {
  await page.goto(address);
  const status = await ended(1500);
  assert.match(status, /W1 has aligned/);
  const seconds = Number(status.match(/in ([\d.]+) s/)[1]);
  console.log(`# 1,500 updates of 20-100-20, batch 100, in ${seconds} s`);
  if (SPEED) assert.ok(seconds < 1.5, `${seconds} s`);
  assert.ok((await page.$$("#chart path.measured")).length === 1);
  assert.match(await page.textContent("#recurrence"), /99\.9 %/);
  await shot("light");
});

test("a slider turns the curve, and the address keeps it", async () => {
  const held = await angle();
  await slide("error", 0);
  assert.match(await ended(1500), /as independent matrices are/);
  assert.ok((await angle()) > held + 20, `${await angle()} after ${held}`);
  assert.match(page.url(), /#error=0$/);
  const white = await angle();
  await page.reload();
  await ended(1500);
  assert.equal(await angle(), white);
});

test("with the linear activation measured and predicted go together", async () => {
  await page.click("[data-preset=slow]");
  await ended(1500);
  const predicted = Number((await page.textContent("#angles td:nth-child(3)")).slice(0, -1));
  assert.ok(Math.abs(predicted - (await angle())) < 3, `${predicted} for ${await angle()}`);
  await shot("linear");
  await page.click("[data-preset=deep]");
  await ended(600);
  assert.equal((await page.$$("#angles tr")).length, 3);
  await shot("deep");
});

test("correlated signals tie the outputs to the inputs", async () => {
  await page.click("[data-preset=shared]");
  await ended(1500);
  assert.ok(await page.isDisabled("#outputs"));
  await slide("inputs", 10);
  await ended(1500);
  assert.equal(await page.inputValue("#outputs"), "10");
  assert.ok((await angle()) < 20);
});

test("a phone, the dark, and no sideways scrolling", async () => {
  await page.click("[data-preset=held]");
  await ended(1500);
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("dark");
  await page.setViewportSize({ width: 420, height: 860 });
  await page.waitForTimeout(300);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0);
  await shot("phone-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await shot("phone");
});

test("nothing was asked of any network, and nothing went wrong", () => {
  const elsewhere = requests.filter((url) => !/^(file|data|blob):/.test(url));
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(mistakes, []);
});
