// Draws how many calls were under way, how many ended, and what was spent, over the time of the timeline.

const PLOT = 116;

const plots = {
  all: [],
  show() {
    if (!view.readers.length) return;
    const isPriced = calls.cost.some((it) => it > 0);
    this.ended = calls.begin.reduce((all, it, n) => (it >= 0 ? (all.push(n), all) : all), []).sort((a, b) => endOf(a) - endOf(b));
    this.ends = Float64Array.from(this.ended, endOf);
    this.spent = isPriced ? (n) => Math.max(0, calls.cost[n]) : (n) => calls.input[n] + calls.output[n];
    this.sums = new Float64Array(this.ended.length + 1);
    this.ended.forEach((n, at) => (this.sums[at + 1] = this.sums[at] + this.spent(n)));
    const grid = el("div", { class: "plots" });
    this.add(grid, "In flight", "calls at once", (...it) => this.inFlight(...it));
    this.add(grid, "Throughput", "calls ended per second", (...it) => this.throughput(...it));
    if (this.sums[this.ended.length] > 0) this.add(grid, isPriced ? "Spend" : "Tokens", isPriced ? "US dollars so far" : "read and written so far", (...it) => this.spend(...it), isPriced ? money : count);
    reveal("rates", grid, this.words(isPriced));
    view.readers.push(onFrame(() => this.draw()));
    this.draw();
  },

  add(grid, name, unit, paint, write = short) {
    const canvas = el("canvas", { role: "img", "aria-label": name + ", " + unit + ": the numbers are in the table below", class: "small-plot" });
    const most = el("span", { class: "dim" });
    grid.append(el("figure", {}, el("figcaption", {}, el("b", {}, name), " ", el("span", { class: "dim" }, unit), most), canvas));
    this.all.push({ canvas, paint, most, write });
  },

  draw() {
    for (const { canvas, paint, most, write } of this.all) {
      const { draw, width, height } = surface(canvas, PLOT);
      const top = paint(draw, width, height - 18);
      most.textContent = " · at most " + write(top);
      draw.textBaseline = "middle";
      plotAxis(draw, width, height);
    }
  },

  /** Counts the calls that are in each phase at the middle of each step of `width`. */
  occupancy(width) {
    const steps = Math.round(width);
    const scale = steps / (view.to - view.from);
    const phases = PHASES.map(() => new Int32Array(steps + 1));
    for (let n = 0; n < calls.count; n++) {
      let at = calls.begin[n];
      if (at < 0 || at > view.to || calls.end[n] === ENDS.reused) continue;
      PHASES.forEach(([phase], p) => {
        const length = calls[phase][n];
        if (!(length > 0)) return;
        const from = Math.max(0, Math.ceil((at - view.from) * scale - 0.5));
        const to = Math.min(steps, Math.ceil((at + length - view.from) * scale - 0.5));
        if (to > from) {
          phases[p][from]++;
          phases[p][to]--;
        }
        at += length;
      });
    }
    for (const it of phases) for (let at = 1; at < steps; at++) it[at] += it[at - 1];
    return phases;
  },

  inFlight(draw, width, height) {
    const phases = this.occupancy(width);
    const order = [5, 4, 3, 2, 1, 0];
    const whole = new Int32Array(phases[0].length);
    for (const it of phases) it.forEach((number, at) => (whole[at] += number));
    const top = Math.max(1, ...whole.subarray(0, -1));
    const base = new Float64Array(whole.length);
    for (const p of order) {
      draw.fillStyle = [colours.slot, colours.rate, colours.other, colours.retry, colours.first, colours.network][p];
      draw.beginPath();
      for (let at = 0; at < whole.length - 1; at++) {
        const high = (phases[p][at] / top) * (height - 4);
        if (high > 0) draw.rect(at, height - base[at] - high, 1, high);
        base[at] += high;
      }
      draw.fill();
    }
    return top;
  },

  throughput(draw, width, height) {
    const bins = Math.max(1, Math.floor(width / 5));
    const counts = new Float64Array(bins);
    const span = view.to - view.from;
    for (let at = indexAfter(this.ends, view.from); at < this.ends.length && this.ends[at] < view.to; at++) counts[Math.floor(((this.ends[at] - view.from) / span) * bins)]++;
    const top = Math.max(1, ...counts);
    draw.fillStyle = colours.accent;
    counts.forEach((number, at) => {
      const high = (number / top) * (height - 4);
      draw.fillRect((at * width) / bins, height - high, width / bins - 1, high);
    });
    return (top * bins * 1000) / span;
  },

  spend(draw, width, height) {
    const top = this.sums[this.sums.length - 1] || 1;
    const y = (it) => height - (it / top) * (height - 4);
    draw.beginPath();
    draw.moveTo(0, height);
    for (let x = 0; x <= width; x++) {
      const until = indexAfter(this.ends, view.from + (x / width) * (view.to - view.from));
      draw.lineTo(x, y(this.sums[until]));
    }
    draw.lineTo(width, height);
    draw.fillStyle = colours.first;
    draw.fill();
    draw.strokeStyle = colours.accent;
    draw.lineWidth = 1.5;
    draw.stroke();
    return this.sums[this.sums.length - 1];
  },

  /** The same as numbers: the whole run in twelve steps. */
  words(isPriced) {
    const steps = 12;
    const [from, to] = view.whole;
    const body = el("tbody");
    const length = (to - from) / steps;
    for (let step = 0; step < steps; step++) {
      const [a, b] = [from + step * length, from + (step + 1) * length];
      const [first, last] = [indexAfter(this.ends, a), indexAfter(this.ends, b)];
      let under = 0;
      for (let n = 0; n < calls.count; n++) if (hasTiming(n) && calls.begin[n] <= (a + b) / 2 && endOf(n) > (a + b) / 2) under++;
      const cells = [count(under), count(last - first), ((1000 * (last - first)) / length).toFixed(1), (isPriced ? money : count)(this.sums[last])];
      body.append(el("tr", {}, el("th", { scope: "row" }, time(a) + " to " + time(b)), ...cells.map((it) => el("td", {}, it))));
    }
    const heads = ["Time", "In flight at its middle", "Ended", "Per second", isPriced ? "Spent so far" : "Tokens so far"];
    return el("details", {}, el("summary", {}, "The same as numbers"), el("table", { class: "plain" }, el("thead", {}, el("tr", {}, ...heads.map((it) => el("th", { scope: "col" }, it)))), body));
  },
};

const short = (number) => (number >= 100 ? count(number) : Number(number.toFixed(1)).toString());

function indexAfter(sorted, at) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Draws the ticks of time under a plot. */
function plotAxis(draw, width, height) {
  const base = height - 18;
  draw.strokeStyle = colours.line;
  draw.lineWidth = 1;
  draw.beginPath();
  draw.moveTo(0, base + 0.5);
  draw.lineTo(width, base + 0.5);
  draw.stroke();
  draw.fillStyle = colours.dim;
  const step = niceStep(view.to - view.from, Math.max(2, width / 90));
  draw.textAlign = "center";
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const x = ((at - view.from) / (view.to - view.from)) * width;
    if (x > 14 && x < width - 18) draw.fillText(tick(at, step), x, base + 11);
  }
}
