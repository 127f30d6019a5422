// Draws long tables: sorted, filtered and searched, with elements for the visible rows only.

const ROW = 30;

/** The most characters of texts that a column is made as wide for. */
const LONGEST = { name: 34, answer: 90, field: 60 };

/** How wide a character is: a digit in a column of numbers, which are all as wide, or one of a text. */
const widthOf = (kind) => (kind === "number" ? 1.02 : 0.9) * digitWidth();

let digit = 0;
function digitWidth() {
  if (!digit) {
    const pen = document.createElement("canvas").getContext("2d");
    const { fontSize, fontFamily } = getComputedStyle(document.body);
    pen.font = fontSize + " " + fontFamily;
    digit = pen.measureText("0000000000").width / 10;
  }
  return digit;
}

/** So many rows of a table go to paper. */
const PRINTED = 1000;

/** All tables of the page. */
const tables = [];

class Table {
  /**
   * `columns` have a name, a text of a row, and a value to sort by; `rows` says how many rows there are,
   * `open` is called with the row that was chosen and the order of all, `search` returns what is searched.
   */
  constructor({ label, columns, rows, open, search, tools = [], filter = () => true, height = 16 }) {
    Object.assign(this, { label, columns, rows, open, search, filter, height, sorted: -1, isDown: false, words: [], found: null, current: 0 });
    this.order = Array.from({ length: rows }, (_, n) => n);
    this.told = el("output", { class: "told", "aria-live": "polite" });
    this.field = el("input", { type: "search", placeholder: "Search", "aria-label": "Search " + label, spellcheck: "false" });
    let wait;
    this.field.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(() => this.seek(this.field.value), 60);
    });
    this.body = el("tbody");
    this.heads = columns.map((column, n) => this.head(column, n));
    const widths = this.widths(columns);
    const sizes = el("colgroup", {}, ...widths.map((it) => sized(el("col"), it)));
    this.table = el("table", { class: "rows", "aria-label": label }, sizes, el("thead", {}, el("tr", {}, ...this.heads)), this.body);
    this.scroller = el("div", { class: "scroller" }, this.table);
    this.node = el("div", { class: "table" }, el("div", { class: "tools" }, this.field, ...tools, this.told), this.scroller);
    this.table.style.minWidth = widths.reduce((sum, it) => sum + it, 0) + "px";
    this.scroller.addEventListener("scroll", onFrame(() => this.draw()));
    this.body.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-at]");
      if (row && !String(getSelection())) this.choose(Number(row.dataset.at));
    });
    this.arrange();
    tables.push(this);
  }

  /** Returns how wide the columns are to be: long texts share what the others leave. */
  widths(columns) {
    const wanted = columns.map((it) => this.wanted(it));
    const sum = (list) => list.reduce((all, it) => all + it, 0);
    const isLong = (at) => columns[at].kind in LONGEST && wanted[at] > 200;
    const room = ($("main").clientWidth || 1200) - 70;
    const fixed = sum(wanted.filter((_, at) => !isLong(at)));
    const long = sum(wanted.filter((_, at) => isLong(at))) || 1;
    const share = Math.min(1, Math.max(0, room - fixed) / long);
    const widths = wanted.map((it, at) => (isLong(at) ? Math.max(160, it * share) : it));
    // What is left over goes to texts, and numbers stay close together.
    const isText = (at) => ["name", "answer", "field"].includes(columns[at].kind);
    const texts = sum(widths.filter((_, at) => isText(at))) || 1;
    const left = Math.max(0, room - sum(widths));
    return widths.map((it, at) => (isText(at) ? it + (left * it) / texts : it));
  }

  /** Returns how wide a column would like to be, going by some of its rows. */
  wanted(column) {
    const step = Math.max(1, Math.floor(this.rows / 200));
    const lengths = [];
    for (let n = 0; n < this.rows; n += step) {
      const text = column.text(n);
      lengths.push(text instanceof Node ? text.textContent.length + 3 : text.length);
    }
    lengths.sort((a, b) => a - b);
    const most = LONGEST[column.kind] || 26;
    // One long text may be cut, but no number and no word.
    const share = column.kind in LONGEST ? 0.97 : 1;
    const long = lengths[Math.round(share * (lengths.length - 1))] || 0;
    const name = 22 + 7.3 * (column.name.length + 2);
    return Math.max(name, 22 + widthOf(column.kind) * Math.min(most, long));
  }

  head(column, n) {
    const sort = button(column.name, () => this.sort(n), { class: "sort" });
    return el("th", { scope: "col", class: column.kind, "aria-sort": "none" }, sort);
  }

  sort(n) {
    this.isDown = this.sorted === n ? !this.isDown : this.columns[n].kind === "number";
    this.sorted = n;
    this.heads.forEach((head, at) => head.setAttribute("aria-sort", at !== n ? "none" : this.isDown ? "descending" : "ascending"));
    this.arrange();
  }

  /** Looks for rows that have all words. */
  seek(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.found = null;
    this.arrange();
  }

  /** Works out which rows are shown, and in which order. */
  arrange() {
    const { words } = this;
    this.texts ||= [];
    const has = (n) => {
      this.texts[n] ??= this.search(n).toLowerCase();
      return words.every((word) => this.texts[n].includes(word));
    };
    const order = [];
    for (let n = 0; n < this.rows; n++) if (this.filter(n) && (!words.length || this.found?.has(n) || has(n))) order.push(n);
    if (this.sorted >= 0) {
      const keys = Array.from({ length: this.rows });
      for (const n of order) keys[n] = this.columns[this.sorted].value(n);
      const way = this.isDown ? -1 : 1;
      order.sort((a, b) => way * compare(keys[a], keys[b]) || a - b);
    }
    this.order = order;
    this.current = 0;
    this.told.textContent = order.length === this.rows ? plural(this.rows, "row") : count(order.length) + " of " + plural(this.rows, "row");
    this.table.setAttribute("aria-rowcount", order.length + 1);
    this.scroller.style.height = Math.min(this.height, Math.max(3, order.length)) * ROW + 36 + "px";
    this.scroller.scrollTop = 0;
    this.draw();
  }

  /** Makes the elements of the rows in view, and of a few around them. */
  draw() {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - 6);
    const last = Math.min(this.order.length, first + this.height + 14);
    const hadFocus = this.body.contains(document.activeElement);
    const rows = [this.space(first)];
    for (let at = first; at < last; at++) rows.push(this.row(at));
    rows.push(this.space(this.order.length - last));
    if (!this.order.length) rows.push(el("tr", {}, el("td", { colspan: this.columns.length, class: "none" }, "No row has that.")));
    this.body.replaceChildren(...rows);
    if (hadFocus) this.body.querySelector('tr[tabindex="0"]')?.focus({ preventScroll: true });
  }

  /** Makes the elements of all rows, as far as paper should have them. */
  print() {
    const rows = this.order.slice(0, PRINTED).map((_, at) => this.row(at));
    const more = this.order.length - rows.length;
    if (more) rows.push(el("tr", {}, el("td", { colspan: this.columns.length, class: "none" }, plural(more, "more row") + " not printed; a search or a filter makes them fewer.")));
    this.body.replaceChildren(...rows);
  }

  row(at) {
    const n = this.order[at];
    const cells = this.columns.map((column) => el("td", { class: column.kind }, column.text(n)));
    const isCurrent = at === this.current;
    return el("tr", { "data-at": at, "aria-rowindex": at + 2, tabindex: isCurrent ? 0 : -1, "aria-selected": this.shown === n ? "true" : null }, ...cells);
  }

  space(rows) {
    const it = el("tr", { class: "space", "aria-hidden": "true" });
    it.style.height = rows * ROW + "px";
    return it;
  }

  key(event) {
    const page = this.height - 1;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.rows, End: this.rows };
    if (event.key === "Enter" || event.key === " ") this.choose(this.current);
    else if (event.key in steps) this.move(this.current + steps[event.key]);
    else return;
    event.preventDefault();
  }

  move(to) {
    this.current = Math.max(0, Math.min(this.order.length - 1, to));
    const top = this.current * ROW;
    const [from, high] = [this.scroller.scrollTop, this.scroller.clientHeight - 34];
    if (top < from) this.scroller.scrollTop = top;
    else if (top + ROW > from + high) this.scroller.scrollTop = top + ROW - high;
    this.draw();
    this.body.querySelector('tr[tabindex="0"]')?.focus({ preventScroll: true });
  }

  choose(at) {
    this.current = at;
    this.shown = this.order[at];
    this.draw();
    this.open?.(this.order[at], this.order);
  }
}

function sized(node, width) {
  node.style.width = width + "px";
  return node;
}

/** Compares numbers as numbers and all else as text; what is missing comes last going up. */
function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (a == null || b == null) return (a == null) - (b == null);
  return a < b ? -1 : a > b ? 1 : typeof a === typeof b ? 0 : typeof a === "number" ? -1 : 1;
}

/** A choice among names; the first stands for all. */
function choice(label, names, onchange) {
  const it = el("select", { "aria-label": label });
  names.forEach((name, n) => it.append(el("option", { value: n }, name)));
  it.addEventListener("change", () => onchange(Number(it.value)));
  return it;
}
