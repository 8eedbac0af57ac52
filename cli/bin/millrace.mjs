#!/usr/bin/env node
/** `npx millrace …`: runs the command under the pinned Node, from whatever folder the caller is in. */
import { fileURLToPath } from "node:url";

const runner = new URL("../../infra/toolchain/run.mjs", import.meta.url);
process.argv.splice(2, 0, fileURLToPath(new URL("../main.ts", import.meta.url)));
await import(runner.href);
