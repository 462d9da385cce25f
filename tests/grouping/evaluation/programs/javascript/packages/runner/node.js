// Reports with the SDK of servers: node.js WAY BASKET [BUNDLE]
import { createRequire } from 'node:module';
const require = createRequire(process.env.SDK_FOLDER + '/');
const Sentry = require('@sentry/node');
const [way, basketText, bundle] = process.argv.slice(2);
const basket = JSON.parse(basketText);
const { runAll, messagesOf } = await import(bundle || './run.js');

let current;
Sentry.init({
  dsn: 'http://key@127.0.0.1:1/1',
  defaultIntegrations: false,
  integrations: [Sentry.contextLinesIntegration(), Sentry.linkedErrorsIntegration(), Sentry.nodeContextIntegration()],
  skipOpenTelemetrySetup: true,
  beforeSend(event) { console.log(JSON.stringify({ bug: current, event })); return null; },
});
async function report(bug, error) {
  current = bug;
  Sentry.captureException(error);
}
const found = [];
await runAll(way, basket, (bug, error) => found.push([bug, error]));
for (const [bug, error] of found) { await report(bug, error); await Sentry.flush(100); }
for (const [bug, text] of Object.entries(messagesOf(basket))) { current = bug; Sentry.captureMessage(text(basket)); await Sentry.flush(100); }
