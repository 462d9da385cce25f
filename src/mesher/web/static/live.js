// Keeps an open list true while one reads it. When something happens in the project, the page is fetched
// again: parts with data-live take their place, nothing moves, and rows that are not here yet are counted
// behind a link. Twice in a second at most, and not while nobody looks.

const REFRESH_MS = 500;
const { stream: address, issue: shown } = document.querySelector("[data-stream]").dataset;
const newer = document.querySelector(".newer a");
let stream = null;
let timer = null;
let refreshedAt = 0;

function listen() {
  stream = new EventSource(address);
  // A stream tells what comes behind its first message: what happened before that is seen by looking.
  let isFirst = true;
  stream.onopen = () => (isFirst = true);
  stream.onmessage = (message) => {
    if (isFirst || concerns(JSON.parse(message.data))) refreshSoon();
    isFirst = false;
  };
}

// Of the stream's messages, those that tell of something that the page shows: a list anything about issues,
// the page of an issue what happens to that one, of whose events alone its stream tells.
function concerns({ type, issue }) {
  if (shown === undefined) return ["counts", "issue", "gap"].includes(type);
  return type === "events" || type === "gap" || (type === "issue" && issue.id === shown);
}

function refreshSoon() {
  timer ??= setTimeout(refresh, Math.max(0, refreshedAt + REFRESH_MS - performance.now()));
}

async function refresh() {
  timer = null;
  refreshedAt = performance.now();
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (document.querySelector("[data-waiting]")) {
    if (!page.querySelector("[data-waiting]")) location.reload();
    return;
  }
  replaceParts(page);
  countNewer(page);
}

function replaceParts(page) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = page.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
    if (now !== null && now.innerHTML !== part.innerHTML) part.replaceWith(now);
  }
}

function countNewer(page) {
  if (newer === null) return;
  const rows = [...page.querySelectorAll("[data-row]")].map((row) => row.dataset.row);
  const here = new Set([...document.querySelectorAll("[data-row]")].map((row) => row.dataset.row));
  const count = rows.filter((row) => !here.has(row)).length;
  newer.textContent = `${count} newer ${count === 1 ? "issue" : "issues"}`;
  newer.hidden = count === 0;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else if (stream === null) {
    listen();
  }
});
// Back and forward may show the page as it was left, with its streams closed.
addEventListener("pageshow", (event) => event.persisted && refreshSoon());
if (!document.hidden) listen();
