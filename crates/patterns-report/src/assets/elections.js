// Shows elections: who won, the tally of votes and of fields, the standings, and the ballots with their reasons.

const DECISIONS = {
  won: "won", won_by_tie_break: "won by tie-break", escalated: "decided by a further voter", quorum_missed: "no consensus: quorum missed",
  tied: "no consensus: a tie", not_asked: "not asked: the budget is used up", not_judged: "no consensus: the judge did not say", no_consensus: "no consensus",
};
const STOPS = {
  all_votes_cast: "all votes are cast", decided: "no further vote could change the result", ahead_enough: "the leader is far enough ahead",
  confident: "the leader is sure enough to win", plan_stop: "further votes would cost more than they are worth", calls_spent: "the budget is used up",
};

const sayName = (names, key) => names[String(key).replace(/-/g, "_")] || String(key).replace(/[_-]/g, " ");

function showElections() {
  const all = blocks("elections").flat();
  if (!all.length) return;
  const place = el("div", { class: "election", "aria-live": "polite" });
  const show = (n) => place.replaceChildren(...election(all[n]));
  if (all.length === 1) {
    reveal("elections", place);
    return show(0);
  }
  const table = new Table({
    label: "Elections",
    rows: all.length,
    height: 9,
    columns: electionColumns(all),
    search: (n) => [all[n].id, all[n].question, all[n].winning_answer, all[n].decision].filter(Boolean).join("\n"),
    open: show,
  });
  reveal("elections", agreement(all), table.node, place);
  show(0);
}

function electionColumns(all) {
  const number = (name, read, write = String) => ({ name, kind: "number", value: (n) => read(all[n]), text: (n) => (read(all[n]) == null ? "" : write(read(all[n]))) });
  const asked = all.some((it) => it.question);
  const hasGold = all.some((it) => it.gold !== undefined);
  return [
    { name: asked ? "Id" : "Question", kind: asked ? "word" : "name", value: (n) => all[n].id ?? n, text: (n) => line(String(all[n].id ?? n + 1)) },
    asked && { name: "Question", kind: "field", value: (n) => all[n].question, text: (n) => line(String(all[n].question ?? "")) },
    { name: "Answer", kind: "answer", value: (n) => all[n].winning_answer, text: (n) => line(String(all[n].winning_answer ?? "")) },
    { name: "Decision", kind: "word", value: (n) => all[n].decision, text: (n) => sayName(DECISIONS, all[n].decision) },
    number("Share", (it) => it.share, percent),
    number("Votes", (it) => it.total_votes),
    number("Abstained", (it) => it.abstentions),
    hasGold && { name: "Right", kind: "word", value: (n) => (all[n].right === undefined ? null : Number(all[n].right)), text: (n) => (all[n].right === undefined ? "" : all[n].right ? "right" : "not right") },
  ].filter(Boolean);
}

/** How far each voter agrees with the results, over all elections. */
function agreement(all) {
  const voters = new Map();
  for (const it of all) {
    for (const ballot of it.ballots || []) {
      const name = ballot.voter;
      if (!voters.has(name)) voters.set(name, { votes: 0, same: 0, none: 0 });
      const voter = voters.get(name);
      if (ballot.answer === null) voter.none++;
      else voter.votes++;
      if (ballot.answer !== null && ballot.normalised === normalisedWinner(it)) voter.same++;
    }
  }
  const decided = all.filter((it) => it.winning_answer != null);
  const share = decided.reduce((sum, it) => sum + it.share, 0) / (decided.length || 1);
  const text = count(decided.length) + " of " + plural(all.length, "question") + " have an answer; on average " + percent(share) + " of the votes are for it.";
  if (voters.size < 2 || voters.size > 40) return el("p", {}, text);
  const rows = [...voters].map(([name, it]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, count(it.votes)), el("td", {}, it.votes ? percent(it.same / it.votes) : ""), el("td", {}, count(it.none))));
  const heads = ["Voter", "Votes", "With the result", "Abstained"];
  return el("div", {}, el("p", {}, text), el("details", {}, el("summary", {}, "How far each voter agrees"), el("table", { class: "plain" }, el("thead", {}, el("tr", {}, ...heads.map((it) => el("th", { scope: "col" }, it)))), el("tbody", {}, ...rows))));
}

/** The winner as it was counted. */
function normalisedWinner(it) {
  const ballot = (it.ballots || []).find((ballot) => ballot.answer === it.winning_answer);
  return ballot ? ballot.normalised : it.winning_answer;
}

function election(it) {
  const said = sayName(DECISIONS, it.decision);
  const facts = [
    plural(it.total_votes, "vote") + " of " + plural(it.voters, "voter"), it.abstentions && plural(it.abstentions, "abstention"),
    percent(it.share) + " agree", it.share_interval && "95 % interval " + percent(it.share_interval.low ?? it.share_interval[0]) + " to " + percent(it.share_interval.high ?? it.share_interval[1]),
    plural(it.waves, "wave"), "ended because " + sayName(STOPS, it.stop_reason), it.gold !== undefined && "expected: " + it.gold + (it.right ? " (right)" : " (not right)"),
  ];
  const fields = it.detail && (it.detail.fields || it.detail.Fields?.fields);
  return [
    el("p", { class: "verdict" }, el("b", {}, it.winning_answer == null ? "No answer" : pretty(String(it.winning_answer))), el("span", { class: "dim" }, " " + said)),
    it.question && el("p", { class: "dim" }, it.question),
    el("p", { class: "dim" }, facts.filter(Boolean).join(" · ")),
    !fields && tally(it),
    fields && fieldTally(fields),
    standings(it),
    ballots(it),
  ].filter(Boolean);
}

function tally(it) {
  const whole = Math.max(1, it.total_votes);
  const weights = it.detail?.counts;
  const rows = (weights || it.counts || []).map((of, n) => {
    const share = weights ? of.weight / (weights.reduce((sum, it) => sum + it.weight, 0) || 1) : of.votes / whole;
    const bar = shareBar(share, "answer-" + Math.min(n, 5));
    return el("tr", {}, el("th", { scope: "row" }, line(of.answer)), el("td", {}, count(of.votes)), weights && el("td", {}, of.weight.toFixed(2)), el("td", { class: "text" }, bar));
  });
  const heads = ["Answer", "Votes", weights && "Weight", "Share"].filter(Boolean);
  return rows.length ? el("table", { class: "plain wide" }, el("caption", {}, "Tally"), el("thead", {}, el("tr", {}, ...heads.map((it) => el("th", { scope: "col" }, it)))), el("tbody", {}, ...rows)) : null;
}

function fieldTally(fields) {
  const rows = fields.map((it) => {
    const counts = it.counts.slice(0, 6).map((of) => cell(typeof of.value === "string" ? of.value : JSON.stringify(of.value)) + " " + of.votes);
    const value = typeof it.value === "string" ? it.value : JSON.stringify(it.value);
    return el("tr", {}, el("th", { scope: "row" }, it.path || "/"), el("td", { class: "text" }, line(value)), el("td", { class: "text" }, typeof it.rule === "string" ? it.rule : JSON.stringify(it.rule)), el("td", {}, it.votes + " of " + it.total), el("td", {}, percent(it.share)), el("td", { class: "text" }, counts.join(", ")));
  });
  const heads = ["Field", "Result", "Rule", "Votes", "Agreement", "Tally"];
  return el("table", { class: "plain wide" }, el("caption", {}, "Tally of each field"), el("thead", {}, el("tr", {}, ...heads.map((it) => el("th", { scope: "col" }, it)))), el("tbody", {}, ...rows));
}

/** The votes of each answer after each ballot: a line of squares, one for each ballot. */
function standings(it) {
  const names = (it.counts || []).map((of) => of.answer);
  if (!names.length || !it.ballots || it.ballots.length < 2 || it.ballots.length > 400 || names.length > 12) return null;
  const counted = it.ballots.map((ballot) => ballot.normalised);
  const order = names.map((name) => it.ballots.find((ballot) => ballot.answer === name)?.normalised ?? name);
  const squares = it.ballots.map((ballot, n) => {
    const at = order.indexOf(counted[n]);
    const kind = counted[n] === null ? "none" : at < 0 ? "other" : "answer-" + Math.min(at, 5);
    return el("i", { class: kind, title: ballot.voter + ": " + (ballot.answer ?? "abstained") });
  });
  const leader = [];
  const votes = new Map();
  counted.forEach((answer, n) => {
    if (answer === null) return;
    votes.set(answer, (votes.get(answer) || 0) + 1);
    const best = [...votes].sort((a, b) => b[1] - a[1])[0][0];
    if (best !== leader[leader.length - 1]?.answer) leader.push({ answer: best, after: n + 1 });
  });
  const words = leader.map((it, n) => (n ? "then " : "") + line(it.answer) + " leads after ballot " + it.after).join(", ");
  return el("figure", { class: "standings" }, el("figcaption", {}, "Vote by vote: " + words), el("div", { "aria-hidden": "true" }, ...squares));
}

function ballots(it) {
  const all = it.ballots || [];
  if (!all.length) return null;
  const saidOf = (ballot) => {
    const b = it.id === undefined ? branchNamed(ballot.voter, "ballot") : -1;
    const answer = b >= 0 && branches[b].answer;
    return { b, ...(answer && typeof answer === "object" ? answer : {}), ...ballot };
  };
  const said = all.map(saidOf);
  const hasConfidence = said.some((ballot) => typeof ballot.confidence === "number");
  const reasonOf = (ballot) => String(ballot.reasoning ?? ballot.reason ?? "");
  const hasReason = said.some(reasonOf);
  const rows = said.map((ballot) => {
    const voter = ballot.b >= 0 ? button(ballot.voter, () => detail.open(ballot.b), { class: "link" }) : ballot.voter;
    const answer = ballot.answer === null ? el("span", { class: "dim" }, "abstained") : pretty(String(ballot.answer));
    const confidence = typeof ballot.confidence === "number" ? percent(ballot.confidence) : "";
    return el("tr", {}, el("th", { scope: "row" }, voter), el("td", { class: "text" }, answer), hasConfidence && el("td", {}, confidence), hasReason && el("td", { class: "text reason" }, reasonOf(ballot)));
  });
  const heads = ["Voter", "Answer", hasConfidence && "Confidence", hasReason && "Reason"].filter(Boolean);
  return el("details", { open: all.length <= 15 }, el("summary", {}, plural(all.length, "ballot")), el("table", { class: "plain wide ballots" }, el("thead", {}, el("tr", {}, ...heads.map((it) => el("th", { scope: "col" }, it)))), el("tbody", {}, ...rows)));
}
