// Shows the branches of the run as a table, and what failed, grouped by cause.

/** The most fields of answers that have a column of their own. */
const FIELDS = 4;

function showResults() {
  if (!branches.length) return;
  const part = reveal("results");
  const chosen = { stage: -1, end: -1, model: -1 };
  const place = el("div");
  const build = () => place.replaceChildren(resultTable(chosen, build).node);
  part.append(place);
  build();
}

function resultTable(chosen, rebuild) {
  const shown = [];
  branches.forEach((it, b) => (chosen.stage < 0 || it.stage === chosen.stage) && shown.push(b));
  const fields = commonFields(shown);
  // Where there is no answer, the first column of texts says why.
  const said = fields.find((field) => !isNumeric(shown, field));
  const at = (read) => (n) => read(branches[shown[n]]);
  const number = (name, read, write) => ({ name, kind: "number", value: at(read), text: at((it) => (read(it) < 0 ? "" : write(read(it)))) });
  const columns = [
    { name: "Name", kind: "name", value: at((it) => it.label), text: at((it) => line(it.label)) },
    calls.stages.length > 1 && chosen.stage < 0 && { name: "Stage", kind: "word", value: at((it) => it.stage), text: at((it) => calls.stages[it.stage]) },
    { name: "End", kind: "word", value: at((it) => it.end), text: at((it) => state(it)) },
    ...fields.map((field) => ({ name: field, kind: isNumeric(shown, field) ? "number" : "field", value: at((it) => it.answer?.[field]), text: at((it) => (it.answer?.[field] == null && field === said ? why(it) : cell(it.answer?.[field]))) })),
    !fields.length && { name: "Answer", kind: "answer", value: at((it) => words(it)), text: at((it) => line(words(it))) },
    hasMixedStage() && { name: "Model", kind: "word", value: at((it) => calls.models[it.model]), text: at((it) => calls.models[it.model]) },
    branches.some((it) => it.made > 1) && number("Calls", (it) => it.made, count),
    number("Tokens", (it) => it.tokens, count),
    calls.cost.some((it) => it >= 0) && number("Cost", (it) => it.cost, money),
    calls.begin.some((it) => it >= 0) && number("Time", (it) => it.took, time),
  ].filter(Boolean);
  const select = (name, names, key) => {
    if (names.length < 2) return null;
    const it = choice(name, ["All " + name.toLowerCase() + "s", ...names], (n) => {
      chosen[key] = n - 1;
      key === "stage" ? rebuild() : table.arrange();
    });
    it.value = chosen[key] + 1;
    return it;
  };
  const whole = el("input", { type: "checkbox", id: "whole" });
  const tools = [
    select("Stage", calls.stages, "stage"),
    select("End", run.ends, "end"),
    calls.models.filter(Boolean).length > 1 && select("Model", calls.models, "model"),
    calls.block.some((it) => it >= 0) && el("label", {}, whole, "also in whole prompts and answers"),
  ].filter(Boolean);
  const table = new Table({
    label: "Results",
    columns,
    rows: shown.length,
    tools,
    filter: (n) => fits(branches[shown[n]], chosen),
    search: at((it) => [it.label, calls.stages[it.stage], run.ends[it.end], calls.models[it.model], it.cause >= 0 ? calls.causes[it.cause] : "", words(it)].join("\n")),
    open: (n, order) => detail.open(shown[n], { order: order.map((it) => shown[it]) }),
  });
  whole.addEventListener("change", () => (whole.checked ? seekInTexts(table, shown) : table.seek(table.field.value)));
  table.field.addEventListener("change", () => whole.checked && seekInTexts(table, shown));
  return table;
}

const fits = (branch, chosen) => (chosen.end < 0 || branch.end === chosen.end) && (chosen.model < 0 || branch.model === chosen.model);

/** Unpacks block after block and finds the branches whose texts have all words. */
async function seekInTexts(table, shown) {
  const words = table.field.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return;
  const found = new Set();
  for (let n = 0; n < shown.length && table.field.value.toLowerCase().split(/\s+/).filter(Boolean).join() === words.join(); n++) {
    for (const call of branches[shown[n]].calls) {
      if (calls.block[call] < 0) continue;
      const [prompt, answer] = (await unpack(calls.block[call]))[calls.place[call]];
      const text = ((prompt || "") + "\n" + (answer || "")).toLowerCase();
      if (words.every((word) => text.includes(word))) found.add(n);
    }
    if (n % 500 === 0) table.told.textContent = "searched " + count(n) + " of " + plural(shown.length, "row");
  }
  table.words = words;
  table.found = found;
  table.arrange();
}

/** The fields that most answers have, those first that come first. */
function commonFields(shown) {
  const counts = new Map();
  let objects = 0;
  for (const b of shown) {
    const { answer } = branches[b];
    if (answer === null || typeof answer !== "object") continue;
    objects++;
    for (const field of Object.keys(answer)) counts.set(field, (counts.get(field) || 0) + 1);
  }
  const common = [...counts].filter(([, n]) => 2 * n >= objects).map(([field]) => field);
  return common.slice(0, FIELDS);
}

/** Whether a stage has asked more than one model; where none has, the stage says which. */
function hasMixedStage() {
  const models = new Map();
  return branches.some((it) => {
    if (!it.made) return false;
    if (!models.has(it.stage)) models.set(it.stage, it.model);
    return models.get(it.stage) !== it.model;
  });
}

/** Whether a field has nothing but numbers in the first answers. */
function isNumeric(shown, field) {
  const values = shown.slice(0, 300).map((b) => branches[b].answer?.[field]).filter((it) => it != null);
  return values.length > 0 && values.every((it) => typeof it === "number");
}

/** The end of a branch, as a word with a mark. */
function state(branch) {
  const name = Object.keys(ENDS)[branch.end];
  const again = branch.made > 1 && name === "answered" ? ", asked again" : "";
  return el("span", { class: "end end-" + name }, run.ends[branch.end] + again);
}

const line = (text) => text.slice(0, 240).replace(/\s*\n\s*/g, " ⏎ ");

function cell(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? line(value) : String(value);
}

/** Why there is no answer. */
const why = (branch) => (branch.cause >= 0 && (branch.end === ENDS.failed || branch.end === ENDS.rejected) ? el("span", { class: "why" }, line(calls.causes[branch.cause])) : "");

/** An answer in words, or why there is none. */
function words(branch) {
  if (branch.answer === null) return branch.cause >= 0 ? calls.causes[branch.cause] : "";
  if (typeof branch.answer === "string") return branch.answer;
  return Object.entries(branch.answer).map(([name, value]) => name + ": " + value).join(" · ");
}

/** The branches of calls that failed for good and did not fail their branch, by cause: each as often as it has such. */
function failedWithin() {
  const groups = new Map();
  branches.forEach((it, b) => {
    if (it.end === ENDS.failed || it.end === ENDS.rejected) return;
    for (const call of it.calls) {
      if (calls.end[call] !== ENDS.failed || calls.cause[call] < 0) continue;
      const cause = calls.causes[calls.cause[call]];
      if (!groups.has(cause)) groups.set(cause, []);
      groups.get(cause).push(b);
    }
  });
  return groups;
}

function showFailures() {
  const groups = new Map();
  branches.forEach((it, b) => {
    if (it.end !== ENDS.failed && it.end !== ENDS.rejected) return;
    const cause = it.cause >= 0 ? calls.causes[it.cause] : run.ends[it.end];
    if (!groups.has(cause)) groups.set(cause, []);
    groups.get(cause).push(b);
  });
  const within = failedWithin();
  if (!groups.size && !within.size) return;
  const list = el("ol", { class: "failures" });
  const most = (all) => [...all].sort((a, b) => b[1].length - a[1].length);
  const all = [...most(groups).map((it) => [...it, ""]), ...most(within).map((it) => [...it, " · a call of a branch that was answered all the same"])];
  for (const [cause, group, where] of all) {
    const stages = [...new Set(group.map((b) => calls.stages[branches[b].stage]))].join(", ");
    list.append(
      el("li", {},
        el("b", { class: "number" }, count(group.length)),
        el("div", {}, el("p", {}, cause), el("p", { class: "dim" }, stages + where, " · for example ", button(line(branches[group[0]].label) || "(no name)", () => detail.open(group[0], { order: group }), { class: "link" }))),
      ),
    );
  }
  reveal("failures", list);
}
