"use strict";
// A figure as a number, whatever its unit; what is no figure comes last.
const units = { "µs": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400 };
function figure(text) {
  const found = text.replace(/−/g, "-").match(/^(?:[a-z ✗]+ )?([<>≤]?)(-?[\d.]+(?:e-?\d+)?)\s*(µs|ms|min|[shd]\b)?/);
  if (!found) return null;
  return parseFloat(found[2]) * (units[found[3]] || 1);
}
for (const table of document.querySelectorAll("table.figures")) {
  const heads = [...table.querySelectorAll("thead th")];
  const body = table.tBodies[0];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[column].textContent.trim();
    const order = (one, other) => {
      const [a, b] = [figure(key(one)), figure(key(other))];
      if (a === null && b === null) return key(one).localeCompare(key(other)) * (down ? -1 : 1);
      if (a === null || b === null) return a === null ? 1 : -1;
      return (a - b) * (down ? -1 : 1);
    };
    [...body.rows].sort(order).forEach((row) => body.append(row));
  }));
}
const boxes = [...document.querySelectorAll("input[data-hides]")];
for (const box of boxes) {
  box.addEventListener("change", () => {
    const name = box.dataset.hides;
    for (const other of boxes) {
      if (other.dataset.hides !== name) continue;
      other.checked = box.checked;
      other.closest("tr").classList.toggle("off", !box.checked);
    }
    for (const part of document.querySelectorAll("g[data-of]")) {
      if (part.dataset.of === name) part.style.display = box.checked ? "" : "none";
    }
  });
}
