// The picture of a film after so many steps: the provider and the store above, the nodes below, what is under way as dots between them.
const space = "http://www.w3.org/2000/svg";
function mark(name, attributes = {}, text) {
  const made = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
// Whether a step is one that nobody wants.
export const fails = (step) => step.refused || step.fault || step.lost || ended(step);
// Whether a call ends in it, and not well.
export const ended = (step) => (step.changes ?? []).some((change) => change.call_ended && change.call_ended.outcome !== "succeeded");
const above = ["token_endpoint", "store", "gateway", "api"];
// Tokens that have room.
const most = 24;

export class Stage {
  constructor(box) { this.box = box; }
  set(film) {
    this.film = film;
    this.tokens = new Map(film.tokens.map((token) => [token.token, token]));
    this.cache = { done: -1 };
  }
  // Everybody after so many steps. A change holds the whole of what it replaces.
  picture(done) {
    const { film } = this;
    const from = this.cache.done >= 0 && this.cache.done <= done ? this.cache : null;
    const now = from?.picture ?? {
      nodes: new Map(film.opening.nodes.map((one) => [one.party, one])),
      tokens: new Map(film.opening.tokens.map((one) => [one.token, one])),
      calls: new Map(film.opening.calls.map((one) => [one.call, one])),
      stores: new Map(film.opening.stores.map((one) => [one.party, one])),
    };
    for (const step of film.steps.slice(from?.done ?? 0, done)) {
      for (const change of step.changes ?? []) {
        if (change.node) now.nodes.set(change.node.party, change.node);
        if (change.token) now.tokens.set(change.token.token, change.token);
        if (change.call) now.calls.set(change.call.call, change.call);
        if (change.call_ended) now.calls.delete(change.call_ended.call);
        if (change.store) now.stores.set(change.store.party, change.store);
      }
    }
    this.cache = { done, picture: now };
    return now;
  }
  draw(done, part) {
    const { film } = this, now = this.picture(done), step = film.steps[done - 1], next = film.steps[done];
    const time = (one) => (film.timed ? one.at_ns : one.number);
    const begin = step ? time(step) : next ? time(next) : 0, at = begin + part * ((next ? time(next) : begin) - begin);
    const dead = (token) => {
      const life = now.tokens.get(token) ?? this.tokens.get(token);
      if (!life) return false;
      if (film.timed && life.ends_ns !== undefined) return at >= life.ends_ns;
      return life.doomed !== undefined && life.doomed <= (step?.number ?? 0);
    };
    const width = Math.max(300, this.box.clientWidth || 900);
    const places = this.places(width);
    const svg = mark("svg", { viewBox: `0 0 ${width} ${places.height}`, width, height: places.height, role: "img", "aria-label": step ? step.text : "Before the first step" });
    this.lives(svg, now, dead, step, width);
    for (const [party, { x, y, w, h }] of places.all) this.party(svg, party, { x, y, w, h }, now, dead, step);
    // What has been sent and has not arrived.
    for (const later of film.steps.slice(done, done + 400)) {
      if (later.from === later.to || later.sent === undefined || later.sent > (step?.number ?? 0)) continue;
      const sent = film.steps[later.sent - film.steps[0].number];
      const start = sent ? time(sent) : time(film.steps[0]);
      const share = Math.min(1, Math.max(0, (at - start) / Math.max(1e-9, time(later) - start)));
      const a = places.all.get(later.from), b = places.all.get(later.to);
      if (!a || !b) continue;
      const end = ({ x, y, w, h }, up) => [x + w / 2, up ? y : y + h];
      const [x1, y1] = end(a, a.y > b.y), [x2, y2] = end(b, b.y > a.y);
      const dot = mark("circle", { cx: x1 + (x2 - x1) * share, cy: y1 + (y2 - y1) * share, r: 4.5, class: `dot-way ${later.token !== undefined && dead(later.token) ? "dead" : ""} ${/token/.test(later.kind) ? "ask" : ""}` });
      dot.append(mark("title", {}, later.text));
      svg.append(mark("line", { x1, y1, x2, y2, class: "way" }), dot);
    }
    if (step && step.from !== step.to) {
      const a = places.all.get(step.from), b = places.all.get(step.to);
      if (a && b) {
        const up = a.y > b.y;
        svg.append(mark("line", { x1: a.x + a.w / 2, y1: up ? a.y : a.y + a.h, x2: b.x + b.w / 2, y2: up ? b.y + b.h : b.y, class: `arrived ${fails(step) ? "bad" : ""}` }));
      }
    }
    this.box.replaceChildren(svg);
  }
  places(width) {
    const { parties } = this.film, all = new Map();
    const top = parties.map(({ kind }, at) => [kind, at]).filter(([kind]) => above.includes(kind)).sort(([a], [b]) => above.indexOf(a) - above.indexOf(b));
    const gap = 12, w = Math.min(190, (width - gap * (top.length + 1)) / top.length);
    const free = (width - w * top.length) / (top.length + 1);
    top.forEach(([, at], i) => all.set(at, { x: free + i * (w + free), y: 96, w, h: 46 }));
    const nodes = parties.map(({ kind }, at) => [kind, at]).filter(([kind]) => kind === "node").map(([, at]) => at);
    const room = width < 560 ? 74 : 104, each = Math.min(nodes.length, Math.max(1, Math.floor(width / room))), rows = Math.ceil(nodes.length / each);
    nodes.forEach((at, i) => {
      const row = Math.floor(i / each), here = Math.min(each, nodes.length - row * each), step = width / here;
      all.set(at, { x: (i % each) * step + step / 2 - (room - 10) / 2, y: 250 + row * 78, w: room - 10, h: 54 });
    });
    return { all, height: 250 + rows * 78 };
  }
  // The tokens that the provider would accept, and those that have just died.
  lives(svg, now, dead, step, width) {
    const all = [...now.tokens.values()];
    const alive = all.filter(({ token }) => !dead(token)), gone = step ? all.filter((life) => dead(life.token) && life.doomed === step.number) : [];
    svg.append(mark("text", { x: 4, y: 15, class: "caption" }, alive.length ? "Tokens that the provider accepts" : "The provider accepts no token"));
    [...alive.slice(-most), ...gone].forEach((life, i) => {
      const w = width < 560 ? 62 : 84, each = Math.max(1, Math.floor(width / w)), x = 4 + (i % each) * w, y = 24 + Math.floor(i / each) * 26;
      if (y > 60) return;
      const over = dead(life.token);
      const chip = mark("g", { class: `chip ${over ? "dead" : ""}` });
      const slots = this.film.opening.slots?.find(({ client }) => client === life.client)?.slots ?? 1;
      chip.append(mark("rect", { x, y, width: w - 6, height: 22, rx: 11 }), mark("text", { x: x + (w - 6) / 2, y: y + 15 }, `t${life.token}${slots > 1 && !over ? (width < 560 ? `·${life.slot}` : ` slot ${life.slot}`) : ""}${over ? " ✕" : ""}`));
      const owner = life.issuer === undefined ? "a login" : this.film.parties[life.issuer].name;
      chip.append(mark("title", {}, `t${life.token}, issued for ${owner}, app ${life.client + 1}, slot ${life.slot}${life.killed_by !== undefined ? `; ended by ${this.film.parties[life.killed_by].name}` : ""}`));
      svg.append(chip);
    });
  }
  party(svg, party, { x, y, w, h }, now, dead, step) {
    const { name, kind } = this.film.parties[party], node = now.nodes.get(party), store = now.stores.get(party);
    const held = node ? node.token : store?.token;
    const state = node && !node.up ? "down" : held === undefined || held === null ? "none" : dead(held) ? "dead" : "live";
    const acting = step && (step.from === party || step.to === party);
    const box = mark("g", { class: `party ${kind} ${node || store ? state : ""} ${acting ? "acting" : ""}` });
    box.append(mark("rect", { x, y, width: w, height: h, rx: kind === "node" ? 10 : 6 }), mark("text", { x: x + w / 2, y: y + (node || store ? h / 2 - 5 : h / 2 + 5), class: "who" }, name));
    const waiting = [...now.calls.values()].filter((call) => call.party === party).length;
    const told = node && !node.up ? "down" : node?.paused ? "stands still" : state === "none" ? "no token" : `t${held}${state === "dead" ? (w < 80 ? " ✕" : " (dead)") : ""}`;
    if (node || store) box.append(mark("text", { x: x + w / 2, y: y + h / 2 + 12, class: "what" }, store?.lease !== undefined && store?.lease !== null ? `${told}, lease` : told));
    if (waiting) box.append(mark("circle", { cx: x + w - 3, cy: y + 3, r: 9, class: "waiting" }), mark("text", { x: x + w - 3, y: y + 7, class: "count" }, waiting));
    box.append(mark("title", {}, `${name}: ${told}${waiting ? `, ${waiting} call${waiting > 1 ? "s" : ""} under way` : ""}`));
    svg.append(box);
  }
}
