import { env, exports } from "cloudflare:workers";
import { createExecutionContext, createScheduledController, reset, waitOnExecutionContext } from "cloudflare:test";
import { neon, neonConfig } from "@neondatabase/serverless";
import { afterEach, describe, expect, inject, it } from "vitest";
import { traceMessage } from "../../test/support/trace-message.ts";
import type { FunctionsEnv } from "../config.ts";
import { writeSpill } from "../spill.ts";
import worker from "../worker.ts";
import { runJobs } from "./run-jobs.ts";

const bindings = env as unknown as FunctionsEnv;

async function tick(): Promise<void> {
  const context = createExecutionContext();
  await worker.scheduled(createScheduledController(), bindings);
  await waitOnExecutionContext(context);
}

function database() {
  neonConfig.fetchEndpoint = inject("databases")[0]?.neonFetchEndpoint ?? "";
  return neon("postgres://test:test@localhost/millrace");
}

describe("the minute's tick", () => {
  afterEach(async () => reset());

  it("makes the partitions ahead and brings spilled traces home", async () => {
    await writeSpill(bindings.TRACE_BODIES, "outbox-0", [JSON.stringify(traceMessage("tick_1")), "broken"]);
    await tick();
    const sql = database();
    expect(await sql.query("select id from traces where id = 'tick_1'")).toHaveLength(1);
    expect(await sql.query("select id from dead_letters where queue = 'spill'")).toHaveLength(1);
    expect((await bindings.TRACE_BODIES.list()).objects).toEqual([]);
    const inAWeek = new Date(Date.now() + 7 * 24 * 3600 * 1000).toISOString().slice(0, 10).replaceAll("-", "");
    expect(await sql.query("select to_regclass($1) as t", [`traces_${inAWeek}`])).toEqual([{ t: `traces_${inAWeek}` }]);
    await sql.query("delete from dead_letters where queue = 'spill'");
  });

  it("changes nothing when it comes again", async () => {
    await tick();
    await tick();
    expect((await bindings.TRACE_BODIES.list()).objects).toEqual([]);
  });

  it("answers nobody over HTTP", async () => {
    const response = await (exports as unknown as { default: Fetcher }).default.fetch(
      "https://functions.invalid/api/v1/me",
    );
    expect(response.status).toBe(404);
  });
});

describe("runJobs", () => {
  it("runs every job though one fails, and logs one line for each", async () => {
    const lines: unknown[] = [];
    const ran: string[] = [];
    const job = (name: string, run: () => Promise<number>) => ({ name, run: async () => (ran.push(name), run()) });
    await runJobs(
      [
        job("a", async () => 1),
        job("b", async () => Promise.reject(Object.assign(new Error("secret words"), { code: "57P01" }))),
        job("c", async () => 3),
      ],
      { log: (level, event, fields) => lines.push({ level, event, ...fields }), now: () => 0 },
    );
    expect(ran).toEqual(["a", "b", "c"]);
    expect(lines).toEqual([
      { level: "info", event: "cron-job", job: "a", duration_ms: 0, outcome: "ok", count: 1 },
      {
        level: "error",
        event: "cron-job",
        job: "b",
        duration_ms: 0,
        outcome: "failed",
        error_name: "Error",
        error_code: "57P01",
      },
      { level: "info", event: "cron-job", job: "c", duration_ms: 0, outcome: "ok", count: 3 },
    ]);
  });
});
