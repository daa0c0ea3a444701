// A page of results in a real Chromium: a column is sorted, a strategy leaves the charts, nothing runs over the edge, and axe finds nothing
// serious. COLUMN is the head of a column of figures of its first table, all in one unit; empty where it has none.
//
//     node tests/clients/report.mjs CHROMIUM PAGE WIDTH light|dark COLUMN [PICTURE]
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, file, width, colorScheme, head, picture] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage({ viewport: { width: Number(width), height: 900 }, colorScheme });
const wrong = [];
page.on("pageerror", (error) => wrong.push(error.message));
page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
// What is asked of any network is a fault: the page is one file.
page.on("request", (request) => request.url().startsWith("file:") || wrong.push(request.url()));
await page.goto(pathToFileURL(file).href);

const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
assert.ok(over <= 0, `${over} pixels run over the edge`);

// Sorted by a column of figures, up and then down.
const table = page.locator("table.figures").first();
const column = table.locator("thead th", { hasText: head }).first();
const at = head === "" ? -1 : await column.evaluate((head) => head.cellIndex);
const cells = () => table.locator("tbody tr").evaluateAll((rows, at) => rows.map((row) => parseFloat(row.cells[at].textContent)), at);
for (const [sort, sign] of at < 0 ? [] : [["ascending", 1], ["descending", -1]]) {
  await column.locator("button").click();
  assert.equal(await column.getAttribute("aria-sort"), sort);
  const found = await cells();
  assert.ok(found.length > 0 && found.every((value) => !Number.isNaN(value)), `${found}`);
  assert.deepEqual(found, [...found].sort((a, b) => sign * (a - b)));
}

// A strategy whose box is cleared leaves every chart, and comes back.
const box = page.locator("input[data-hides]").first();
const name = (await box.count()) > 0 ? await box.getAttribute("data-hides") : null;
const shown = () => page.evaluate((name) => [...document.querySelectorAll("g[data-of]")].filter((part) => part.dataset.of === name).map((part) => part.style.display), name);
if (name !== null) {
  assert.ok((await shown()).length > 1);
  await box.uncheck();
  assert.ok((await shown()).every((display) => display === "none"));
  await box.check();
  assert.ok((await shown()).every((display) => display === ""));
  assert.ok((await page.locator("figure svg title").count()) > 5, "values are told where the pointer rests");
}

// What a picture shows, a text says too.
const bare = await page.locator("svg").evaluateAll((all) => all.filter((svg) => svg.getAttribute("role") !== "img" || !svg.querySelector("title")?.textContent).length);
assert.equal(bare, 0, "an svg without a title");

// A link of a table opens what it leads to.
const link = page.locator("td a[href^='#']").first();
if ((await link.count()) > 0) {
  await link.click();
  const target = page.locator(await link.getAttribute("href"));
  await target.waitFor({ state: "visible" });
  await page.evaluate(() => window.scrollTo(0, 0));
}

await page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core") });
const { violations } = await page.evaluate(() => globalThis.axe.run());
const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`), []);
assert.deepEqual(wrong, []);
if (picture) await page.screenshot({ path: picture, fullPage: true });
await browser.close();
console.log("report ok");
