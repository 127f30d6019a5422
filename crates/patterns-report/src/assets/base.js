// Makes elements and writes numbers. All text goes into the page as text, never as markup.

const $ = (id) => document.getElementById(id);

/** Characters that command, reorder or hide instead of being seen; `html.rs` has the same list. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

const codeOf = (character) => "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");

/** Returns a text with what is not seen written out, for places that hold nothing but text. */
const plain = (text) => String(text).replace(UNSEEN, (it) => "[" + codeOf(it) + "]");

/** Returns nodes of a text, what is not seen written out and marked. */
function visible(text) {
  const nodes = document.createDocumentFragment();
  let from = 0;
  for (const match of String(text).matchAll(UNSEEN)) {
    nodes.append(text.slice(from, match.index), el("span", { class: "unseen" }, codeOf(match[0])));
    from = match.index + match[0].length;
  }
  nodes.append(String(text).slice(from));
  return nodes;
}

/** Makes an element. Children that are texts are shown as they are. */
function el(name, attributes = {}, ...children) {
  const it = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) it.setAttribute(key, "");
    else if (value !== false && value != null) it.setAttribute(key, plain(value));
  }
  for (const child of children) {
    if (child == null || child === false) continue;
    it.append(child instanceof Node ? child : typeof child === "string" && child.search(UNSEEN) >= 0 ? visible(child) : String(child));
  }
  return it;
}

function button(text, onclick, attributes = {}) {
  const it = el("button", { type: "button", ...attributes }, text);
  it.addEventListener("click", onclick);
  return it;
}

const blocks = (name) => [...document.querySelectorAll("script." + name)].map((it) => JSON.parse(it.textContent));

const count = (number) => Math.round(number).toLocaleString("en-US");

const plural = (number, one, many = one + "s") => count(number) + " " + (number === 1 ? one : many);

const percent = (share) => (share > 0 && share < 0.01 ? "<1" : Math.round(100 * share)) + " %";

/** Writes milliseconds. */
function time(ms) {
  if (ms < 0 || ms == null) return "";
  if (ms === 0) return "0";
  if (ms < 999.5) return (ms < 10 ? ms.toFixed(1) : Math.round(ms)) + " ms";
  if (ms < 59950) return (ms / 1000).toFixed(ms < 9950 ? 2 : 1) + " s";
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return Math.floor(seconds / 60) + " min " + (seconds % 60) + " s";
  return Math.floor(seconds / 3600) + " h " + Math.round((seconds % 3600) / 60) + " min";
}

/** Writes millionths of a dollar. */
function money(micros) {
  if (micros < 0 || micros == null) return "";
  const dollars = micros / 1e6;
  const digits = dollars === 0 || dollars >= 100 ? 2 : Math.min(6, Math.max(2, 2 - Math.floor(Math.log10(dollars))));
  return "$" + dollars.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: digits });
}

/** Returns a share as a bar and in words. */
function shareBar(share, kind = "") {
  const bar = el("i", { class: kind });
  bar.style.width = 100 * share + "%";
  return el("span", { class: "share" }, el("span", { "aria-hidden": "true" }, bar), percent(share));
}

/** Returns a step of 1, 2 or 5 tens so that about `most` of them are in `span`. */
function niceStep(span, most) {
  const rough = span / most;
  const ten = 10 ** Math.floor(Math.log10(rough));
  return ten * [1, 2, 5, 10].find((it) => it * ten >= rough);
}

/** The values of the style's colours, which change with the theme. */
const colours = {
  names: ["other", "text", "dim", "line", "accent", "network", "first", "rate", "slot", "retry", "bad", "panel"],
  read() {
    const probe = $("probe") || document.body.appendChild(el("span", { id: "probe", hidden: true }));
    for (const name of this.names) {
      probe.className = "colour-" + name;
      this[name] = getComputedStyle(probe).color;
    }
  },
};

/** Returns a colour as the four bytes of a pixel. */
function pixel(colour) {
  const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** Sizes a canvas to its place and returns what draws on it, in units of the page. */
function surface(canvas, height) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(200, canvas.clientWidth || canvas.parentElement.clientWidth);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    [canvas.width, canvas.height] = [w, h];
    canvas.style.height = height + "px";
  }
  const draw = canvas.getContext("2d");
  draw.setTransform(ratio, 0, 0, ratio, 0, 0);
  draw.clearRect(0, 0, width, height);
  draw.font = "11px system-ui, sans-serif";
  return { draw, width, height, ratio };
}

/** Calls `work` once before the next frame, however often it was asked for; `now` does not wait for it. */
function onFrame(work) {
  let isAsked = false;
  const later = () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      work();
    });
  };
  later.now = work;
  return later;
}

/** Lets the keyboard scroll what is wider or higher than there is room for, and has nothing else in it to stop at. */
function reach() {
  for (const it of document.querySelectorAll("main section, .election, .detail-head h2")) {
    const isCut = it.scrollWidth > it.clientWidth + 1 || (it.localName === "h2" && it.scrollHeight > it.clientHeight);
    const isScrolled = isCut && getComputedStyle(it).overflowX === "auto";
    if (isScrolled) it.tabIndex = 0;
    else it.removeAttribute("tabindex");
  }
}

/** Shows a part of the page and its entry in the navigation. */
function reveal(id, ...nodes) {
  const part = $(id);
  if (!part) return null;
  part.append(...nodes.filter(Boolean));
  part.hidden = false;
  const link = document.querySelector('nav a[href="#' + id + '"]');
  if (link) link.parentElement.hidden = false;
  return part;
}
