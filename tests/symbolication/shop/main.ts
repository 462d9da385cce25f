// A program that fails in code that was built. Its events go to DSN, or, with EVENT set, to that file.
import * as Sentry from "@sentry/node";
import { writeFileSync } from "node:fs";
import { checkOut } from "./cart";

const { DSN, EVENT, RELEASE, DIST } = process.env;
Sentry.init({
  dsn: DSN ?? "http://key@127.0.0.1:9/1",
  release: RELEASE,
  dist: DIST,
  beforeSend(event) {
    if (EVENT === undefined) {
      return event;
    }
    writeFileSync(EVENT, JSON.stringify(event));
    return null;
  },
});

function buyAll(): void {
  try {
    checkOut(["umbrella", "ladder"]);
  } catch (error) {
    Sentry.captureException(error);
  }
}

buyAll();
void Sentry.flush(5000);
