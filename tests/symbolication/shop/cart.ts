import { priceOf } from "./prices";

export class Cart {
  private names: string[] = [];

  add(name: string): void {
    this.names.push(name);
  }

  total(): number {
    return this.names.map((name) => priceOf(name)).reduce((sum, cents) => sum + cents, 0);
  }
}

export const checkOut = (names: string[]): number => {
  const cart = new Cart();
  for (const name of names) {
    cart.add(name);
  }
  return cart.total();
};
