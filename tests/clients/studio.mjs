// `tokenstorm ui` in a real Chromium.
//
//     node tests/clients/studio.mjs CHROMIUM URL WIDTH light|dark use|look EXPECTED [PICTURE]
//
// EXPECTED is a file of JSON: scenarios, and what the library finds for them. `use` goes through everything, `look` opens the page, and both
// hold it to what a reader needs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [executablePath, url, width, colorScheme, what, expected, picture] = process.argv.slice(2);
const { small, moved, hostile, failure } = JSON.parse(readFileSync(expected, "utf8"));
const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath, args });
const wrong = [];

// A profile of its own, as of somebody else.
async function fresh(address) {
  const context = await browser.newContext({ viewport: { width: Number(width), height: 900 }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("request", (request) => request.url().startsWith(url) || request.url().startsWith("blob:") || request.url().startsWith("data:") || wrong.push(request.url()));
  await page.goto(address);
  return page;
}
const figures = (page) => page.waitForSelector(".dot.preview, .dot.done");
const whole = (page) => page.waitForSelector(".dot.done");
const named = (page, name) => page.waitForFunction((name) => document.querySelector("#name").textContent.startsWith(name), name);
const text = (page) => page.inputValue("#text");
const rows = (page) => page.locator("#table table").first().locator("tbody tr").count();
const slider = (page, key) => page.locator(`input[type=range][data-key="${key}"]`);
const open = (page, name, content) => page.setInputFiles("#file", { name, mimeType: "application/toml", buffer: Buffer.from(content) });
const same = (page, part, html) => page.evaluate(([part, html]) => {
  const made = document.createElement("div");
  made.innerHTML = html;
  return [document.querySelector(part).textContent, made.textContent];
}, [part, html]);
async function legible(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `${over} pixels run over the edge`);
  const { violations } = await page.evaluate(`${readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8")}; axe.run()`);
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`), []);
}

const page = await fresh(url);
await figures(page);
await named(page, "zoom/default");
assert.match(await page.textContent("#stage"), /^(preview: \d+ of 30 replications|all of it)/);

if (what === "use") {
  // An example, and then a file.
  await page.selectOption("#example", "zoom/gateway");
  await named(page, "zoom/gateway");
  await figures(page);
  await open(page, "small.toml", small);
  await named(page, "small");
  await whole(page);
  assert.equal(await rows(page), 2);

  // A run is played: to the first failure, a step back, and on by itself until it fails again.
  const step = () => page.locator("#step").getAttribute("data-number").then(Number);
  await page.click("[data-at=failure]");
  await page.waitForSelector("#screen:not([hidden])");
  assert.equal(await step(), failure);
  assert.match(await page.textContent("#step"), /call \d+ fails/);
  assert.equal(await page.locator("#stage-picture .party.node").count(), 4);
  await page.click("#back");
  assert.equal(await step(), failure - 1);
  await page.click("#back");
  await page.click("#forth");
  assert.equal(await step(), failure - 1);
  await page.selectOption("#speed", "4");
  await page.click("#run");
  await page.waitForFunction((failure) => document.querySelector("#step").dataset.number === String(failure), failure);
  await page.waitForFunction(() => document.querySelector("#run").textContent === "Play");
  await page.locator("#seek").press("Home");
  assert.equal(await step(), 0);
  await page.click("[data-at=storm]");
  await page.waitForSelector("#unplayed:not([hidden])");
  assert.match(await page.textContent("#unplayed"), /no retry storm/);
  // And a counterexample by the same player.
  await page.click("#ever");
  await page.waitForSelector("#found:not([hidden])");
  assert.match(await page.textContent("#searched"), /^It can: .*Searched: every order of events, of 2 processes/);
  await page.locator("#breaks button").last().click();
  await page.click("#forth");
  assert.equal(await step(), 1);
  assert.match(await page.textContent("#step"), /a call arrives at A/);

  // A slider is moved by a key: text and figures follow, and are what the library finds.
  await slider(page, "fleet.web.nodes").focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => document.querySelector("#text").value.includes("nodes = 5 # processes"));
  await page.waitForFunction(() => Number(document.querySelector("#timing").dataset.moves) > 0);
  await whole(page);
  for (const [part, html] of [["#answer", moved.answer], ["#table", moved.table], ["#words", moved.words], ["#charts", moved.charts]]) {
    const [shown, found] = await same(page, part, html);
    assert.equal(shown, found, part);
  }
  assert.match(await page.textContent("#timing"), /new figures after \d+ ms/);
  assert.equal(await slider(page, "fleet.web.nodes").getAttribute("aria-valuetext"), "5");

  // The text moves the controls.
  await page.fill("#text", (await text(page)).replace("nodes = 5", "nodes = 7"));
  await page.waitForFunction(() => document.querySelector('.typed[data-key="fleet.web.nodes"]').value === "7");
  await whole(page);

  // What cannot be is shown at its line with the fix; the figures stay, and are said to be older.
  const before = await page.textContent("#answer"), good = await text(page);
  await page.fill("#text", good.replace("nodes = 7", "nodes = 'many'"));
  await page.waitForSelector("#wrong:not([hidden])");
  const told = await page.textContent("#wrong");
  assert.ok(told.includes("nodes = 'many'") && told.includes("help"), told);
  assert.ok(await page.isVisible("#earlier"));
  assert.equal(await page.textContent("#answer"), before);
  const line = good.split("\n").findIndex((one) => one.startsWith("nodes")) + 1;
  assert.equal(await page.textContent("#gutter .bad"), `${line}\n`);
  await page.click(`text=Go to line ${line}`);
  assert.equal(await page.evaluate(() => document.activeElement.id), "text");
  await page.fill("#text", good);
  await page.waitForSelector("#wrong", { state: "hidden" });
  await page.waitForSelector("#earlier", { state: "hidden" });

  // What a control cannot set leaves the text as it was.
  const typed = page.locator('.typed[data-key="fleet.web.nodes"]');
  await typed.fill("0");
  await typed.press("Enter");
  await page.waitForSelector("#wrong:not([hidden])");
  assert.match(await page.textContent("#wrong"), /cannot be set; the text stays/);
  assert.equal(await text(page), good);

  // A strategy leaves the comparison, in the file too.
  await page.locator('[data-key="strategy.gateway.off"]').uncheck();
  await page.waitForFunction(() => document.querySelector("#text").value.includes("off = true"));
  await page.waitForFunction(() => document.querySelectorAll("#table tbody tr").length === 1);
  await page.locator('[data-key="strategy.gateway.off"]').check();
  await page.waitForFunction(() => document.querySelectorAll("#table tbody tr").length === 2);

  // The link, opened by somebody else.
  await whole(page);
  await page.click("#copy");
  await page.waitForFunction(() => location.hash.startsWith("#1="));
  const other = await fresh(await page.evaluate(() => location.href));
  await whole(other);
  assert.equal(await text(other), await text(page));
  assert.equal(await other.textContent("#answer"), await page.textContent("#answer"));
  await other.context().close();
  for (const [hash, told] of [["#1=broken", "cut off"], ["#9=abc", "version 9"], ["#what", "none of a scenario"]]) {
    const broken = await fresh(url + hash);
    await figures(broken);
    assert.ok((await broken.textContent("#notice")).includes(told), hash);
    await broken.context().close();
  }

  // Names do nothing.
  await open(page, "hostile.toml", hostile);
  await page.waitForFunction(() => document.querySelector("#sections").textContent.includes("onerror"));
  await whole(page);
  assert.ok((await page.textContent("#table")).includes("<img"));
  assert.equal(await page.evaluate(() => document.querySelectorAll("main img, main script").length), 0);
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
}
await legible(page);
assert.deepEqual(wrong, []);
if (picture) {
  await whole(page);
  await page.screenshot({ path: picture });
  await page.click("[data-at=failure]");
  await page.waitForSelector("#screen:not([hidden])");
  await page.click("#back");
  await page.locator(".film").screenshot({ path: picture.replace(".png", "-film.png") });
  await legible(page);
}
await browser.close();
console.log("studio ok");
