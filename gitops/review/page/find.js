// Search and filters decide together which objects are listed. Attention is never filtered: danger stays in sight.
const filters = document.querySelector(".filters form");
const field = one("find");
const most = 5000; // lines that are found; more are said to be more
const few = 300;   // up to so many, the objects that hold them open by themselves
const texts = new WeakMap();
const opened = new Set(); // objects that the search opened
let hits = [], hit = -1;

const linesOf = object => all(".hunk > .d > :not(table)", object);
const headOf = object => object.querySelector("summary");

// textOf is all that an object says, lower case and without ends of lines: good for a quick no. It is read once, natively, since a report
// may have a hundred thousand lines.
function textOf(object) {
  if (!texts.has(object)) texts.set(object, object.textContent.toLowerCase());
  return texts.get(object);
}

function chosen() {
  const facets = {};
  for (const box of filters ? all("input:checked", filters) : []) {
    const key = box.closest("fieldset").dataset.facet;
    (facets[key] ??= new Set()).add(box.value);
  }
  return Object.entries(facets);
}

// hitsOf are the lines of an object that hold a text, else its head when that or a heading does; none when the text only seemed to be
// there, across the end of a line.
function hitsOf(object, query, room) {
  if (!textOf(object).includes(query)) return [];
  const found = [], holds = element => element.textContent.toLowerCase().includes(query);
  for (const line of linesOf(object)) {
    if (found.length >= room) break;
    if (holds(line)) found.push(line);
  }
  return found.length ? found : all("summary, .file, .need, h4, .said", object).some(holds) ? [headOf(object)] : [];
}

function refresh() {
  const query = field.value.trim().toLowerCase(), facets = chosen();
  hits = [];
  hit = -1;
  let count = 0;
  for (const object of objects) {
    let fits = facets.every(([key, values]) => values.has(object.dataset[key]));
    if (fits && query) {
      const found = hitsOf(object, query, Math.max(1, most - hits.length));
      fits = found.length > 0;
      if (hits.length < most) hits.push(...found);
    }
    object.hidden = !fits;
    count += fits;
  }
  for (const group of all(".group")) group.hidden = !group.querySelector(".object:not([hidden])");
  openFound(query);
  tell(query, facets.length, count);
  paintHits();
}

function openFound(query) {
  for (const object of opened) object.open = false;
  opened.clear();
  if (!query || hits.length > few) return;
  for (const line of hits) {
    const object = line.closest(".object");
    if (object.open || line.localName === "summary") continue;
    object.open = true;
    opened.add(object);
  }
}

const plural = (n, what) => n + " " + what + (n === 1 ? "" : "s");

function tell(query, filtered, count) {
  if (one("none")) one("none").hidden = count > 0;
  if (one("listed")) one("listed").textContent = count === objects.length ? count : count + " of " + objects.length;
  if (one("filtered")) one("filtered").textContent = filtered ? plural(count, "object") : "";
  const at = hit < 0 ? "" : (hit + 1) + " of ";
  one("found").textContent = !query ? "" : count ? at + (hits.length >= most ? most + " or more matches" : plural(hits.length, "match").replace("matchs", "matches")) + " in " + plural(count, "object") : "no match";
  one("next").hidden = one("previous").hidden = !hits.length;
  one("next").dataset.count = count;
}

// ranges finds a text in an element whose text may lie in several nodes.
function ranges(element, query) {
  const nodes = [], walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let text = "";
  while (walker.nextNode()) {
    nodes.push({ node: walker.currentNode, start: text.length });
    text += walker.currentNode.data;
  }
  const place = offset => {
    const { node, start } = nodes.findLast(one => one.start <= offset);
    return [node, Math.min(offset - start, node.length)];
  };
  const found = [];
  const lower = text.toLowerCase();
  if (lower.length !== text.length) return found; // some letters have another length in lower case, so places would not fit
  for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, at + query.length)) {
    const range = new Range();
    range.setStart(...place(at));
    range.setEnd(...place(at + query.length));
    found.push(range);
  }
  return found;
}

function paintHits() {
  for (const element of all(".now")) element.classList.remove("now");
  if (hit >= 0) shown(hits[hit]).classList.add("now");
  if (!CSS.highlights) return;
  CSS.highlights.delete("found");
  const query = field.value.trim().toLowerCase();
  if (!query || !hits.length) return;
  const near = hits.slice(Math.max(0, hit - 500), Math.max(0, hit) + 1000);
  CSS.highlights.set("found", new Highlight(...near.flatMap(line => ranges(shown(line), query))));
}

function goTo(step) {
  if (!hits.length) return;
  hit = hit < 0 && step < 0 ? hits.length - 1 : (hit + step + hits.length) % hits.length;
  const line = hits[hit];
  if (line.localName !== "summary") line.closest(".object").open = true;
  tell(field.value.trim(), chosen().length, Number(one("next").dataset.count));
  paintHits();
  bring(line.localName === "summary" ? line.parentElement : line);
}

function clearFind() {
  field.value = "";
  for (const box of filters ? all("input:checked", filters) : []) box.checked = false;
  refresh();
}

let waiting;
field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, 120);
});
field.addEventListener("keydown", event => {
  if (event.key === "Enter") {
    event.preventDefault();
    clearTimeout(waiting);
    if (!hits.length) refresh();
    goTo(event.shiftKey ? -1 : 1);
  }
  if (event.key === "Escape") {
    event.preventDefault();
    field.value = "";
    refresh();
    field.blur();
  }
});
one("next").addEventListener("click", () => goTo(1));
one("previous").addEventListener("click", () => goTo(-1));
filters?.addEventListener("change", refresh);
filters?.addEventListener("reset", () => setTimeout(refresh));
filters?.addEventListener("submit", event => event.preventDefault());
