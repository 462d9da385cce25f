// Keys for the list of issues, ticking all at once, and completion of what is searched for. Without it the
// list works by its links, boxes and buttons.

const rows = () => [...document.querySelectorAll("tr[data-row]")];
const box = (row) => row.querySelector("[name=ids]");
const link = (row) => row.querySelector(".issue a");
const help = document.querySelector("dialog.keys");
const form = document.querySelector(".decisions")?.closest("form");

// ---- Keys ----

function currentRow() {
  return document.activeElement?.closest?.("tr[data-row]") ?? null;
}

function move(step) {
  const all = rows();
  const at = all.indexOf(currentRow());
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
  if (all[next]) link(all[next]).focus();
}

function decide(decision) {
  if (!form) return;
  const row = currentRow();
  if (row && !rows().some((one) => box(one).checked)) box(row).checked = true;
  if (!rows().some((one) => box(one).checked)) return;
  form.querySelector(`button[value="${decision}"]`).click();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => currentRow() && box(currentRow()).click(),
  r: () => decide("resolve"),
  e: () => decide("archive"),
  u: () => decide("unresolve"),
  a: () => {
    const row = currentRow();
    if (row && !rows().some((one) => box(one).checked)) box(row).checked = true;
    form?.querySelector("[name=assigned_to]").focus();
  },
  "/": () => document.querySelector(".asks input").focus(),
  "?": () => help.showModal(),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const { target } = event;
  // Enter in a box would press the first button of the form.
  if (event.key === "Enter" && target.type === "checkbox") return event.preventDefault();
  // Enter where somebody was chosen assigns, since that is what the list was opened for.
  if (event.key === "Enter" && target.name === "assigned_to") {
    event.preventDefault();
    return decide("assign");
  }
  if (target.matches("input:not([type=checkbox]), select, textarea") || !(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});

// ---- All at once ----

const all = document.querySelector("[data-all]");
if (all) {
  all.closest("label").hidden = false;
  all.addEventListener("change", () => rows().forEach((row) => (box(row).checked = all.checked)));
}

// ---- A choice is a search ----

for (const choice of document.querySelectorAll(".filters select")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
}

// ---- Completion ----

// Typing faster than this asks once.
const PAUSE_MS = 120;
const api = document.querySelector(".filters")?.dataset.complete;

// What is being typed: the last word of a query, or all of a field that has a key of its own.
function typed(input) {
  if (input.dataset.key) return { key: input.dataset.key, prefix: input.value, begin: 0 };
  const before = input.value.slice(0, input.selectionStart);
  const word = /(?:[^\s"]|"[^"]*"?)*$/.exec(before)[0].replace(/^[!(-]+/, "");
  const begin = before.length - word.length;
  const colon = word.indexOf(":");
  if (colon < 0) return { key: null, prefix: word, begin };
  return { key: word.slice(0, colon), prefix: word.slice(colon + 1).replace(/^"/, ""), begin: begin + colon + 1 };
}

async function ask({ key, prefix }) {
  const where = key === null ? "keys" : "values";
  const parameters = new URLSearchParams(key === null ? { prefix } : { key, prefix });
  const answer = await fetch(`${api}/${where}?${parameters}`).catch(() => null);
  return answer?.ok ? (await answer.json()).items : [];
}

function quoted(value) {
  return /^[^\s"()]+$/.test(value) ? value : `"${value.replace(/(["\\])/g, "\\$1")}"`;
}

function completing(input) {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `suggestions-${input.name}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  input.closest("label").classList.add("completed");
  input.after(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  let timer = null;
  let asked = null;
  let at = -1;

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(text, isKey) {
    const value = input.dataset.key ? text : isKey ? `${text}:` : `${quoted(text)} `;
    const end = input.dataset.key ? input.value.length : input.selectionStart;
    input.setRangeText(value, asked.begin, end, "end");
    close();
    if (isKey) show();
  }

  function item({ key, value, about, events }, number) {
    const text = key ?? value;
    const entry = document.createElement("li");
    entry.id = `${list.id}-${number}`;
    entry.setAttribute("role", "option");
    entry.append(Object.assign(document.createElement("span"), { textContent: text }));
    const more = about || (events === null ? "" : `${events} of the latest`);
    entry.append(Object.assign(document.createElement("span"), { className: "quiet", textContent: more }));
    // Before the field loses its focus, which closes the list.
    entry.addEventListener("mousedown", (event) => {
      event.preventDefault();
      choose(text, key !== undefined);
    });
    entry.choose = () => choose(text, key !== undefined);
    return entry;
  }

  async function show() {
    const now = (asked = typed(input));
    const items = await ask(now);
    if (asked !== now || document.activeElement !== input) return;
    list.replaceChildren(...items.slice(0, 12).map(item));
    list.hidden = items.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    at = -1;
  }

  function mark(step) {
    at = (at + step + list.children.length) % list.children.length;
    [...list.children].forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
    input.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE_MS);
  });
  input.addEventListener("focus", show);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return list.hidden ? input.blur() : close();
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(event.key === "ArrowDown" ? 1 : -1);
    } else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) {
      event.preventDefault();
      list.children[at].choose();
    }
  });
}

if (api) document.querySelectorAll(".asks input, [data-key]").forEach(completing);
