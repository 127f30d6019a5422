// Shows what the result was made of: each statement down to the passages, and the tree of the answers.

/** The most statements that are shown at once. */
const STATEMENTS = 200;

function showProvenance() {
  const trace = blocks("trace")[0];
  if (!trace || !trace.statements) return;
  const byName = new Map();
  // A document's own answer and a result made of it alone can have one name: the one with parts stays.
  for (const it of trace.answers) if (!byName.has(it.name) || it.parts.length) byName.set(it.name, it);
  const leaves = new Map(trace.answers.filter((it) => !it.parts.length).map((it) => [it.name, it]));
  const used = new Set(trace.answers.flatMap((it) => it.parts));
  const roots = trace.answers.filter((it) => it.parts.length && !used.has(it.name));
  const tree = { byName, leaves, roots: roots.length ? roots : trace.answers.filter((it) => !used.has(it.name)) };
  const shown = trace.statements.slice(0, STATEMENTS).map((it, n) => statement(it, n, tree));
  const more = trace.statements.length - shown.length;
  reveal("provenance",
    el("p", { class: "dim" }, plural(trace.statements.length, "statement") + " out of " + plural(leaves.size, "document") + "; open one to see what it was made of."),
    el("ol", { class: "statements" }, ...shown),
    more > 0 && el("p", { class: "dim" }, "and " + plural(more, "more statement")),
    el("details", { class: "tree" }, el("summary", {}, "The whole tree"), el("ul", {}, ...tree.roots.slice(0, 20).map((it) => lazyNode(it, tree, null, new Set())))),
  );
}

function support(it) {
  const name = typeof it.support === "string" ? it.support : Object.keys(it.support)[0];
  const isGood = name === "supported";
  return el("span", { class: "badge " + (isGood ? "good" : "poor") }, name.replace(/_/g, " "));
}

function statement(it, n, tree) {
  const node = el("details", {}, el("summary", {}, el("span", { class: "statement" }, it.text), " ", support(it), el("span", { class: "dim" }, " " + plural(it.sources.length, "source"))));
  whenOpened(node, () => {
    const sources = new Set(it.sources);
    const nodes = tree.roots.filter((root) => hasSource(root, sources)).map((root) => lazyNode(root, tree, sources, new Set(), true));
    node.append(el("ul", {}, ...(nodes.length ? nodes : leavesOf(sources, tree))));
  });
  return el("li", { value: n + 1 }, node);
}

const leavesOf = (sources, tree) => [...sources].map((it) => tree.leaves.get(it)).filter(Boolean).map((it) => lazyNode(it, tree, sources, new Set(), true));

const hasSource = (answer, sources) => answer.statements.some((it) => it.sources.some((source) => sources.has(source)));

/** Makes what is in an element when it is opened for the first time. */
function whenOpened(node, make) {
  node.addEventListener("toggle", () => node.open && make(), { once: true });
}

/** An answer with its statements and, below, the answers that it was made of. */
function lazyNode(answer, tree, sources, above, isOpen = false) {
  const kept = answer.statements.filter((it) => !sources || it.sources.some((source) => sources.has(source)));
  const isLeaf = !answer.parts.length;
  const node = el("details", {}, el("summary", {}, el("b", {}, answer.name), el("span", { class: "dim" }, " " + (isLeaf ? "document" : "made of " + plural(answer.parts.length, "answer")) + ", " + plural(kept.length, "statement"))));
  const make = () => {
    node.append(el("ul", { class: "made" }, ...kept.slice(0, STATEMENTS).map((it) => el("li", {}, it.text, isLeaf && passage(it, answer)))));
    if (isLeaf || above.has(answer.name)) return;
    const path = new Set(above).add(answer.name);
    const parts = answer.parts.map((name) => (path.has(name) ? tree.leaves.get(name) : tree.byName.get(name))).filter((it) => it && (!sources || hasSource(it, sources)));
    node.append(el("ul", {}, ...parts.slice(0, STATEMENTS).map((it) => lazyNode(it, tree, sources, path, isOpen && parts.length <= 6))));
  };
  if (isOpen) {
    node.open = true;
    make();
  } else whenOpened(node, make);
  return el("li", {}, node);
}

/** The words of the document that a statement quotes, and the way to them in the prompt. */
function passage(it, answer) {
  if (!it.quote) return null;
  const b = branchNamed(answer.name, "map");
  const place = it.quoted ? "bytes " + count(it.quoted.start) + " to " + count(it.quoted.end) : "not found in the document";
  return el("blockquote", {}, el("q", {}, it.quote.text), el("span", { class: "dim" }, " " + place + " "), b >= 0 && button("in its document", () => detail.open(b, { passage: it.quote.text }), { class: "link" }));
}
