// Sliders, choices and switches. The program makes them from the schema; here they move, and say what was moved.
export class Controls {
  // `pending` is what has been moved since, and is not in any text yet.
  constructor(set, pending) {
    Object.assign(this, { set, pending });
    this.box = document.getElementById("sections");
    this.form = document.getElementById("controls");
    this.shape = "";
    this.values = [];
    this.held = false;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.box.addEventListener("input", (event) => this.moved(event.target));
    this.box.addEventListener("change", (event) => { if (event.target.type === "text") this.moved(event.target, true); });
    this.box.addEventListener("pointerdown", (event) => { this.held = event.target.type === "range"; });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { this.held = false; this.catchUp(); });
  }
  forget() { this.shape = ""; this.later = null; }

  moved(element, typed = false) {
    const { key, stops } = element.dataset;
    if (!key) return;
    if (element.type === "range") {
      const value = stops.split("|")[element.valueAsNumber];
      element.setAttribute("aria-valuetext", value);
      const text = element.closest(".row").querySelector(".typed");
      text.value = value;
      this.set(key, value);
    } else if (element.type === "checkbox") {
      this.set(key, String(element.checked !== ("off" in element.dataset)));
    } else if (element.tagName === "SELECT") {
      if (element.value) this.set(key, element.value);
    } else if (typed && element.value.trim()) {
      this.set(key, element.value.trim());
    }
  }

  show(line) {
    this.values = line.values;
    if (line.controls !== null) this.later = line;
    this.catchUp();
    this.restore();
  }
  // A slider is not taken out of the hand that holds it.
  catchUp() {
    if (!this.later || this.held) return;
    const folds = new Map([...this.box.querySelectorAll("details[data-fold]")].map((fold) => [fold.dataset.fold, fold.open]));
    const { activeElement: active } = document;
    const at = this.box.contains(active) && active.dataset.key ? [active.dataset.key, active.type] : null;
    this.box.innerHTML = this.later.controls;
    this.later = null;
    // On a narrow screen the figures would lie far below all of them.
    const narrow = matchMedia("(max-width: 64rem)").matches;
    [...this.box.querySelectorAll("details[data-fold]")].forEach((fold, at) => {
      fold.open = folds.get(fold.dataset.fold) ?? (fold.open && !(narrow && at > 1));
    });
    if (at) [...this.box.querySelectorAll("[data-key]")].find((one) => one.dataset.key === at[0] && one.type === at[1])?.focus();
  }
  // Every control stands where the text says.
  restore() {
    const known = new Map([...this.values, ...this.pending()]);
    for (const element of this.box.querySelectorAll("[data-key]")) {
      const value = known.get(element.dataset.key);
      if (value === undefined || (element === document.activeElement && (this.held || element.type === "text"))) continue;
      if (element.type === "checkbox") element.checked = (value === "true") !== ("off" in element.dataset);
      else if (element.type === "range") this.slide(element, value);
      else element.value = value ?? "";
    }
  }
  slide(element, value) {
    const stops = element.dataset.stops.split("|");
    let at = stops.indexOf(value);
    if (value !== null && at < 0) {
      // A value between the round ones has a stop of its own.
      at = stops.findIndex((stop) => amount(stop) > amount(value));
      if (at < 0) at = stops.length;
      stops.splice(at, 0, value);
      element.dataset.stops = stops.join("|");
      element.max = stops.length - 1;
    }
    element.value = Math.max(at, 0);
    element.setAttribute("aria-valuetext", value ?? "not set");
  }
}

const units = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86400 };
function amount(text) {
  const found = text.match(/^([\d.e+-]+)\s*(\/?)([a-z%]*)$/);
  if (!found) return Infinity;
  const unit = units[found[3]] ?? 1;
  return found[2] ? parseFloat(found[1]) / unit : parseFloat(found[1]) * unit;
}
