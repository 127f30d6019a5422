// Puts the parts of the page together, in the order in which they are looked at.

const THEMES = ["system", "light", "dark"];

function theme() {
  const it = $("theme");
  it.hidden = false;
  it.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme || "system") + 1) % THEMES.length];
    document.documentElement.dataset.theme = next;
    it.textContent = "Theme: " + next;
    repaint();
  });
}

/** The theme on the screen, while the page is printed. */
let shown = "system";

/** Puts on paper what the screen has: unfolded, all rows, and dark on light. */
function print() {
  const root = document.documentElement;
  shown = root.dataset.theme || "system";
  root.dataset.theme = "light";
  colours.read();
  view.readers.forEach((it) => it.now());
  document.querySelectorAll("main details").forEach((it) => (it.open = true));
  tables.forEach((it) => it.print());
}

function repaint() {
  colours.read();
  view.readers.forEach((it) => it());
}

/** Shows one part; what goes wrong with it is said in its place, and the others are shown all the same. */
function attempt(id, show) {
  try {
    show();
  } catch (error) {
    reveal(id, el("p", { class: "notice" }, "This part cannot be shown: " + error.message));
    console.error(error);
  }
}

colours.read();
theme();
attempt("elections", showElections);
attempt("results", showResults);
attempt("provenance", showProvenance);
attempt("failures", showFailures);
attempt("timeline", () => timeline.show());
attempt("rates", () => plots.show());
attempt("spend", showSpend);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
addEventListener("resize", onFrame(repaint));
addEventListener("resize", onFrame(reach));
addEventListener("beforeprint", print);
addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = shown;
  repaint();
  tables.forEach((it) => it.draw());
});
reach();
