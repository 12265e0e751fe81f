// Side by side: built from the unified lines when they come into sight. Objects that came or went have one side only and stay.
let sided = false;
const cells = new WeakMap(); // unified line to its cell
const halves = new WeakSet();

// shown is the element that stands for a line in the view that is on.
const shown = line => line.parentElement?.classList.contains("sided") ? cells.get(line) ?? line : line;

function cellOf(line) {
  const cell = document.createElement("td");
  if (!line) {
    cell.className = "void";
    return cell;
  }
  cell.className = line.localName;
  for (const node of line.childNodes) cell.append(node.cloneNode(true));
  cells.set(line, cell);
  return cell;
}

function addRow(body, left, right) {
  const row = body.insertRow();
  row.append(cellOf(left), left === right && left ? cellOf(left) : cellOf(right));
}

function buildSides(lines) {
  const table = document.createElement("table");
  table.className = "sides";
  const head = table.createTHead().insertRow();
  for (const name of ["before", "after"]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    head.append(cell);
  }
  const body = table.createTBody();
  let gone = [], come = [];
  const flush = () => {
    for (let i = 0; i < Math.max(gone.length, come.length); i++) addRow(body, gone[i], come[i]);
    gone = [];
    come = [];
  };
  for (const line of [...lines.children]) {
    if (line.localName === "del") {
      if (come.length) flush();
      gone.push(line);
    } else if (line.localName === "ins") come.push(line);
    else {
      flush();
      addRow(body, line, line);
    }
  }
  flush();
  lines.append(table);
  halves.add(lines);
}

const seen = new IntersectionObserver(entries => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting || !sided) continue;
    if (!halves.has(target)) buildSides(target);
    target.classList.add("sided");
  }
  paintHits();
}, { rootMargin: "100% 0px" });

function showSides(on) {
  sided = on;
  keep("view", on ? "split" : "unified");
  one("split").setAttribute("aria-pressed", on);
  one("unified").setAttribute("aria-pressed", !on);
  seen.disconnect();
  for (const lines of all('.object[data-change="changed"] .hunk > .d')) {
    if (on) seen.observe(lines);
    else lines.classList.remove("sided");
  }
  paintHits();
}
one("split").addEventListener("click", () => showSides(true));
one("unified").addEventListener("click", () => showSides(false));
