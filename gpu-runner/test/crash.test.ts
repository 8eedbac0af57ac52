import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { answerOf, errorOf, readEvents, startTestRunner, until, type TestRunner } from "./start-test-runner.ts";
import { tinyModelBytes } from "./tiny-model.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-crash-"));
let runner: TestRunner | undefined;
afterEach(async () => {
  await runner?.stop();
  runner = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ready = (of: TestRunner) => until("ready", async () => (await of.metric("millrace_runner_ready")) === 1);
const long = { temperature: 0, stream: true };

describe("an engine process that is killed", () => {
  it("ends its streams with an error, is started again, and the next request works", async () => {
    runner = await startTestRunner({}, { contextLength: 8192 });
    const of = runner;
    const response = await of.chat(long);
    process.kill(of.runner.enginePid() ?? 0, "SIGKILL");
    const { chunks, done } = await readEvents(response);
    expect(chunks.at(-1)?.error).toMatchObject({ code: "engine-failed" });
    expect(chunks.at(-1)?.error?.message).toContain("SIGKILL");
    expect(done).toBe(false);
    await ready(of);
    expect((await answerOf(await of.chat({ max_tokens: 3 }))).usage.completion_tokens).toBe(3);
    expect(await of.metric("millrace_runner_engine_restarts_total")).toBe(1);
  }, 60_000);

  it("is refused to new callers with `model-unavailable` while it is away, and /healthz says degraded", async () => {
    runner = await startTestRunner();
    const of = runner;
    process.kill(of.runner.enginePid() ?? 0, "SIGKILL");
    await until("it is away", async () => (await of.metric("millrace_runner_ready")) === 0);
    const health = await fetch(`${of.url}/healthz`);
    expect([health.status, ((await health.json()) as { status: string }).status]).toEqual([503, "degraded"]);
    expect(await errorOf(await of.chat({ max_tokens: 1 }))).toMatchObject({ status: 503, code: "model-unavailable" });
    await ready(of);
  }, 60_000);

  it("is killed and started again when it hangs in the middle of a decode", async () => {
    runner = await startTestRunner({ MILLRACE_RUNNER_HANG_MS: "1500" }, { contextLength: 8192 });
    const of = runner;
    const response = await of.chat(long);
    process.kill(of.runner.enginePid() ?? 0, "SIGSTOP");
    const { chunks, done } = await readEvents(response);
    expect(chunks.at(-1)?.error?.message).toMatch(/No token was decoded/);
    expect(done).toBe(false);
    await ready(of);
  }, 60_000);
});

describe("a model file that is no model", () => {
  const files: [string, Buffer, RegExp][] = [
    ["garbage", Buffer.from("this is not a model, it is a sentence about one"), /not a GGUF file/],
    ["an empty file", Buffer.alloc(0), /cut off/],
    ["a header and then nothing", tinyModelBytes().subarray(0, 4000), /cannot load the model/],
    ["half of the weights", tinyModelBytes().subarray(0, 200_000), /cannot load the model/],
  ];
  it.each(files)(
    "%s: the process stays up, /healthz and requests say why",
    async (name, bytes, words) => {
      const path = join(folder, `${name.replaceAll(" ", "-")}.gguf`);
      writeFileSync(path, bytes);
      runner = await startTestRunner({ MILLRACE_MODEL: path, MILLRACE_MODEL_NAME: "tiny-f32" });
      const of = runner;
      expect(await of.runner.failed).toMatch(words);
      const health = await fetch(`${of.url}/healthz`);
      expect(health.status).toBe(503);
      expect(((await health.json()) as { reason: string }).reason).toMatch(words);
      expect(await errorOf(await of.chat({}))).toMatchObject({ status: 503, code: "model-unavailable" });
    },
    60_000,
  );

  it("a path that leads nowhere names the setting to change", async () => {
    runner = await startTestRunner({ MILLRACE_MODEL: join(folder, "none.gguf") });
    expect(await runner.runner.failed).toMatch(/MILLRACE_MODEL/);
  });

  it("with --strict the program leaves with status 1", async () => {
    const main = fileURLToPath(new URL("../main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, "--strict"], {
      env: { PATH: process.env["PATH"], MILLRACE_MODEL: join(folder, "none.gguf"), MILLRACE_RUNNER_PORT: "0" },
    });
    const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
    expect(code).toBe(1);
  }, 60_000);
});

describe("access", () => {
  it("with a token set, /v1 and /metrics ask for it and /healthz does not", async () => {
    runner = await startTestRunner({ MILLRACE_RUNNER_TOKEN: "s3cret" });
    const { url } = runner;
    const get = (path: string, authorization?: string) =>
      fetch(`${url}${path}`, { headers: authorization === undefined ? {} : { authorization } });
    expect(await errorOf(await get("/v1/models"))).toMatchObject({ status: 401, code: "missing-key" });
    expect(await errorOf(await get("/metrics", "Bearer wrong"))).toMatchObject({ status: 401, code: "invalid-key" });
    expect((await get("/v1/models", "Bearer s3cret")).status).toBe(200);
    expect((await get("/healthz")).status).toBe(200);
  }, 60_000);

  it("a port in use is said in one line and ends the program", async () => {
    runner = await startTestRunner();
    const port = new URL(runner.url).port;
    const main = fileURLToPath(new URL("../main.ts", import.meta.url));
    const child = spawn(process.execPath, [main], { env: { PATH: process.env["PATH"], MILLRACE_RUNNER_PORT: port } });
    let out = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    expect([code, out]).toEqual([1, expect.stringContaining("EADDRINUSE")]);
  }, 60_000);
});
