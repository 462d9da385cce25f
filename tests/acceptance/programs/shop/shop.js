// The script of a shop with a bug. The test sets window.settings before the page loads.
import * as Sentry from "@sentry/browser";

Sentry.init(window.settings);

function addToCart(article) {
  return article.price.toFixed(2);
}

const button = document.querySelector("button");
button.addEventListener("click", function buy() {
  addToCart({ name: "umbrella" });
});
button.disabled = false;
