// Shows one branch with its calls: what was asked, what was answered, and where the time went.

const PHASES = [
  ["slot", "waited for a slot"],
  ["rate", "waited for the provider's rate"],
  ["other", "waited for the budget or the store"],
  ["retry", "lost on failed attempts"],
  ["first", "until the first byte"],
  ["rest", "on the network"],
];

const detail = {
  /** Opens a branch; `passage` is marked in its prompt. `order` are the branches before and after it. */
  async open(b, { passage = "", order = null } = {}) {
    const branch = branches[b];
    this.dialog ||= this.make();
    const [last, stage] = [branch.calls[branch.calls.length - 1], calls.stages[branch.stage]];
    this.head.replaceChildren(
      el("p", { class: "kicker" }, stage, " · ", run.ends[branch.end]),
      el("h2", { id: "detail-name" }, branch.label),
    );
    this.step(b, order);
    this.body.replaceChildren(...branch.calls.map((n, at) => this.call(n, at, branch.calls.length)));
    if (!this.dialog.open) this.dialog.showModal();
    reach();
    this.body.scrollTop = 0;
    this.shown = b;
    await Promise.all(branch.calls.map((n) => this.texts(n, passage, n === last)));
  },

  make() {
    this.head = el("div", { class: "detail-head" });
    this.body = el("div", { class: "detail-body", tabindex: 0, autofocus: true, role: "region", "aria-label": "Calls" });
    this.buttons = el("div", { class: "detail-buttons" });
    const dialog = el("dialog", { id: "detail", "aria-labelledby": "detail-name" }, el("div", { class: "detail-top" }, this.head, this.buttons), this.body);
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    document.body.append(dialog);
    return dialog;
  },

  step(b, order) {
    const at = order ? order.indexOf(b) : -1;
    const to = (next) => this.open(order[next], { order });
    this.buttons.replaceChildren(
      button("Previous", () => to(at - 1), { disabled: at <= 0 }),
      button("Next", () => to(at + 1), { disabled: !order || at < 0 || at + 1 >= order.length }),
      button("Close", () => this.dialog.close(), { class: "close" }),
    );
  },

  call(n, at, of) {
    const facts = [
      ["Model", calls.models[calls.model[n]]],
      ["Tokens", calls.number[n] && count(calls.input[n]) + " in" + (calls.cached[n] ? " (" + count(calls.cached[n]) + " cached)" : "") + ", " + count(calls.output[n]) + " out"],
      ["Attempts", calls.number[n] ? count(calls.attempts[n]) : ""],
      ["Cost", money(calls.cost[n])],
      ["Began", hasTiming(n) ? "at " + time(calls.begin[n]) : ""],
      ["Cause", calls.cause[n] >= 0 ? calls.causes[calls.cause[n]] : ""],
    ];
    const list = el("dl", { class: "inline" });
    for (const [name, value] of facts) if (value) list.append(el("div", {}, el("dt", {}, name), el("dd", {}, value)));
    const name = !calls.number[n] ? "The branch: " + run.ends[calls.end[n]] : of > 1 ? "Call " + (at + 1) + " of " + of + (calls.number[n] > 1 ? " (asked again)" : "") + ": " + run.ends[calls.end[n]] : null;
    return el("article", { class: "call" }, name && el("h3", {}, name), list, hasTiming(n) && this.phases(n), el("div", { id: "call-texts-" + n, class: "texts" }, el("p", { class: "dim" }, "…")));
  },

  /** The parts of a call's time, as a bar and in words. */
  phases(n) {
    const whole = endOf(n) - calls.begin[n] || 1;
    const bar = el("div", { class: "bar", "aria-hidden": "true" });
    const words = [];
    for (const [phase, text] of PHASES) {
      if (!(calls[phase][n] > 0)) continue;
      const part = el("i", { class: "phase-" + phase });
      part.style.width = (100 * calls[phase][n]) / whole + "%";
      bar.append(part);
      words.push(time(calls[phase][n]) + " " + text);
    }
    return el("div", {}, bar, el("p", { class: "dim" }, time(whole) + ": " + words.join(", ")));
  },

  async texts(n, passage, isLast) {
    const place = $("call-texts-" + n);
    const { prompt, answer, notes } = await textsOf(n);
    if (!place.isConnected) return;
    place.replaceChildren();
    if (notes.length) place.append(el("ul", { class: "notes" }, ...notes.map((it) => el("li", {}, it))));
    const isMarked = passage && prompt && prompt.includes(passage);
    if (answer !== null) place.append(this.text("Answer", pretty(answer), true, ""));
    if (prompt !== null) place.append(this.text("Prompt", prompt, isLast, isMarked ? passage : ""));
    if (prompt === null && answer === null) place.append(el("p", { class: "dim" }, calls.number[n] ? "Neither prompt nor answer was kept." : "No call was made for it."));
    place.querySelector("mark")?.scrollIntoView({ block: "center" });
  },

  text(name, text, isOpen, passage) {
    const pre = el("pre", { tabindex: 0, "aria-label": name });
    const at = passage ? text.indexOf(passage) : -1;
    if (at < 0) pre.append(visible(text));
    else pre.append(visible(text.slice(0, at)), el("mark", {}, passage), visible(text.slice(at + passage.length)));
    return el("details", { open: isOpen }, el("summary", {}, name, el("span", { class: "dim" }, " " + plural(text.length, "character"))), pre);
  },
};

/** Lays JSON out over lines; leaves every other text as it is. */
function pretty(text) {
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
