// Builds the program with a bundler plugin: the module is named by PLUGIN, as it differs by version.
import * as esbuild from "esbuild";

const { sentryEsbuildPlugin } = await import(process.env.PLUGIN);
await esbuild.build({
  entryPoints: [process.env.ENTRY],
  outfile: process.env.OUTFILE,
  bundle: true,
  minify: true,
  sourcemap: true,
  platform: "node",
  external: ["@sentry/node"],
  logLevel: "error",
  plugins: [
    sentryEsbuildPlugin({
      telemetry: false,
      org: process.env.SENTRY_ORG,
      project: process.env.SENTRY_PROJECT,
      authToken: process.env.SENTRY_AUTH_TOKEN,
      url: process.env.SENTRY_URL,
      release: { name: process.env.RELEASE, setCommits: false, deploy: { env: "production" } },
      errorHandler: (error) => {
        throw error;
      },
    }),
  ],
});
