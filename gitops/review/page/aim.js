// Links to objects, hunks and lines: what they lead to is opened, listed again when it was filtered out, and brought into sight.
let aimed;

// bring scrolls to an element twice: what comes into sight takes its real height only then.
function bring(element) {
  const scroll = () => {
    const target = shown(element);
    target.scrollIntoView({ block: target.offsetHeight > innerHeight / 2 || target.closest("summary, h2, h3") ? "start" : "center" });
  };
  scroll();
  requestAnimationFrame(() => requestAnimationFrame(scroll));
}

function aimAt(id) {
  const target = one(id);
  if (!target) return;
  const object = target.closest(".object");
  if (object?.hidden || target.closest(".group")?.hidden) clearFind();
  for (let holder = target.closest("details"); holder; holder = holder.parentElement.closest("details")) holder.open = true;
  aimed?.classList.remove("aimed");
  aimed = target;
  aimed.classList.add("aimed");
  if (object) headOf(object).focus({ preventScroll: true });
  bring(target === object ? headOf(object) : target);
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
