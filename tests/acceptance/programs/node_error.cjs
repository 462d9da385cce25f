// A Node program that fails because of another failure and then ends.
const Sentry = require("@sentry/node");

Sentry.init({ dsn: process.env.DSN, release: "shop-web@7.0.3" });

function readStock(text) {
  return JSON.parse(text);
}

function reserve(article) {
  try {
    readStock("{");
  } catch (cause) {
    throw new RangeError(`cannot reserve ${article}`, { cause });
  }
}

try {
  reserve("umbrella");
} catch (error) {
  Sentry.captureException(error);
}

Sentry.flush(10000).then((sent) => process.exit(sent ? 0 : 1));
