// The figures as the program drew them; what is sorted and hidden stays so when new ones come.
const by = (id) => document.getElementById(id);
const units = { "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86400 };
function figure(text) {
  const found = text.replace(/−/g, "-").match(/^(?:[a-z ]+ )?[<>]?(-?[\d.]+(?:e-?\d+)?)\s*(µs|ms|min|[shd]\b)?/);
  return found ? parseFloat(found[1]) * (units[found[2]] || 1) : null;
}

export class Figures {
  constructor() {
    this.any = false;
    this.hidden = new Set();
    this.order = null;
    this.times = [];
    const box = by("figures");
    box.addEventListener("click", (event) => {
      const head = event.target.closest("thead button")?.closest("th");
      if (!head) return;
      const down = head.getAttribute("aria-sort") === "ascending";
      const table = head.closest("table");
      this.order = { table: [...box.querySelectorAll("table.figures")].indexOf(table), column: head.cellIndex, down };
      this.sort();
    });
    box.addEventListener("change", (event) => {
      const name = event.target.dataset?.hides;
      if (name === undefined) return;
      if (event.target.checked) this.hidden.delete(name); else this.hidden.add(name);
      this.hide();
    });
  }
  show(line) {
    by("answer").innerHTML = line.answer;
    for (const part of ["table", "charts", "words"]) {
      const box = by(part);
      const places = [...box.querySelectorAll(".scroll")].map((scroll) => scroll.scrollLeft);
      box.innerHTML = line[part];
      box.querySelectorAll(".scroll").forEach((scroll, at) => { if (places[at]) scroll.scrollLeft = places[at]; });
    }
    this.any = true;
    if (this.order) this.sort();
    if (this.hidden.size) this.hide();
  }
  sort() {
    const { table: at, column, down } = this.order;
    const table = by("figures").querySelectorAll("table.figures")[at];
    const head = table?.tHead.rows[0].cells[column];
    if (!head) return;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[column].textContent.trim(), sign = down ? -1 : 1;
    const rows = [...table.tBodies[0].rows].sort((one, other) => {
      const [a, b] = [figure(key(one)), figure(key(other))];
      if (a === null && b === null) return key(one).localeCompare(key(other)) * sign;
      if (a === null || b === null) return a === null ? 1 : -1;
      return (a - b) * sign;
    });
    table.tBodies[0].append(...rows);
  }
  hide() {
    for (const box of by("figures").querySelectorAll("input[data-hides]")) {
      const off = this.hidden.has(box.dataset.hides);
      box.checked = !off;
      box.closest("tr").classList.toggle("off", off);
    }
    for (const part of by("charts").querySelectorAll("g[data-of]")) part.style.display = this.hidden.has(part.dataset.of) ? "none" : "";
  }
  // From the hand's move until the new figures have been painted.
  timed(moved, line) {
    requestAnimationFrame(() => setTimeout(() => {
      const took = performance.now() - moved;
      this.times.push(took);
      const sorted = [...this.times].sort((a, b) => a - b), median = sorted[sorted.length >> 1];
      const out = by("timing");
      Object.assign(out.dataset, { last: took.toFixed(1), median: median.toFixed(1), moves: sorted.length });
      out.textContent = `new figures after ${Math.round(took)} ms` + (sorted.length > 1 ? ` (median of ${sorted.length}: ${Math.round(median)} ms)` : "");
      out.title = `${line.simulated_ms} ms simulated, ${line.drawn_ms} ms drawn, the rest on the way and in this browser`;
    }));
  }
}
