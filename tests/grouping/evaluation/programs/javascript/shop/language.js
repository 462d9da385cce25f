// What browsers report most: something that is not there, or not what it was taken for.
export function missingGlobal(basket) { return analytics.track(basket.id); }

export function notIterable(basket) { const [first] = basket.id; return first; }

export function inNumber(basket) { return 'total' in basket.id; }

export function badPattern(basket) { return new RegExp(`[${basket.id}`); }

export function negativeRepeat(basket) { return '-'.repeat(-basket.id); }

export const tooManyDigits = basket => basket.lines[0].price.toFixed(200);

export const badLength = basket => new Array(-basket.id);

export function symbolText(basket) { return `${Symbol('basket')} ${basket.id}`; }

export function answeredNull(basket) { return JSON.parse('null').customer.name + basket.id; }
