export interface Article { name: string; cents: number }

const prices = new Map<string, Article>([["umbrella", { name: "umbrella", cents: 1900 }]]);

/** Looks an article up, and fails where there is none. */
export function priceOf(name: string): number {
  const article = prices.get(name);
  if (article === undefined) {
    throw new RangeError(`no price for ${name}`);
  }
  return article.cents;
}
