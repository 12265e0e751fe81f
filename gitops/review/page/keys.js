// Keys of one letter can be turned off, for people who dictate.
const shortcuts = one("shortcuts");
shortcuts.checked = kept("shortcuts") !== "off";
shortcuts.addEventListener("change", () => keep("shortcuts", shortcuts.checked ? "on" : "off"));

let at = -1; // the object that was last gone to
function goToObject(step) {
  const list = listed();
  if (!list.length) return;
  const here = list.indexOf(document.activeElement?.closest(".object")), last = list.indexOf(objects[at]);
  const from = here >= 0 ? here : last;
  const object = list[Math.max(0, Math.min(list.length - 1, from + step))];
  at = objects.indexOf(object);
  headOf(object).focus({ preventScroll: true });
  bring(object);
}

const alerts = all(".item");
let alarm = -1;
function goToAlert(step) {
  if (!alerts.length) return;
  alarm = alarm < 0 && step < 0 ? alerts.length - 1 : (alarm + step + alerts.length) % alerts.length;
  const item = alerts[alarm];
  item.closest("details").open = true;
  item.querySelector("a")?.focus({ preventScroll: true });
  bring(item);
}

const actions = {
  "/": () => { field.focus(); field.select() },
  "?": () => one("help").showModal(),
  j: () => goToObject(1),
  k: () => goToObject(-1),
  n: () => hits.length ? goTo(1) : goToAlert(1),
  p: () => hits.length ? goTo(-1) : goToAlert(-1),
  s: () => showSides(!sided),
  e: () => openAll(true),
  c: () => openAll(false),
  g: () => scrollTo(0, 0),
  Escape: () => { field.value = ""; refresh() },
};

addEventListener("keydown", event => {
  const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in actions)) return;
  if (event.key.length === 1 && !shortcuts.checked) return;
  event.preventDefault();
  actions[event.key]();
});

if (kept("view") === "split") showSides(true);
aimAtHash();
