// Every file of the page shares one scope; this one holds what the others use, the colours and the buttons.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = id => document.getElementById(id);
const objects = all(".object");
const listed = () => objects.filter(object => !object.hidden);

// A page that was opened from a file may not be allowed to keep anything.
const keep = (key, value) => { try { localStorage.setItem("gkops." + key, value) } catch { /* shown, not kept */ } };
const kept = key => { try { return localStorage.getItem("gkops." + key) } catch { return null } };

for (const element of all(".scripted")) element.hidden = false;

const themes = { auto: ["◐", "as the system"], light: ["○", "light"], dark: ["●", "dark"] };
function paintTheme(name) {
  const [glyph, words] = themes[name];
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  one("theme").textContent = glyph;
  one("theme").title = "Colours: " + words;
  one("theme").setAttribute("aria-label", "Colours: " + words);
}
let theme = kept("theme") in themes ? kept("theme") : "auto";
paintTheme(theme);
one("theme").addEventListener("click", () => {
  const names = Object.keys(themes);
  theme = names[(names.indexOf(theme) + 1) % names.length];
  keep("theme", theme);
  paintTheme(theme);
});

function openAll(open) {
  for (const object of listed()) object.open = open;
}
one("expand").addEventListener("click", () => openAll(true));
one("collapse").addEventListener("click", () => openAll(false));
one("keys").addEventListener("click", () => one("help").showModal());

// On a narrow screen the filters would push the report out of sight.
if (one("filters") && matchMedia("(max-width: 62rem)").matches) one("filters").open = false;

// The bar grows with the text and with the buttons that fit on a line; what a link leads to must not lie below it.
const bar = document.querySelector(".bar");
new ResizeObserver(() => document.documentElement.style.setProperty("--bar", bar.offsetHeight + "px")).observe(bar);
