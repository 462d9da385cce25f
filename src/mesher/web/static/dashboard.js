// Dragging over the chart shows that part of the time. Without it, the ranges above do.

const chart = document.querySelector(".volume svg");
// A shorter drag is a click that slipped.
const LEAST_SHARE = 0.01;

if (chart) {
  const chosen = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const width = chart.viewBox.baseVal.width;
  let from = null;
  chosen.setAttribute("class", "chosen");
  chosen.setAttribute("height", "100");

  const share = (event) => {
    const box = chart.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
  };
  const mark = (a, b) => {
    chosen.setAttribute("x", Math.min(a, b) * width);
    chosen.setAttribute("width", Math.abs(a - b) * width);
  };
  chart.addEventListener("pointerdown", (event) => {
    from = share(event);
    chart.setPointerCapture(event.pointerId);
    mark(from, from);
    chart.append(chosen);
  });
  chart.addEventListener("pointermove", (event) => from !== null && mark(from, share(event)));
  chart.addEventListener("pointercancel", () => {
    from = null;
    chosen.remove();
  });
  chart.addEventListener("pointerup", (event) => {
    const to = share(event);
    const [a, b] = [Math.min(from, to), Math.max(from, to)];
    from = null;
    if (b - a < LEAST_SHARE) return chosen.remove();
    const begin = Date.parse(chart.dataset.since);
    const length = Date.parse(chart.dataset.until) - begin;
    const at = (part) => new Date(begin + part * length).toISOString();
    location.search = new URLSearchParams({ since: at(a), until: at(b) });
  });
}
