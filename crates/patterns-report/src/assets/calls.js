// Reads the calls of the run: columns of numbers and names, and texts on demand.

const run = blocks("run")[0];

/** The columns, each as long as there are calls. */
const calls = readCalls();

function readCalls() {
  const read = blocks("calls");
  const all = { count: read.reduce((sum, it) => sum + it.branch.length, 0), stages: [], models: [], causes: [], label: [], answer: [] };
  const numbers = ["branch", "stage", "number", "model", "end", "attempts", "input", "cached", "output", "cost", "begin", "slot", "rate", "other", "retry", "first", "rest", "cause"];
  for (const name of numbers) all[name] = new Float64Array(all.count);
  all.block = new Int32Array(all.count);
  all.place = new Int32Array(all.count);
  let at = 0;
  for (const block of read) {
    for (const name of ["stages", "models", "causes"]) all[name].push(...block[name]);
    for (const name of numbers) all[name].set(block[name], at);
    block.texts.forEach(([block, place], n) => {
      all.block[at + n] = block;
      all.place[at + n] = place;
    });
    for (let n = 0; n < block.branch.length; n++) {
      all.label.push(block.label[n]);
      all.answer.push(block.answer[n]);
    }
    at += block.branch.length;
  }
  return all;
}

const ENDS = { answered: 0, reused: 1, rejected: 2, failed: 3, cancelled: 4, open: 5 };

const hasTiming = (n) => calls.begin[n] >= 0;

const endOf = (n) => calls.begin[n] + calls.slot[n] + calls.rate[n] + calls.other[n] + calls.retry[n] + calls.first[n] + calls.rest[n];

/** The branches of the run, each with the numbers of its calls in order. */
const branches = groupCalls();

function groupCalls() {
  const known = new Map();
  const all = [];
  for (let n = 0; n < calls.count; n++) {
    const key = calls.branch[n] + "\0" + calls.stage[n] + "\0" + calls.label[n];
    let branch = known.get(key);
    if (!branch) {
      branch = { label: calls.label[n], stage: calls.stage[n], number: calls.branch[n], calls: [] };
      known.set(key, branch);
      all.push(branch);
    }
    branch.calls.push(n);
  }
  for (const branch of all) sum(branch);
  return all.sort((a, b) => a.stage - b.stage || a.number - b.number);
}

/** Adds up what the calls of a branch were. */
function sum(branch) {
  const last = branch.calls[branch.calls.length - 1];
  let [begin, end] = [Infinity, -1];
  // An entry without a number tells how the branch ended, and is no call.
  const made = branch.calls.filter((n) => calls.number[n]);
  Object.assign(branch, { end: calls.end[last], made: made.length, model: calls.model[made[made.length - 1] ?? last], answer: null, cause: calls.cause[last], attempts: 0, tokens: 0, cost: -1 });
  for (const n of branch.calls) {
    branch.attempts += calls.attempts[n];
    branch.tokens += calls.input[n] + calls.output[n];
    if (calls.cost[n] >= 0) branch.cost = Math.max(0, branch.cost) + calls.cost[n];
    if (calls.answer[n] !== null) branch.answer = calls.answer[n];
    if (hasTiming(n)) [begin, end] = [Math.min(begin, calls.begin[n]), Math.max(end, endOf(n))];
  }
  branch.begin = begin === Infinity ? -1 : begin;
  branch.took = begin === Infinity ? -1 : end - begin;
}

/** The branch of each call. */
const branchOf = new Int32Array(calls.count);
branches.forEach((branch, b) => branch.calls.forEach((n) => (branchOf[n] = b)));

/** Finds the branch of a stage with this name. */
const branchNamed = (label, stage) => branches.findIndex((it) => it.label === label && (!stage || calls.stages[it.stage] === stage));

/** The blocks of texts that were unpacked last. */
const unpacked = new Map();

/** Unpacks a block of texts. */
async function unpack(block) {
  if (unpacked.has(block)) return unpacked.get(block);
  const packed = atob($("texts-" + block).textContent);
  const bytes = Uint8Array.from(packed, (it) => it.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const texts = JSON.parse(await new Response(stream).text());
  unpacked.set(block, texts);
  if (unpacked.size > 8) unpacked.delete(unpacked.keys().next().value);
  return texts;
}

/** Returns the prompt, the answer and the notes of a call; `null` for what was not kept. */
async function textsOf(n) {
  if (calls.block[n] < 0) return { prompt: null, answer: null, notes: [] };
  const [prompt, answer, notes] = (await unpack(calls.block[n]))[calls.place[n]];
  return { prompt, answer, notes };
}
