// A film is played: its steps are the program's, and so is every word of them. What stands between two steps is drawn here.
import { Stage, ended, fails } from "./stage.js";

const by = (id) => document.getElementById(id);
// Milliseconds that a step takes at single speed: steps follow each other evenly, however far apart they are in the run.
const pace = 900;

export class Film {
  constructor(text) {
    Object.assign(this, { text, film: null, place: 0, playing: false, asked: 0 });
    this.stage = new Stage(by("stage-picture"));
    for (const button of document.querySelectorAll("[data-at]")) button.addEventListener("click", () => this.load({ at: button.dataset.at }));
    by("ever").addEventListener("click", () => this.ever());
    by("back").addEventListener("click", () => this.go(Math.ceil(this.place) - 1));
    by("forth").addEventListener("click", () => this.go(Math.floor(this.place) + 1));
    by("run").addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    by("seek").addEventListener("input", () => this.go(by("seek").valueAsNumber));
    by("onward").addEventListener("click", () => this.load({ from: this.film.steps.at(-1).number + 1 }));
    new ResizeObserver(() => this.film && this.draw()).observe(by("stage-picture"));
  }
  cast(names) {
    const star = by("star"), chosen = star.value;
    star.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name, textContent: name })));
    if (names.includes(chosen)) star.value = chosen;
  }
  say(text) { by("unplayed").textContent = text; by("unplayed").hidden = !text; }

  async ask(path, asked) {
    this.pause();
    const mine = ++this.asked;
    const body = JSON.stringify({ text: this.text(), strategy: by("star").value, ...asked });
    const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body });
    if (mine !== this.asked) return null;
    if (!answer.ok) throw new Error(await answer.text());
    const found = await answer.json();
    if (found.wrong) throw new Error(found.wrong);
    return found;
  }
  async load(asked) {
    this.say("");
    by("found").hidden = true;
    try {
      const showing = await this.ask("/api/film", asked);
      if (showing) this.show(showing.film, showing.at);
    } catch (error) { this.say(`There is nothing to play: ${error.message.trim()}.`); }
  }
  async ever() {
    this.say("");
    const button = by("ever");
    Object.assign(button, { disabled: true, textContent: "Searching" });
    try {
      const found = await this.ask("/api/ever", {});
      if (!found) return;
      const count = found.broken.length;
      by("searched").textContent = `${count ? `It can: ${count} ${count === 1 ? "property is" : "properties are"} broken by some run; a shortest one of each can be played.` : "No run that was searched breaks a property."} ${found.searched}`;
      by("breaks").replaceChildren(...found.broken.map((one) => {
        const play = Object.assign(document.createElement("button"), { type: "button", textContent: `${one.name}: ${one.title}`, title: one.about });
        play.addEventListener("click", () => this.show(one.film, 0));
        return play;
      }));
      by("found").hidden = false;
    } catch (error) { this.say(error.message); }
    finally { Object.assign(button, { disabled: false, textContent: "Can it ever fail?" }); }
  }

  show(film, at) {
    this.pause();
    this.film = film;
    const last = film.steps.length;
    by("seek").max = last;
    by("screen").hidden = false;
    by("onward").hidden = !film.left_out.after;
    by("screen").dataset.of = film.strategy;
    this.stage.set(film);
    this.go(Math.max(0, Math.min(last, at - (film.steps[0]?.number ?? 1) + 1)));
  }
  // `place` steps of the film have happened, the next one in part.
  go(place) {
    if (!this.film) return;
    this.place = Math.max(0, Math.min(this.film.steps.length, place));
    this.draw();
  }
  draw() {
    const { steps } = this.film, done = Math.floor(this.place), step = steps[done - 1];
    this.stage.draw(done, this.place - done);
    by("seek").value = done;
    by("seek").setAttribute("aria-valuetext", step ? `step ${step.number}: ${step.text}` : "before the first step");
    if (this.told === step && step) return;
    this.told = step;
    const box = by("step");
    box.replaceChildren(this.line(step));
    box.dataset.number = step?.number ?? "";
    box.classList.toggle("bad", Boolean(step && fails(step)));
    const around = steps.slice(Math.max(0, done - 3), done + 4);
    by("log").replaceChildren(...around.map((one) => {
      const item = document.createElement("li"), button = Object.assign(document.createElement("button"), { type: "button" });
      button.append(this.line(one));
      button.addEventListener("click", () => this.go(steps.indexOf(one) + 1));
      if (one === step) button.setAttribute("aria-current", "step");
      item.append(button);
      return item;
    }));
  }
  line(step) {
    const line = document.createElement("span");
    if (!step) { line.textContent = this.film.left_out.before ? `${this.film.left_out.before} steps have happened before` : "Before the first step"; return line; }
    const number = Object.assign(document.createElement("b"), { textContent: `${step.number}` });
    const at = step.at_ns === undefined ? "" : ` ${(step.at_ns / 1e9).toFixed(3)} s`;
    line.append(number, `${at}  ${step.text}${this.deaths(step)}`);
    return line;
  }
  // Who killed whom.
  deaths(step) {
    if (step.text.includes(" is dead")) return "";
    const dead = (step.changes ?? []).filter(({ token }) => token && token.doomed === step.number && token.death === "superseded" && token.issuer !== undefined && token.killed_by !== undefined);
    const name = (party) => this.film.parties[party]?.name;
    return dead.filter(({ token }) => token.issuer !== token.killed_by).map(({ token }) => `: ${name(token.killed_by)} has killed t${token.token} of ${name(token.issuer)}`).join("");
  }
  play() {
    if (!this.film) return;
    if (this.place >= this.film.steps.length) this.go(0);
    this.playing = true;
    this.button();
    let before = performance.now();
    const frame = (now) => {
      if (!this.playing) return;
      const next = this.place + ((now - before) / pace) * Number(by("speed").value);
      before = now;
      const wanted = parseInt(by("stop").value, 10);
      // It stops where a call fails, and at the call that was named.
      for (let done = Math.floor(this.place) + 1; done <= Math.min(Math.floor(next), this.film.steps.length); done++) {
        const step = this.film.steps[done - 1];
        if (ended(step) || step.call === wanted) { this.pause(); return this.go(done); }
      }
      this.go(next);
      if (this.place >= this.film.steps.length) return this.pause();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }
  pause() { this.playing = false; this.button(); }
  button() {
    by("run").textContent = this.playing ? "Pause" : "Play";
    by("run").setAttribute("aria-pressed", String(this.playing));
  }
}
