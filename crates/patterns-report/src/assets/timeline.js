// Draws every call as a bar in the lane that it took, on one canvas, and lets the eye go near and far.
//
// The bars are written as pixels: a hundred thousand of them take a few milliseconds, and none is an
// element of the page.

/** The part of the run's time that the plots show, and who wants to know when it changes. */
const view = {
  from: 0,
  to: 1,
  whole: [0, 1],
  readers: [],
  fit() {
    this.set(...this.whole);
  },
  set(from, to) {
    const [first, last] = this.whole;
    const span = Math.min(last - first, Math.max(to - from, Math.min(0.5, last - first)));
    this.from = Math.max(first, Math.min(last - span, from));
    this.to = this.from + span;
    this.readers.forEach((it) => it());
  },
  /** Goes nearer by a factor, around a place of the view from 0 to 1. */
  zoom(factor, around = 0.5) {
    const at = this.from + around * (this.to - this.from);
    const span = (this.to - this.from) / factor;
    this.set(at - around * span, at + (1 - around) * span);
  },
  move(share) {
    const by = share * (this.to - this.from);
    this.set(this.from + by, this.to + by);
  },
};

const GUTTER = 84;
const AXIS = 22;
/** The most lanes of a stage; more calls at once share lanes. */
const LANES = 200;

/** Gives each call of a stage the lane that has been free longest ago. */
function lanesOf(stage) {
  const members = [];
  for (let n = 0; n < calls.count; n++) if (calls.stage[n] === stage && hasTiming(n) && calls.end[n] !== ENDS.reused) members.push(n);
  members.sort((a, b) => calls.begin[a] - calls.begin[b]);
  const [ends, lanes] = [[], []];
  let from = 0;
  for (const n of members) {
    let lane = -1;
    for (let k = 0; k < ends.length && lane < 0; k++) {
      const at = (from + k) % ends.length;
      if (ends[at] <= calls.begin[n] + 0.05) lane = at;
    }
    if (lane < 0 && ends.length < LANES) lane = ends.length;
    if (lane < 0) lane = ends.indexOf(Math.min(...ends));
    if (ends.length > 64) from = lane;
    ends[lane] = endOf(n);
    (lanes[lane] ||= []).push(n);
  }
  return lanes;
}

const timeline = {
  stages: [],
  show() {
    const timed = calls.begin.reduce((sum, it) => sum + (it >= 0), 0);
    if (!timed) return;
    let last = 0;
    for (let n = 0; n < calls.count; n++) if (hasTiming(n)) last = Math.max(last, endOf(n));
    view.whole = [0, last * 1.005 || 1];
    this.stages = calls.stages.map((name, stage) => ({ name, lanes: lanesOf(stage) })).filter((it) => it.lanes.length);
    const lanes = this.stages.reduce((sum, it) => sum + it.lanes.length, 0);
    this.lane = lanes <= 16 ? 14 : lanes <= 40 ? 9 : lanes <= 80 ? 5 : lanes <= 170 ? 3 : 2;
    this.height = AXIS + lanes * this.lane + this.stages.length * 14 + 4;
    this.canvas = el("canvas", { tabindex: 0, role: "img", class: "timeline", "aria-describedby": "timeline-words" });
    this.canvas.setAttribute("aria-label", "Timeline of " + plural(timed, "call") + ". Plus and minus zoom, the arrow keys move, 0 shows all, N and P go from call to call, Enter opens one.");
    this.tip = el("div", { class: "tip", hidden: true });
    this.span = el("output", { class: "told" });
    const tools = el("div", { class: "tools" },
      button("−", () => view.zoom(1 / 1.6), { "aria-label": "Zoom out" }),
      button("+", () => view.zoom(1.6), { "aria-label": "Zoom in" }),
      button("All", () => view.fit(), { "aria-label": "All: show the whole run" }),
      legend(), this.span);
    const frame = el("div", { class: "plot" }, this.canvas, this.tip);
    reveal("timeline", tools, frame, el("p", { class: "dim hint" }, "Click the plot, then turn the wheel to zoom; drag to move, Shift-drag to choose a part, double-click for all."), this.words());
    this.listen();
    view.readers.push(onFrame(() => this.draw()));
    view.fit();
  },

  draw() {
    const start = performance.now();
    const { draw, width, ratio } = surface(this.canvas, this.height);
    this.width = width;
    this.bars(draw, width, ratio);
    this.frame(draw, width);
    this.span.textContent = time(view.from) + " to " + time(view.to);
    performance.measure("timeline", { start });
  },

  /** Writes the bars as pixels. */
  bars(draw, width, ratio) {
    const [w, h] = [Math.max(1, Math.round((width - GUTTER) * ratio)), Math.round(this.height * ratio)];
    const image = draw.createImageData(w, h);
    const pixels = new Uint32Array(image.data.buffer);
    const scale = w / (view.to - view.from);
    const paints = { slot: pixel(colours.slot), rate: pixel(colours.rate), other: pixel(colours.other), retry: pixel(colours.retry), first: pixel(colours.first), rest: pixel(colours.network) };
    const bad = pixel(colours.bad);
    const thick = Math.max(1, Math.round(this.lane * ratio) - (this.lane > 3 ? Math.round(ratio) : 0));
    let y = AXIS;
    this.tops = [];
    for (const { lanes } of this.stages) {
      this.tops.push(y);
      y += 14;
      for (const lane of lanes) {
        const top = Math.round(y * ratio);
        for (let at = firstAfter(lane, view.from); at < lane.length && calls.begin[lane[at]] < view.to; at++) this.bar(lane[at], { pixels, w, top, thick, scale, paints, bad });
        y += this.lane;
      }
    }
    draw.putImageData(image, Math.round(GUTTER * ratio), 0);
  },

  bar(n, { pixels, w, top, thick, scale, paints, bad }) {
    let at = calls.begin[n];
    const isBad = calls.end[n] === ENDS.failed || calls.end[n] === ENDS.rejected;
    for (const [phase] of PHASES) {
      const length = calls[phase][n];
      if (!(length > 0)) continue;
      const x0 = Math.max(0, Math.floor((at - view.from) * scale));
      const x1 = Math.min(w, Math.max(x0 + 1, Math.floor((at + length - view.from) * scale)));
      at += length;
      const paint = isBad && (phase === "first" || phase === "rest") ? bad : paints[phase];
      if (x1 > x0) for (let row = 0; row < thick; row++) pixels.fill(paint, (top + row) * w + x0, (top + row) * w + x1);
    }
  },

  frame(draw, width) {
    draw.textBaseline = "middle";
    axis(draw, GUTTER, width, AXIS, this.height);
    draw.textAlign = "left";
    this.stages.forEach(({ name, lanes }, at) => {
      draw.fillStyle = colours.text;
      draw.fillText(plain(name).slice(0, 14), 0, this.tops[at] + 8, GUTTER - 6);
      if (lanes.length * this.lane < 14) return;
      draw.fillStyle = colours.dim;
      draw.fillText(plural(lanes.length, "lane"), 0, this.tops[at] + 21, GUTTER - 6);
    });
    if (this.marked >= 0) this.outline(draw, this.marked);
  },

  outline(draw, n) {
    const place = this.placeOf(n);
    if (!place) return;
    const x = (it) => GUTTER + ((it - view.from) / (view.to - view.from)) * (this.width - GUTTER);
    const [x0, x1] = [Math.max(GUTTER, x(calls.begin[n])), Math.min(this.width, x(endOf(n)))];
    draw.strokeStyle = colours.text;
    draw.lineWidth = 1.5;
    draw.strokeRect(x0 - 1, place - 1, Math.max(3, x1 - x0 + 2), this.lane + 1);
  },

  placeOf(n) {
    const at = this.stages.findIndex((it) => it.name === calls.stages[calls.stage[n]]);
    if (at < 0) return 0;
    const lane = this.stages[at].lanes.findIndex((it) => it.includes(n));
    return lane < 0 ? 0 : this.tops[at] + 14 + lane * this.lane;
  },

  /** Returns the call under a point, or -1. */
  under(x, y) {
    if (x < GUTTER) return -1;
    const at = view.from + ((x - GUTTER) / (this.width - GUTTER)) * (view.to - view.from);
    for (let s = this.stages.length - 1; s >= 0; s--) {
      const lane = this.stages[s].lanes[Math.floor((y - this.tops[s] - 14) / this.lane)];
      if (y < this.tops[s] || !lane) continue;
      const slack = (2 * (view.to - view.from)) / this.width;
      const from = firstAfter(lane, at - slack);
      return from < lane.length && calls.begin[lane[from]] <= at + slack ? lane[from] : -1;
    }
    return -1;
  },

  listen() {
    const { canvas } = this;
    let drag = null;
    canvas.addEventListener("wheel", (event) => {
      if (document.activeElement !== canvas && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) view.move(event.deltaX / 600);
      else view.zoom(Math.exp(-event.deltaY / 300), this.share(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      drag = { x: event.offsetX, from: view.from, to: view.to, isChoice: event.shiftKey, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) return this.hover(event);
      drag.moved ||= Math.abs(event.offsetX - drag.x) > 3;
      if (!drag.moved || drag.isChoice) return;
      const by = ((drag.x - event.offsetX) / (this.width - GUTTER)) * (drag.to - drag.from);
      view.set(drag.from + by, drag.to + by);
    });
    canvas.addEventListener("pointerup", (event) => {
      const { moved, isChoice, x } = drag || {};
      drag = null;
      if (moved && isChoice) this.choosePart(x, event.offsetX);
      else if (!moved) this.choose(this.under(event.offsetX, event.offsetY), event.detail);
    });
    canvas.addEventListener("pointerleave", () => (this.tip.hidden = true));
    canvas.addEventListener("dblclick", () => view.fit());
    canvas.addEventListener("keydown", (event) => this.key(event));
  },

  share: (event) => Math.max(0, Math.min(1, (event.offsetX - GUTTER) / (timeline.width - GUTTER))),

  choosePart(a, b) {
    const at = (x) => view.from + (Math.max(0, x - GUTTER) / (this.width - GUTTER)) * (view.to - view.from);
    if (Math.abs(a - b) > 3) view.set(at(Math.min(a, b)), at(Math.max(a, b)));
  },

  choose(n) {
    if (n < 0) return;
    this.marked = n;
    this.draw();
    detail.open(branchOf[n]);
  },

  hover(event) {
    const n = this.under(event.offsetX, event.offsetY);
    this.tip.hidden = n < 0;
    if (n < 0) return;
    this.tip.replaceChildren(...this.said(n));
    this.tip.style.left = Math.max(0, Math.min(event.offsetX + 14, this.width - 300)) + "px";
    this.tip.style.top = event.offsetY + 16 + "px";
  },

  said(n) {
    const parts = PHASES.filter(([phase]) => calls[phase][n] > 0).map(([phase, text]) => time(calls[phase][n]) + " " + text);
    return [el("b", {}, line(calls.label[n])), el("span", {}, run.ends[calls.end[n]] + " · " + time(endOf(n) - calls.begin[n]) + ": " + parts.join(", "))];
  },

  key(event) {
    const keys = {
      "+": () => view.zoom(1.6), "=": () => view.zoom(1.6), "-": () => view.zoom(1 / 1.6),
      ArrowLeft: () => view.move(-0.15), ArrowRight: () => view.move(0.15),
      0: () => view.fit(), Home: () => view.fit(),
      n: () => this.next(1), p: () => this.next(-1),
      Enter: () => this.choose(this.marked ?? -1),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  },

  /** Marks the call that began next, and brings it into view. */
  next(step) {
    this.byTime ||= this.stages.flatMap((it) => it.lanes.flat()).sort((a, b) => calls.begin[a] - calls.begin[b]);
    const seen = this.byTime.findIndex((n) => calls.begin[n] >= view.from);
    const at = this.marked >= 0 ? this.byTime.indexOf(this.marked) + step : Math.max(0, seen);
    this.marked = this.byTime[Math.max(0, Math.min(this.byTime.length - 1, at))];
    const [begin, half] = [calls.begin[this.marked], (view.to - view.from) / 2];
    if (begin < view.from || begin > view.to) view.set(begin - half, begin + half);
    else this.draw();
    this.span.textContent = plain(line(calls.label[this.marked])) + ": " + this.said(this.marked)[1].textContent;
  },

  /** The same in words and numbers, for who cannot see the plot. */
  words() {
    const body = el("tbody");
    for (const { name, lanes } of this.stages) {
      const all = lanes.flat();
      const sumOf = (phase) => all.reduce((sum, n) => sum + calls[phase][n], 0);
      const took = all.map((n) => endOf(n) - calls.begin[n]).sort((a, b) => a - b);
      const at = (share) => took[Math.min(took.length - 1, Math.floor(share * took.length))];
      const cells = [count(all.length), lanes.length, time(at(0.5)), time(at(0.95)), time(took[took.length - 1]), ...["slot", "rate", "retry"].map((it) => time(sumOf(it))), time(sumOf("first") + sumOf("rest"))];
      body.append(el("tr", {}, el("th", { scope: "row" }, name), ...cells.map((it) => el("td", {}, it))));
    }
    const heads = ["Stage", "Calls", "At once", "Median", "95 %", "Slowest", "Waited for slots", "For the rate", "Lost on retries", "On the network"];
    return el("table", { class: "plain", id: "timeline-words" }, el("caption", {}, "Where the time of the calls went, added up over all"), el("thead", {}, el("tr", {}, ...heads.map((it) => el("th", { scope: "col" }, it)))), body);
  },
};

/** Finds the first call of a lane that ends after a time. */
function firstAfter(lane, at) {
  let [low, high] = [0, lane.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(lane[middle]) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Draws the ticks of time from `left` to `right`. */
function axis(draw, left, right, y, bottom) {
  const step = niceStep(view.to - view.from, Math.max(2, (right - left) / 110));
  draw.fillStyle = colours.dim;
  draw.strokeStyle = colours.line;
  draw.lineWidth = 1;
  draw.textAlign = "left";
  draw.beginPath();
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const x = Math.round(left + ((at - view.from) / (view.to - view.from)) * (right - left)) + 0.5;
    draw.moveTo(x, y - 6);
    draw.lineTo(x, bottom);
    if (x < right - 34) draw.fillText(at < step / 2 ? "0" : tick(at, step), x + 4, y - 11);
  }
  draw.stroke();
}

/** Writes a time with no more digits than its ticks need. */
function tick(at, step) {
  if (view.to < 1000) return (step < 1 ? at.toFixed(1) : Math.round(at)) + " ms";
  if (view.to < 120000) return (at / 1000).toFixed(Math.max(0, Math.min(4, -Math.floor(Math.log10(step / 1000))))) + " s";
  const seconds = at / 1000;
  const rest = (seconds % 60).toFixed(step < 1000 ? 1 : 0);
  return Math.floor(seconds / 60) + ":" + rest.padStart(step < 1000 ? 4 : 2, "0");
}

function legend() {
  const names = [["rest", "on the network"], ["first", "until the first byte"], ["rate", "waiting for the rate"], ["slot", "waiting for a slot"], ["other", "other waits"], ["retry", "retries"], ["bad", "failed"]];
  const used = names.filter(([phase]) => phase === "bad" || calls[phase].some((it) => it > 0));
  return el("ul", { class: "legend" }, ...used.map(([phase, text]) => el("li", {}, el("i", { class: "phase-" + phase, "aria-hidden": "true" }), text)));
}
