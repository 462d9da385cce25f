const coupons = { spring: { tiers: [] }, summer: {} };

export function price(basket) {
  const subtotal = basket.lines.reduce((sum, line) => sum + line.price * line.count, 0);
  return subtotal - discount(basket, subtotal);
}

export function discount(basket, subtotal) {
  const rule = coupons[basket.coupon];
  if (basket.coupon === 'summer') throw new RangeError(`no percentage for basket ${basket.id}`);
  return subtotal * rule.tiers[0].percent;
}

export function tax(basket) {
  return basket.lines.map(line => line.price * line.tax.rate);
}

export class Rates {
  constructor(basket) { this.basket = basket; }
  get factor() { return this.basket.rates.eur; }
  convert(amount) { return amount * this.factor; }
}
