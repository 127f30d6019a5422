// Shows what was spent by stage and model.

function showSpend() {
  if (!calls.count) return;
  const groups = new Map();
  for (let n = 0; n < calls.count; n++) {
    if (!calls.number[n]) continue;
    const key = calls.stage[n] + "/" + calls.model[n];
    if (!groups.has(key)) groups.set(key, { stage: calls.stage[n], model: calls.model[n], calls: 0, reused: 0, attempts: 0, input: 0, cached: 0, output: 0, cost: -1 });
    const group = groups.get(key);
    group.calls++;
    if (calls.end[n] === ENDS.reused) group.reused++;
    for (const name of ["attempts", "input", "cached", "output"]) group[name] += calls[name][n];
    if (calls.cost[n] >= 0) group.cost = Math.max(0, group.cost) + calls.cost[n];
  }
  const all = [...groups.values()];
  const isPriced = all.some((it) => it.cost > 0);
  const weight = (it) => (isPriced ? Math.max(0, it.cost) : it.input + it.output);
  all.sort((a, b) => weight(b) - weight(a));
  const whole = all.reduce((sum, it) => sum + weight(it), 0) || 1;
  const body = el("tbody", {}, ...all.map((it) => spendRow(it, weight(it) / whole)));
  const heads = ["Stage", "Model", "Calls", "From the store", "Attempts", "Tokens in", "Cached", "Tokens out", "Cost", isPriced ? "Share of the cost" : "Share of the tokens"];
  const total = all.reduce((sum, it) => {
    for (const name of ["calls", "reused", "attempts", "input", "cached", "output"]) sum[name] += it[name];
    if (it.cost >= 0) sum.cost = Math.max(0, sum.cost) + it.cost;
    return sum;
  }, { calls: 0, reused: 0, attempts: 0, input: 0, cached: 0, output: 0, cost: -1 });
  const foot = all.length > 1 && el("tfoot", {}, spendRow(total, null));
  reveal("spend", el("table", { class: "plain wide" }, el("thead", {}, el("tr", {}, ...heads.map((it) => el("th", { scope: "col" }, it)))), body, foot));
}

function spendRow(it, share) {
  const numbers = [it.calls, it.reused, it.attempts, it.input, it.cached, it.output].map((number) => el("td", {}, count(number)));
  const name = share === null ? "All" : calls.stages[it.stage];
  return el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "text" }, share === null ? "" : calls.models[it.model]), ...numbers, el("td", {}, money(it.cost) || "not known"), el("td", { class: "text" }, share === null ? "" : shareBar(share)));
}
