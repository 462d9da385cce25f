// Bundled and minified by the tests, then run: what it sends has positions in the bundle alone.
import * as Sentry from "@sentry/node";
import { totalOf } from "./checkout";

Sentry.init({ dsn: process.env.DSN, release: process.env.RELEASE, defaultIntegrations: false });

try {
  totalOf({ customer: "Ada", articles: undefined });
} catch (error) {
  console.log(Sentry.captureException(error));
}
Sentry.flush(10_000).then((sent) => process.exit(sent ? 0 : 1));
