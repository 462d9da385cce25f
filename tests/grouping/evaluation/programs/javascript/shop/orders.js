import { price } from './pricing.js';

export function required(value, name) {
  if (!value) throw new Error(`${name} is missing`);
  return value;
}

export const placeOrder = basket => {
  required(basket.customer, 'customer');
  return price(basket);
};

export async function placeOrderAsync(basket) {
  await null;
  required(basket.customer, 'customer');
  return price(basket);
}

export function refund(basket) {
  required(basket.customer, 'customer');
  return -price(basket);
}

export function retry(work) {
  return function attempt(basket) {
    try { return work(basket); } catch (error) { return work(basket); }
  };
}

export const reserve = retry(function reserveOnce(basket) {
  throw new Error(`order ${basket.id} could not be reserved at ${basket.at}`);
});

export function cancel(basket) {
  basket.lines.forEach(line => { line.parts.count = 0; });
}

class ApiError extends Error {}

function check(path, answer) {
  if (answer >= 400) throw new ApiError(`GET ${path}: ${answer}`);
}

function get(path, answer) { return check(path, answer); }

export function loadOrder(basket) { return get(`/orders/${basket.id}`, 503); }

export function loadPrice(basket) { return get(`/prices/${basket.id}`, 500); }

export function ship(basket) {
  if (!basket.address) throw new Error('no address');
  if (!basket.lines.length) throw new Error('nothing to ship');
}

const subscribers = [];

function subscribe(work) { subscribers.push(work); }

subscribe(basket => basket.parcel.weight);

export function publish(basket) { subscribers.forEach(work => work(basket)); }
