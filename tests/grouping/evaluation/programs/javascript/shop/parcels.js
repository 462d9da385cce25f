// Errors that the language itself throws, from as many kinds of functions.
export function circular(basket) { const parcel = { basket }; parcel.self = parcel; return JSON.stringify(parcel); }

class Parcel {
  #weigh(basket) { return basket.scale.weight; }
  static of(basket) { return basket.sender.address.street; }
  weight(basket) { return this.#weigh(basket); }
}

export function privateMethod(basket) { return new Parcel().weight(basket); }

export function staticMethod(basket) { return Parcel.of(basket); }

export function emptyReduce(basket) { return basket.lines.filter(line => line.lost).reduce((one, other) => one + other); }

export function invalidDate(basket) { return new Date(NaN).toISOString(); }

export function badUri(basket) { return decodeURIComponent('%'); }

export function mixedNumbers(basket) { return 1n + basket.id; }

export const notAFunction = basket => basket.lines.weigh();
