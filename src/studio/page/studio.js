// The studio: what is opened, changed, looked at and shared. Every figure comes from the program; nothing here computes one.
import { Looker } from "./looker.js";
import { Controls } from "./controls.js";
import { Editor } from "./editor.js";
import { Figures } from "./figures.js";
import { read, write } from "./link.js";
import { Film } from "./film.js";

const by = (id) => document.getElementById(id);
const largest = 4 << 20;
let original = "", fresh = true;

const editor = new Editor(() => looker.overtake(), () => { looker.type(); changed(); });
const controls = new Controls((key, value) => { looker.set(key, value); changed(); }, () => looker.pending);
const figures = new Figures();
const film = new Film(() => editor.text);
const looker = new Looker({
  text: () => editor.text,
  read(line) {
    editor.show(line.text);
    editor.mark([]);
    controls.show(line);
    film.cast(line.strategies);
    by("field").disabled = false;
    by("name").textContent = [line.name, line.summary].filter(Boolean).join(" · ");
    document.title = `${line.name} · tokenstorm studio`;
    by("wrong").hidden = true;
    by("dot").className = "dot busy";
    changed();
    if (line.warnings.length) notice(line.warnings.join(" "));
  },
  wrong(line) {
    wrong(line.wrong, line.refused);
    if (line.refused) controls.restore();
    else {
      editor.mark(line.wrong.mistakes);
      by("field").disabled = line.wrong.mistakes.some((mistake) => mistake.line);
      by("earlier").hidden = !figures.any;
    }
    state(line.refused && figures.any ? "done" : "wrong", line.refused ? "not set" : "not run");
  },
  progress(line) { by("progress").textContent = `running all of it: ${line.done} of ${line.planned} runs`; },
  figures(line, asked) {
    figures.show(line);
    by("earlier").hidden = true;
    by("effort").textContent = line.effort;
    state(line.whole ? "done" : "preview", line.note ?? "all of it");
    if (asked !== null) figures.timed(asked, line);
    if (line.whole) share();
  },
  failed(message) { state("wrong", message); },
  busy() { if (!figures.any) state("busy", "running"); },
});

function state(kind, text) {
  by("progress").textContent = "";
  by("dot").className = `dot ${kind}`;
  by("stage").textContent = text;
}

function wrong(found, refused) {
  const box = by("wrong");
  box.replaceChildren();
  if (refused) box.append(Object.assign(document.createElement("p"), { textContent: "This cannot be set; the text stays as it was." }));
  const report = Object.assign(document.createElement("pre"), { textContent: found.report, tabIndex: 0 });
  report.setAttribute("aria-label", "What is wrong");
  const first = found.mistakes.find((mistake) => mistake.line);
  if (first && !refused) {
    const go = Object.assign(document.createElement("button"), { type: "button", textContent: `Go to line ${first.line}` });
    go.addEventListener("click", () => editor.go(first.line));
    box.append(go);
  }
  box.append(report);
  box.hidden = false;
}

function notice(text) {
  by("notice").textContent = text;
  by("notice").hidden = !text;
}

function changed() { by("reset").hidden = editor.text === original; }

// The address follows what is shown, so that it can be kept, and loaded again.
let sharing = 0;
async function share() {
  const mine = ++sharing;
  const { hash } = await write(editor.text);
  if (mine === sharing && hash) history.replaceState(null, "", hash);
}

function open(text, example = "") {
  original = text;
  notice("");
  by("example").value = example;
  fresh = true;
  editor.show(text, true);
  controls.forget();
  looker.open();
  changed();
}

async function fetched(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}

by("example").addEventListener("change", async () => {
  const name = by("example").value;
  try { open(await (await fetched(`/api/examples/${name}`)).text(), name); } catch (error) { notice(error.message); }
});
by("open").addEventListener("click", () => by("file").click());
by("file").addEventListener("change", () => { take(by("file").files[0]); by("file").value = ""; });
async function take(file) {
  if (!file) return;
  if (file.size > largest) return notice(`${file.name} has ${file.size} bytes, which is too many for a scenario; there can be ${largest}.`);
  try { open(new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer())); } catch { notice(`${file.name} is no text in UTF-8.`); }
}
addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("over"); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("over"); });
addEventListener("drop", (event) => { event.preventDefault(); document.body.classList.remove("over"); take(event.dataTransfer.files[0]); });

by("save").addEventListener("click", () => {
  const name = (by("name").textContent.split(" · ")[0] || "scenario").replace(/[^\w.-]+/g, "-");
  const link = Object.assign(document.createElement("a"), { download: `${name}.toml`, href: URL.createObjectURL(new Blob([editor.text], { type: "application/toml" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
by("copy").addEventListener("click", async () => {
  const { hash, wrong } = await write(editor.text);
  if (!hash) return notice(wrong);
  history.replaceState(null, "", hash);
  const button = by("copy");
  try { await navigator.clipboard.writeText(location.href); button.textContent = "Copied"; } catch { notice("The link is in the address bar: this browser does not let a page copy it."); }
  setTimeout(() => { button.textContent = "Copy link"; }, 1500);
});
by("reset").addEventListener("click", () => open(original, by("example").value));

async function begin() {
  let said = "";
  if (location.hash) {
    const { text, wrong } = await read(location.hash);
    if (text !== undefined) return open(text);
    said = wrong;
  }
  const start = await (await fetched("/api/start")).json();
  if (fresh || said) open(start.text, start.own ? "" : start.name);
  if (said) notice(`${said} ${start.own ? "The scenario that the studio was started with" : "The first example"} is shown instead.`);
}
addEventListener("hashchange", begin);
begin().catch((error) => state("wrong", error.message));
