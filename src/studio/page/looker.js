// Asks the program for figures: a preview at once, then all of it. At most one preview is under way; what is moved meanwhile is asked for
// when it has come, so that figures follow a hand that does not rest. All of it is given up as soon as something is moved.
const page = crypto.randomUUID();

export class Looker {
  constructor(told) {
    Object.assign(this, { told, version: 0, pending: new Map(), shape: "", moved: null, wanted: false, previewing: false, rest: null });
  }
  open() { this.pending.clear(); this.shape = ""; this.version++; this.want(null); }
  // The text is being typed: answers to what it was before do not take its place.
  overtake() { this.version++; this.rest?.abort(); }
  type() { this.version++; this.want(); }
  set(key, value) { this.pending.set(key, value); this.want(); }
  want(moved = performance.now()) { this.moved = moved; this.wanted = true; this.rest?.abort(); this.preview(); }

  async preview() {
    if (this.previewing || !this.wanted) return;
    this.previewing = true;
    this.told.busy();
    let whole = true;
    while (this.wanted) {
      this.wanted = false;
      whole = await this.look(false, this.moved, new AbortController());
    }
    this.previewing = false;
    if (!whole) {
      this.rest = new AbortController();
      await this.look(true, null, this.rest);
    }
  }

  // Whether nothing is left to be run.
  async look(whole, moved, abort) {
    const { version } = this, text = this.told.text(), set = [...this.pending];
    let done = true;
    const heard = (line) => {
      if (abort.signal.aborted) return;
      if (line.kind === "read") {
        for (const [key, value] of set) if (this.pending.get(key) === value) this.pending.delete(key);
        if (line.controls !== null) this.shape = line.shape;
        // What was typed meanwhile counts more.
        if (version !== this.version) return;
        this.told.read(line);
      } else if (line.kind === "wrong") {
        if (line.refused) for (const [key] of set) this.pending.delete(key);
        if (version === this.version) this.told.wrong(line);
      } else if (line.kind === "progress") {
        if (whole) this.told.progress(line);
      } else {
        done = line.whole;
        this.told.figures(line, moved);
      }
    };
    try {
      const body = JSON.stringify({ page, text, set, whole, shape: this.shape });
      const answer = await fetch("/api/look", { method: "POST", headers: { "content-type": "application/json" }, body, signal: abort.signal });
      if (!answer.ok) throw new Error(await answer.text());
      let rest = "";
      for (const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader(); ;) {
        const { value, done: ended } = await reader.read();
        if (ended) break;
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        lines.forEach((line) => heard(JSON.parse(line)));
      }
    } catch (error) {
      if (!abort.signal.aborted) this.told.failed(`no answer from the program: ${error.message}`);
      return true;
    }
    return done;
  }
}
