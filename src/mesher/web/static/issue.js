// Keys for the page of an issue; everything they do has a button or a link.

const press = (selector) => document.querySelector(selector)?.click();
const KEYS = {
  r: () => press("button[name=status][value=resolved]"),
  e: () => press("button[name=status][value=archived]"),
  u: () => press("button[name=status][value=unresolved]"),
  a: () => document.querySelector("[name=assigned_to]")?.focus(),
  c: () => document.querySelector("#comment")?.focus(),
  n: () => press("a[rel=next]"),
  p: () => press("a[rel=prev]"),
  "?": () => document.querySelector("dialog.keys").showModal(),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, select, textarea") || !(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});
