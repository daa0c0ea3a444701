// How long new figures take in the studio, from the hand's move until they are painted.
//
//     node tests/clients/studio_speed.mjs CHROMIUM URL [MOVES]
//
// Moves a slider of the default example and waits for the figures of each move; then a hand that does not wait. Prints what the page
// measured: a median of the moves, in milliseconds.
import { chromium } from "playwright-core";

const [executablePath, url, moves = "40"] = process.argv.slice(2);
const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath, args });
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
await page.goto(url);
await page.waitForSelector(".dot.done", { timeout: 120_000 });
const told = () => page.locator("#timing").evaluate(({ dataset }) => ({ ...dataset }));
const slider = page.locator("input[type=range]").first();
await slider.focus();
const spans = [];
for (let move = 0; move < Number(moves); move += 1) {
  const before = (await told()).moves ?? "0";
  await page.keyboard.press(move % 2 ? "ArrowLeft" : "ArrowRight");
  await page.waitForFunction((before) => (document.querySelector("#timing").dataset.moves ?? "0") !== before, before);
  const span = Number((await told()).last);
  spans.push(span);
  if (move === 0) console.log(`first move: ${span} ms; ${await page.textContent("#stage")}`);
}
console.log(`one after another: ${JSON.stringify(await told())}; ${await page.textContent("#stage")}`);
spans.sort((one, other) => one - other);
const at = (share) => spans[Math.min(spans.length - 1, Math.floor(share * spans.length))];
console.log(`median ${at(0.5)} ms, 90 % within ${at(0.9)} ms, longest ${at(1)} ms, of ${spans.length} moves`);
await browser.close();
