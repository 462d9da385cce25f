// Uses the API by a client that a stock generator made of its OpenAPI document.

import { pathToFileURL } from "node:url";

const { Api } = await import(pathToFileURL(process.env.CLIENT));
const client = new Api({
  baseUrl: process.env.BASE_URL,
  securityWorker: (token) => ({ headers: { Authorization: `Bearer ${token}` } }),
});
client.setSecurityData(process.env.TOKEN);

const projects = (await client.api.listProjects({ limit: 1 }, { secure: true })).data.items;
const made = await client.api.createKey(
  projects[0].id,
  { label: "generated" },
  { secure: true, headers: { "Idempotency-Key": "once" } },
);
const keys = (await client.api.listProjectKeys(projects[0].id, {}, { secure: true })).data.items;
const missing = await client.api
  .getProject("no-such-project", { secure: true })
  .catch((answer) => answer);
console.log(
  JSON.stringify({
    project: projects[0].id,
    made: made.data.label,
    keys: keys.map((key) => key.label),
    missing: [missing.status, missing.error.code],
  }),
);
