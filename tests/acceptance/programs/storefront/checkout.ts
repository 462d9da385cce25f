export interface Basket {
  customer: string;
  articles: { price: number }[] | undefined;
}

export function totalOf(basket: Basket): number {
  return sumOfPrices(basket);
}

function sumOfPrices(basket: Basket): number {
  if (basket.articles === undefined) {
    throw new RangeError(`the basket of ${basket.customer} was never filled`);
  }
  return basket.articles.reduce((sum, article) => sum + article.price, 0);
}
