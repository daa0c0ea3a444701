// The page of `tokenstorm serve` in a real Chromium: under load each kill appears as it happens, and nothing runs over the edge.
//
//     tokenstorm serve --profile zoom-s2s-2022 -- node tests/clients/page.mjs CHROMIUM CALLERS WIDTH SECONDS [PICTURE]
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [executablePath, callers, width, seconds, picture] = process.argv.slice(2);
const { TOKENSTORM_URL: U, TOKENSTORM_CONTROL_URL: CONTROL } = process.env;
const basic = "Basic " + btoa("app:secret");
const names = Array.from({ length: Number(callers) }, (_, i) => `pod-${i + 1}`);

async function ask(pod) {
  const body = new URLSearchParams({ grant_type: "account_credentials", account_id: "1" });
  const answer = await fetch(`${U}/as/${pod}/oauth/token`, { method: "POST", headers: { authorization: basic }, body });
  return (await answer.json()).access_token;
}
const call = async (pod, token) =>
  (await fetch(`${U}/as/${pod}/v2/users/me`, { headers: { authorization: `Bearer ${token}` } })).status;

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage({ viewport: { width: Number(width), height: Number(width) < 600 ? 844 : 900 } });
const wrong = [];
page.on("pageerror", (error) => wrong.push(error.message));
page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
await page.goto(U + "/");
await page.waitForSelector("#state[data-connected]");

// Eight callers that renew whenever they are refused, as in a fleet that shares one app; the others hold what they got.
const tokens = new Map();
for (const pod of names) tokens.set(pod, await ask(pod));
const busy = names.slice(0, 8);
const until = performance.now() + 1000 * Number(seconds);
let turn = 0;
while (performance.now() < until) {
  const pod = busy[turn++ % busy.length];
  if ((await call(pod, tokens.get(pod))) !== 200) tokens.set(pod, await ask(pod));
  for (let i = 0; i < 3; i++) await call(pod, tokens.get(pod));
  await new Promise((done) => setTimeout(done, 15 + 45 * Math.abs(Math.sin(turn / 60))));
}

const counts = await (await fetch(CONTROL + "/counts")).json();
await page.waitForFunction((killed) => document.querySelectorAll("#kills li").length >= Math.min(killed, 100), counts.tokens_killed);
const last = await ask("pod-1");
await page.waitForFunction(() => document.querySelector("#kills li")?.textContent.includes("pod-1"));
assert.equal(await call("pod-1", last), 200);
await page.waitForTimeout(1500);
const kill = await page.textContent("#kills li");
assert.match(kill, /pod-1 .*killed (#\d+ of pod-\d+|its own #\d+)/);
assert.equal(await page.locator("#callers > *").count(), Math.min(names.length, 1000), "every caller is there");
assert.equal(await page.locator("#callers .live").count(), 1, "one token lives");
const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
assert.ok(over <= 0, `${over} pixels run over the edge`);
assert.deepEqual(wrong, []);
if (picture) await page.screenshot({ path: picture });
await browser.close();
console.log("page ok:", kill);
