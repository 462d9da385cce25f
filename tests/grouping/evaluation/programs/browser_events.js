// Makes events of the lines that engine.js printed, with the parser of the browsers' SDK: browser_events.js FILE
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
const require = createRequire(process.env.SDK_FOLDER + '/');
const { defaultStackParser } = require('@sentry/browser');

function exceptions(error, mechanism) {
  const frames = defaultStackParser(error.stack || '');
  const one = { type: error.name, value: error.message, mechanism, ...(frames.length && { stacktrace: { frames } }) };
  if (error.cause) return [...exceptions(error.cause, { type: 'chained', handled: true, source: 'cause', exception_id: 1, parent_id: 0 }), one];
  if (error.errors) {
    const group = { type: 'generic', handled: true, is_exception_group: true, exception_id: 0 };
    return [
      ...error.errors.map((member, index) => exceptions(member, { type: 'chained', handled: true, source: `errors[${index}]`, exception_id: index + 1, parent_id: 0 })[0]).reverse(),
      { ...one, mechanism: group },
    ];
  }
  return [one];
}

for (const line of readFileSync(process.argv[2], 'utf8').split('\n')) {
  if (!line.startsWith('{"bug"')) continue;
  const { bug, error, message } = JSON.parse(line);
  const event = message ? { message } : { exception: { values: exceptions(error, { type: 'generic', handled: true, exception_id: 0 }) } };
  console.log(JSON.stringify({ bug, event: { platform: 'javascript', ...event } }));
}
