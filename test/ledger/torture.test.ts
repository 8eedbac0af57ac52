import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TRACE_OUTBOX_SHARDS, traceOutboxName } from "@millrace/core/contract";
import { eventually } from "../support/eventually.ts";
import { type GatewayUnderTest, startGateway, type Tenant } from "../support/gateway.ts";
import { repositoryRoot } from "../support/stack.ts";
import { type CountingUpstream, startCountingUpstream } from "./counting-upstream.ts";
import { auditOf, crash, exchange, ordersOf, type Outcome, torturedTenant, usageOf } from "./torture.ts";

/** Low enough that a part of the exchanges is refused, high enough that most are not. For each exchange. */
const TOKENS_EACH = 60;
const USD_MICROS_EACH = 100;

let upstream: CountingUpstream;
beforeAll(async () => {
  upstream = await startCountingUpstream();
});
afterAll(() => upstream?.close());

const host = () => new URL(upstream.origin).host;
const countOf = (outcomes: readonly Outcome[], kind: Outcome["kind"]) =>
  outcomes.filter((outcome) => outcome.kind === kind).length;

/** What was told of each exchange, by its own account: exactly what the provider billed for it. */
async function drift(url: string, tenant: Tenant, outcomes: readonly Outcome[]): Promise<readonly string[]> {
  const rows = await usageOf(url, tenant.bundle.project.id);
  const spent = new Map(rows.filter(({ budget }) => budget === "each").map((row) => [row.account, row.spent.tokens]));
  return outcomes.flatMap(({ order, kind }) => {
    const booked = spent.get(`user:${order.id}`) ?? 0;
    const billed = upstream.billed(order.id);
    // The provider never said what this one took: what is booked is an estimate.
    if (order.fate === "left-early") return [];
    return booked === billed ? [] : [`${order.id} ${order.fate} ${kind}: billed ${billed}, booked ${booked}`];
  });
}

const cases = [
  { shards: 1, concurrent: 1_000 },
  { shards: 4, concurrent: 400 },
];

describe.each(cases)(
  "$concurrent exchanges at once, in a ledger of $shards object(s) that die",
  ({ shards, concurrent }) => {
    const limits = { tokens: concurrent * TOKENS_EACH, usdMicros: concurrent * USD_MICROS_EACH };
    let gateway: GatewayUnderTest;
    let tenant: Tenant;

    beforeAll(async () => {
      gateway = await startGateway(
        { ALLOWED_PRIVATE_HOSTS: host(), LEDGER_SHARDS: String(shards) },
        {
          entry: "test/fakes/torture-gateway.worker.ts",
          functionsEntry: "test/fakes/torture-functions.worker.ts",
        },
      );
      tenant = torturedTenant(upstream, limits);
      await gateway.publish(tenant);
    });
    afterAll(() => gateway?.close());

    it("never pass a limit, lose nothing, and book exactly what the provider billed", async () => {
      const root = tenant.bundle.project.id;
      const names = [root, ...(shards === 1 ? [] : Array.from({ length: shards }, (_, n) => `${root}#${n}`))];
      const orders = ordersOf(concurrent, 7 + shards);
      let over = false;
      const killer = (async () => {
        for (let at = 0; !over; at++) {
          await crash(gateway.url, names[at % names.length] ?? root);
          await new Promise((resolve) => {
            setTimeout(resolve, 400);
          });
        }
      })();
      const outcomes = await Promise.all(
        orders.map((order) => exchange(order, { url: gateway.url, key: tenant.key, upstream })),
      );
      over = true;
      await killer;
      await eventually(async () => {
        for (const name of names) expect((await auditOf(gateway.url, name)).reservations.held).toBe(0);
        expect(await drift(gateway.url, tenant, outcomes)).toEqual([]);
      });
      const billed = orders.reduce((sum, { id }) => sum + upstream.billed(id), 0);
      await eventually(async () => {
        const rows = await usageOf(gateway.url, root);
        const tokens = rows.find(({ budget }) => budget === "tokens");
        const money = rows.find(({ budget }) => budget === "money");
        // What the provider reported, and the estimates for callers who left before it reported anything: each exchange once.
        const booked = rows.filter(({ budget }) => budget === "each").reduce((sum, { spent }) => sum + spent.tokens, 0);
        expect(booked).toBeGreaterThanOrEqual(billed);
        expect(tokens).toMatchObject({ spent: { tokens: booked } });
        expect((tokens?.spent.tokens ?? 0) + (tokens?.reserved.tokens ?? 0)).toBeLessThanOrEqual(limits.tokens);
        expect((money?.spent.usd_micros ?? 0) + (money?.reserved.usd_micros ?? 0)).toBeLessThanOrEqual(
          limits.usdMicros,
        );
      });
      for (const name of names) expect((await auditOf(gateway.url, name)).balanced).toBe(true);
      const kinds = Object.fromEntries(
        (["answered", "left", "refused", "failed", "lost"] as const).map((kind) => [kind, countOf(outcomes, kind)]),
      );
      console.log(`ledger torture, ${shards} shard(s): ${JSON.stringify({ ...kinds, billed, limit: limits.tokens })}`);
      expect(countOf(outcomes, "lost")).toBe(0);
      expect(countOf(outcomes, "refused")).toBeGreaterThan(0);
      expect(countOf(outcomes, "answered")).toBeGreaterThan(concurrent / 20);
    });
  },
);

describe("1000 exchanges that take from the same advances", () => {
  let gateway: GatewayUnderTest;
  let tenant: Tenant;

  beforeAll(async () => {
    gateway = await startGateway(
      { ALLOWED_PRIVATE_HOSTS: host() },
      { entry: "test/fakes/torture-gateway.worker.ts", functionsEntry: "test/fakes/torture-functions.worker.ts" },
    );
    // Far from the limits, so that nobody waits for the ledger, and what was taken comes to it with the traces.
    tenant = torturedTenant(upstream, { tokens: 100_000_000, usdMicros: 200_000_000, each: false });
    await gateway.publish(tenant);
  });
  afterAll(() => gateway?.close());

  it("are booked to the token, each once, while ledger and outboxes die under them", async () => {
    const root = tenant.bundle.project.id;
    // What a caller who leaves early takes is an estimate; all others the provider counts.
    const orders = ordersOf(1_300, 23)
      .filter(({ fate }) => fate !== "left-early")
      .slice(0, 1_000);
    let over = false;
    const names = [root, ...Array.from({ length: TRACE_OUTBOX_SHARDS }, (_, n) => traceOutboxName(n))];
    const killer = (async () => {
      for (let at = 0; !over; at++) {
        await crash(gateway.url, names[at % names.length] ?? root);
        await new Promise((resolve) => {
          setTimeout(resolve, 50);
        });
      }
    })();
    const queue = [...orders];
    const outcomes: Outcome[] = [];
    const caller = async (): Promise<void> => {
      for (let order = queue.pop(); order !== undefined; order = queue.pop())
        outcomes.push(await exchange(order, { url: gateway.url, key: tenant.key, upstream }));
    };
    await Promise.all(Array.from({ length: 100 }, caller));
    over = true;
    await killer;
    const billed = orders.reduce((sum, { id }) => sum + upstream.billed(id), 0);
    // Idle advances go back after some seconds.
    await eventually(async () => {
      const rows = await usageOf(gateway.url, root);
      expect(rows.find(({ budget }) => budget === "tokens")).toMatchObject({
        spent: { tokens: billed },
        reserved: { tokens: 0, requests: 0 },
      });
      expect(await auditOf(gateway.url, root)).toMatchObject({ balanced: true, reservations: { held: 0, assumed: 0 } });
    });
    console.log(`ledger torture, advances: ${JSON.stringify({ answered: countOf(outcomes, "answered"), billed })}`);
    expect(countOf(outcomes, "refused") + countOf(outcomes, "lost")).toBe(0);
    expect(countOf(outcomes, "answered")).toBeGreaterThan(orders.length / 2);
  });
});

describe("a gateway that is killed", () => {
  const dir = mkdtempSync(join(tmpdir(), "millrace-torture-"));
  const children: ChildProcess[] = [];
  const kill = (child: ChildProcess): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  afterAll(() => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) kill(child);
    rmSync(dir, { recursive: true, force: true });
  });

  async function start(tenant: Tenant): Promise<{ url: string; child: ChildProcess }> {
    const tenantFile = join(dir, "tenant.json");
    writeFileSync(tenantFile, JSON.stringify(tenant));
    const args = ["test/ledger/gateway-process.ts", join(dir, "state"), tenantFile, host()];
    // A group of its own, so that the runtime dies with it, at once.
    const child = spawn(process.execPath, args, {
      cwd: repositoryRoot,
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line.startsWith("ready ")) resolve(line.slice("ready ".length));
      });
      child.on("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
    });
    return { url, child };
  }

  it("keeps what it acknowledged, once, and holds the most for what it could not finish", async () => {
    const tenant = torturedTenant(upstream, { tokens: 1_000_000, usdMicros: 2_000_000 });
    const root = tenant.bundle.project.id;
    const first = await start(tenant);
    const orders = ordersOf(300, 99);
    let answered = 0;
    const outcomes = await Promise.all(
      orders.map(async (order) => {
        const outcome = await exchange(order, { url: first.url, key: tenant.key, upstream });
        if (outcome.kind === "answered" && ++answered === 60) kill(first.child);
        return outcome;
      }),
    );
    const second = await start(tenant);
    const audit = await auditOf(second.url, root);
    expect(audit.balanced).toBe(true);
    const acknowledged = outcomes.filter(({ kind }) => kind === "answered");
    expect(acknowledged.length).toBeGreaterThanOrEqual(60);
    expect(acknowledged.length).toBeLessThan(orders.length);
    // What was on its way to the ledger is on its way again once the outbox's alarm has rung.
    await eventually(async () => expect(await drift(second.url, tenant, acknowledged)).toEqual([]));
    const tokens = (await usageOf(second.url, root)).find(({ budget }) => budget === "tokens");
    const counted = (tokens?.spent.tokens ?? 0) + (tokens?.reserved.tokens ?? 0);
    expect(counted).toBeGreaterThanOrEqual(orders.reduce((sum, { id }) => sum + upstream.billed(id), 0));
    expect(counted).toBeLessThanOrEqual(1_000_000);
    const after = await Promise.all(
      ordersOf(50, 100).map((order) => exchange(order, { url: second.url, key: tenant.key, upstream })),
    );
    expect(countOf(after, "lost")).toBe(0);
    expect(countOf(after, "answered")).toBeGreaterThan(0);
    const lost = countOf(outcomes, "lost");
    console.log(
      `ledger after kill -9: ${JSON.stringify({ acknowledged: acknowledged.length, lost, held: audit.reservations.held })}`,
    );
  });
});
