// Links to objects, hunks and lines: what they lead to is opened, listed again when it was filtered out, and brought into sight.
let aimed;

// bring scrolls to an element until it stays where it is: what comes into sight on the way takes its real height only then.
function bring(element) {
  let last, still = 0, left = 30;
  const scroll = () => {
    const target = shown(element);
    const small = target.closest(".hunk, .item") && target.offsetHeight < innerHeight / 2;
    target.scrollIntoView({ block: small ? "center" : "start" });
    const { top } = target.getBoundingClientRect();
    still = top === last ? still + 1 : 0;
    last = top;
    if (still < 3 && left-- > 0) requestAnimationFrame(scroll);
  };
  scroll();
}

function aimAt(id) {
  const target = one(id);
  if (!target) return;
  const object = target.closest(".object");
  if (object?.hidden || target.closest(".group")?.hidden) clearFind();
  for (let holder = target.closest("details"); holder; holder = holder.parentElement.closest("details")) holder.open = true;
  const table = target.querySelector(":scope > details.table");
  if (table) table.open = true;
  aimed?.classList.remove("aimed");
  aimed = target;
  aimed.classList.add("aimed");
  if (object) headOf(object).focus({ preventScroll: true });
  bring(target);
}

function aimAtHash() {
  let id = location.hash.slice(1);
  try { id = decodeURIComponent(id) } catch { /* not one of ours */ }
  if (id) aimAt(id);
}

addEventListener("hashchange", aimAtHash);
document.addEventListener("click", event => {
  const link = event.target.closest?.('a[href^="#"]');
  if (link && link.getAttribute("href") === location.hash) aimAtHash(); // the same place again changes no hash
});
