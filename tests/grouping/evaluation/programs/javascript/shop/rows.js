export function parseRow(basket) {
  parsePrice(basket.priceText);
  return parseDate(basket.dateText);
}

function parsePrice(text) {
  if (isNaN(Number(text))) throw new TypeError(`not a price: ${text}`);
}

function parseDate(text) {
  if (isNaN(new Date(text))) throw new TypeError(`not a date: ${text}`);
}

export function readSettings(text) { return JSON.parse(text); }

export function readOrders(text) { return text.split('\n').map(line => JSON.parse(line)); }

export function* prices(basket) { for (const line of basket.lines) yield line.discount.percent; }

export function total({ totals: { amount } }) { return amount; }
