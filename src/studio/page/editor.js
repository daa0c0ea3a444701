// The text beside the controls: line numbers, the lines that are wrong, and the line that a control has just changed.
export class Editor {
  // `typing` is told at once, so that no answer to an older text takes the place of what is being typed; `typed` after a breath.
  constructor(typing, typed) {
    this.area = document.getElementById("text");
    this.gutter = document.getElementById("gutter");
    this.wrong = new Map();
    let wait;
    this.area.addEventListener("input", () => {
      typing();
      this.number();
      clearTimeout(wait);
      wait = setTimeout(typed, 200);
    });
    this.area.addEventListener("scroll", () => { this.gutter.scrollTop = this.area.scrollTop; });
  }
  get text() { return this.area.value; }

  show(text, top = false) {
    if (text === this.area.value) return;
    const before = this.area.value.split("\n"), after = text.split("\n");
    const { selectionStart, selectionEnd, scrollLeft } = this.area;
    this.area.value = text;
    const line = after.findIndex((one, at) => one !== before[at]);
    this.number();
    if (top) { this.area.scrollTop = 0; return; }
    if (document.activeElement === this.area) this.area.setSelectionRange(selectionStart, selectionEnd);
    this.area.scrollLeft = scrollLeft;
    if (line >= 0) this.reveal(line + 1, "moved");
  }
  number() {
    const lines = this.area.value.split("\n").length;
    if (this.gutter.children.length !== lines) {
      this.gutter.replaceChildren(...Array.from({ length: lines }, (_, at) => Object.assign(document.createElement("span"), { textContent: `${at + 1}\n` })));
    }
    this.mark([...this.wrong.values()]);
  }
  mark(mistakes) {
    this.wrong = new Map(mistakes.filter((mistake) => mistake.line).map((mistake) => [mistake.line, mistake]));
    this.area.setAttribute("aria-invalid", String(mistakes.length > 0));
    [...this.gutter.children].forEach((number, at) => {
      const mistake = this.wrong.get(at + 1);
      number.className = mistake ? "bad" : "";
      number.title = mistake?.message ?? "";
    });
  }
  reveal(line, kind) {
    const height = parseFloat(getComputedStyle(this.area).lineHeight);
    const top = (line - 1) * height;
    if (top < this.area.scrollTop || top > this.area.scrollTop + this.area.clientHeight - 2 * height) {
      this.area.scrollTop = Math.max(0, top - this.area.clientHeight / 3);
    }
    this.gutter.scrollTop = this.area.scrollTop;
    const number = this.gutter.children[line - 1];
    if (!number || !kind) return;
    this.gutter.querySelectorAll(`.${kind}`).forEach((other) => other.classList.remove(kind));
    number.classList.add(kind);
  }
  go(line) {
    const start = this.text.split("\n").slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    const end = this.text.indexOf("\n", start);
    this.area.focus();
    this.area.setSelectionRange(start, end < 0 ? this.text.length : end);
    this.reveal(line);
  }
}
