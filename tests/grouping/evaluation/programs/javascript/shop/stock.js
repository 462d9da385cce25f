export class ShopError extends Error {
  constructor(message, options) { super(message, options); this.name = 'ShopError'; }
}

function fetchStock(basket) { throw new Error(`${basket.address} did not answer within ${basket.id % 90} s`); }

export function loadStock(basket, answer) {
  try {
    return answer ? JSON.parse(answer) : fetchStock(basket);
  } catch (error) {
    throw new ShopError(`no stock for order ${basket.id}`, { cause: error });
  }
}

export function walk(node, depth) {
  if (depth === 0) return node.names[0].length;
  return walkChildren(node, depth - 1);
}

function walkChildren(node, depth) {
  for (const child of node.children) walk(child, depth);
}

export function tree(depth) { return depth ? { children: [tree(depth - 1)] } : { children: [{}] }; }

export function isEven(number) { return number === 0 ? true : isOdd(number - 1); }

function isOdd(number) { return number === 0 ? false : isEven(number - 1); }

export function callWarehouse() { throw new Error('service is unavailable'); }

export function callMailer() { throw new Error('service is unavailable'); }

export function askAll(count) {
  const errors = [];
  for (let number = 0; number < count; number++) {
    try { askOne(number); } catch (error) { errors.push(error); }
  }
  throw new AggregateError(errors, `${count} warehouses failed`);
}

function askOne(number) { throw new Error(`warehouse ${number} did not answer`); }

export function sorted(basket) { return [...basket.lines, {}].sort((one, other) => one.rank.value - other.rank.value); }
