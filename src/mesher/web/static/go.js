// Ctrl-K: every page by a part of its name, and a search in the issues of the project that one is in.

const opener = document.querySelector("a.go");
const MOST_SHOWN = 12;
let dialog = null;
let links = [];
let at = 0;

async function open() {
  if (dialog === null) await make();
  if (dialog === null) return location.assign(opener.href);
  dialog.querySelector("input").value = "";
  filter();
  dialog.showModal();
}

async function make() {
  const answer = await fetch(opener.href).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  links = [...page.querySelectorAll(".destinations a")].map((one) => ({
    text: one.textContent.trim().replace(/\s+/g, " "),
    path: one.getAttribute("href"),
  }));
  dialog = document.createElement("dialog");
  dialog.className = "card palette";
  dialog.setAttribute("aria-label", "Go to");
  const input = Object.assign(document.createElement("input"), { type: "text", placeholder: "Go to …", autocomplete: "off" });
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-label", "Go to");
  input.setAttribute("aria-controls", "destinations");
  input.setAttribute("aria-expanded", "true");
  const list = Object.assign(document.createElement("ul"), { id: "destinations", className: "suggestions-inline" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Pages");
  dialog.append(input, list);
  document.body.append(dialog);
  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      mark(at + step);
    } else if (event.key === "Enter") {
      event.preventDefault();
      list.children[at]?.go();
    }
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

function filter() {
  const typed = dialog.querySelector("input").value.trim();
  const words = typed.toLowerCase().split(/\s+/);
  const found = links.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
  const project = /^\/(?:projects|organizations)\/[^/]+(?=\/)/.exec(location.pathname)?.[0];
  const shown = found.slice(0, MOST_SHOWN);
  if (typed && project) {
    shown.push({ text: `Search issues for ${typed}`, path: `${project}/issues?status=all&query=${encodeURIComponent(typed)}` });
  }
  const list = dialog.querySelector("ul");
  list.replaceChildren(...shown.map(entry));
  mark(0);
}

function entry({ text, path }, number) {
  const item = Object.assign(document.createElement("li"), { textContent: text, id: `destination-${number}` });
  item.setAttribute("role", "option");
  item.go = () => location.assign(path);
  item.addEventListener("click", item.go);
  return item;
}

function mark(place) {
  const items = [...dialog.querySelectorAll("li")];
  if (!items.length) return;
  at = (place + items.length) % items.length;
  items.forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
  dialog.querySelector("input").setAttribute("aria-activedescendant", items[at].id);
  items[at].scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    open();
  }
});
opener.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open();
});
