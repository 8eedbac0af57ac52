/** `npm start`: the whole stack on this machine. Settings: config.ts. What starts, in which order: stack.ts. */
import { fileURLToPath } from "node:url";
import { banner } from "./banner.ts";
import { readLocalConfig, StartError } from "./config.ts";
import { assertUnlocked, takeDataLock } from "./data-lock.ts";
import { createLog, isColoured } from "./log.ts";
import { choosePorts } from "./ports.ts";
import { shutdownAsked } from "./shutdown-signals.ts";
import { startStack } from "./stack.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const coloured = isColoured(process.stdout, process.env);
const log = createLog({ write: (text) => process.stdout.write(text), now: () => new Date(), coloured });
const say = log("stack");
const stops: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
const onStop = (name: string, stop: () => Promise<void> | void) => void stops.push({ name, stop });

/** Ends the parts in the reverse order of their start; one that fails does not keep the others running. */
async function stopAll(): Promise<boolean> {
  let clean = true;
  for (let part = stops.pop(); part !== undefined; part = stops.pop()) {
    try {
      await part.stop();
    } catch (error) {
      clean = false;
      say("error", `${part.name} did not end cleanly: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return clean;
}

async function start(signal: AbortSignal): Promise<void> {
  const startedMs = Date.now();
  const config = readLocalConfig(root, process.env);
  await assertUnlocked(config.dataDir);
  const [gateway = 0, neon = 0, runner = 0] = await choosePorts([
    { part: "gateway", host: config.host, port: config.gatewayPort },
    { part: "neon", host: "127.0.0.1", port: config.neonPort },
    ...(config.runner ? [{ part: "runner", host: "127.0.0.1", port: config.runnerPort } as const] : []),
  ]);
  const lock = await takeDataLock(config.dataDir, `http://${config.host}:${gateway}`);
  onStop("lock", async () => lock.release());
  say("info", "starting …");
  const file = await startStack({ config, ports: { gateway, neon, runner }, log, signal, onStop });
  say("info", `everything answers, ${((Date.now() - startedMs) / 1000).toFixed(1)} s after the start`);
  process.stdout.write(banner(file, coloured));
}

const asked = shutdownAsked(() => say("warn", "ending at once"));
const unwanted = new AbortController();
const starting = start(unwanted.signal);
try {
  const reason = await Promise.race([asked, starting.then(async () => asked)]);
  say("info", `ending (${reason}); finishing what runs …`);
  // A start that is interrupted finishes its step first, so that its parts are known and can be ended.
  unwanted.abort();
  await starting.catch(() => undefined);
  const clean = await stopAll();
  say("info", "ended");
  process.exit(clean ? 0 : 1);
} catch (error) {
  if (error instanceof StartError) say("error", error.message);
  else say("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
  await stopAll();
  process.exit(1);
}
