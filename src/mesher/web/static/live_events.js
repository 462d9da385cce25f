// Adds events to a list as they arrive. What comes between two frames is drawn at once, and no more of it than
// the list holds, so that a storm costs a page no more than a drizzle. Text of events is never markup.

const SHOWN = 200;
const RATE_SECONDS = 10;
const list = document.querySelector("[data-live-events]");
const state = document.querySelector(".live-state");
const pause = document.querySelector(".pause");
const empty = document.querySelector(".empty");
const projects = JSON.parse(list.dataset.projects || "{}");

let waiting = []; // newest last; at most SHOWN
let drawing = false;
let paused = false;
let skipped = 0; // came while the list was paused
let dropped = 0; // left out by the server
let arrivals = []; // [time, how many]
let stream = null;

function listen() {
  stream = new EventSource(list.dataset.liveEvents);
  stream.onmessage = ({ data }) => take(JSON.parse(data));
  stream.onerror = () => show();
  stream.onopen = () => show();
}

function take(message) {
  if (message.type === "events") {
    waiting.push(...message.events);
    if (paused) skipped += message.events.length;
    if (waiting.length > SHOWN) waiting = waiting.slice(-SHOWN);
    drawSoon();
  } else if (message.type === "counts") {
    arrivals.push([performance.now(), Object.values(message.events).reduce((sum, one) => sum + one, 0)]);
  } else if (message.type === "dropped") {
    dropped += message.events;
  }
}

function drawSoon() {
  if (paused || drawing) return;
  drawing = true;
  requestAnimationFrame(draw);
}

function draw() {
  drawing = false;
  const rows = waiting.map(row).reverse();
  waiting = [];
  list.prepend(...rows);
  while (list.children.length > SHOWN) list.lastElementChild.remove();
  empty.hidden = list.children.length > 0;
}

function row(event) {
  const at = new Date(event.received_at);
  const time = Object.assign(document.createElement("time"), {
    dateTime: event.received_at,
    textContent: at.toISOString().slice(11, 19),
  });
  const level = Object.assign(document.createElement("span"), {
    className: `level ${event.level}`,
    textContent: event.level,
  });
  const link = Object.assign(document.createElement("a"), {
    href: `/issues/${event.issue_id}/events/${event.id}`,
    textContent: event.message || "(no message)",
  });
  const more = [projects[event.project_id], event.tags.environment, event.tags.release];
  const quiet = Object.assign(document.createElement("span"), {
    className: "quiet",
    textContent: more.filter(Boolean).join(" "),
  });
  const entry = document.createElement("li");
  entry.append(time, " ", level, " ", link, " ", quiet);
  return entry;
}

function show() {
  const now = performance.now();
  arrivals = arrivals.filter(([at]) => now - at < RATE_SECONDS * 1000);
  const rate = arrivals.reduce((sum, [, count]) => sum + count, 0) / RATE_SECONDS;
  const parts = [`${rate < 10 ? rate.toFixed(1) : Math.round(rate)} events a second`];
  if (dropped) parts.push(`${dropped.toLocaleString("en")} not shown, too many at once`);
  if (paused) parts.push(`paused, ${skipped.toLocaleString("en")} since`);
  if (stream?.readyState !== EventSource.OPEN) parts.push("connecting");
  state.textContent = parts.join("; ");
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  skipped = 0;
  pause.textContent = paused ? "Go on" : "Pause";
  pause.setAttribute("aria-pressed", String(paused));
  if (!paused) drawSoon();
  show();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else if (stream === null) {
    listen();
  }
});
// A status that speaks each second is read out each second: its words change, its role stays quiet.
state.setAttribute("aria-live", "off");
setInterval(show, 1000);
if (!document.hidden) listen();
