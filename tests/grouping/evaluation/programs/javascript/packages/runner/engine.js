// In a shell of an engine of a browser: prints the error of every bug with its stack as text.
import { runAll, messagesOf } from './run.js';

// As the SDK sets it in browsers; of the three engines only V8 counts so few.
Error.stackTraceLimit = 50;
const write = globalThis.print || console.log;
function told(error, depth = 0) {
  return {
    name: error.name, message: error.message, stack: error.stack,
    cause: error.cause instanceof Error && depth < 3 ? told(error.cause, depth + 1) : null,
    errors: error instanceof AggregateError ? error.errors.map(one => told(one, depth + 1)) : null,
  };
}
runAll(globalThis.WAY, globalThis.BASKET, (bug, error) => write(JSON.stringify({ bug, error: told(error) })));
for (const [bug, text] of Object.entries(messagesOf(globalThis.BASKET))) write(JSON.stringify({ bug, message: text(globalThis.BASKET) }));
