import { pointerMessage } from "@millrace/core/bundle";
import { contentHash } from "@millrace/core/content";
import type { Bundle, BundlePointer, ConfigHubService, PublishOutcome } from "@millrace/core/contract";
import { seed, type SeedResult } from "@millrace/migrations/seed";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { databaseKinds, type TestDatabase } from "../../test/support/databases.ts";
import { type Database, openDatabase } from "../database.ts";
import { createBundleSigner, publishEnvironment, type PublishDeps, sweepOutbox } from "./index.ts";

/** A config hub with the compare-and-set of the real one. */
class MemoryHub implements ConfigHubService {
  pointer: BundlePointer | null = null;
  readonly bundles = new Map<string, string>();
  async current(): Promise<BundlePointer | null> {
    return this.pointer;
  }
  async bundle(hash: string): Promise<string | null> {
    return this.bundles.get(hash) ?? null;
  }
  async publish(pointer: BundlePointer, json: string): Promise<PublishOutcome> {
    if (this.pointer !== null && pointer.epoch <= this.pointer.epoch) {
      const same = pointer.epoch === this.pointer.epoch && pointer.hash === this.pointer.hash;
      return same ? { ok: true } : { ok: false, currentEpoch: this.pointer.epoch };
    }
    this.pointer = pointer;
    this.bundles.set(pointer.hash, json);
    return { ok: true };
  }
}

const base64 = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("base64");

describe.each(databaseKinds)("publishEnvironment on $name", ({ start }) => {
  let database: TestDatabase;
  let db: Database;
  let seeded: SeedResult;
  let environmentId: string;
  let keys: CryptoKeyPair;
  let hub: MemoryHub;
  let kv: Map<string, string>;
  let deps: PublishDeps;

  beforeAll(async () => {
    database = await start();
    db = openDatabase(database);
    seeded = await seed(database.runBatch);
    environmentId = seeded.environmentId;
    keys = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  });
  afterAll(() => database.close());

  beforeEach(async () => {
    hub = new MemoryHub();
    kv = new Map();
    await database.query("delete from bundles");
    await database.query("delete from outbox");
    await touch();
    deps = {
      db,
      kv: { put: async (key, value) => void kv.set(key, value) },
      hub: () => hub,
      sign: createBundleSigner(base64((await crypto.subtle.exportKey("pkcs8", keys.privateKey)) as ArrayBuffer)),
      now: () => new Date("2026-11-22T12:00:00Z"),
    };
  });

  /** Some change of this environment, with its outbox row. */
  let changes = 0;
  async function change(): Promise<void> {
    await database.query("update providers set base_url = $1", [`http://127.0.0.1:${++changes}/v1`]);
    await touch();
  }
  async function touch(): Promise<void> {
    await database.query(
      "insert into outbox (project_id, environment_id, reason, created_at) values ($1, $2, 'test', now())",
      [seeded.projectId, environmentId],
    );
  }
  const pending = async () =>
    Number((await database.query("select count(*)::int as n from outbox where done_at is null"))[0]?.["n"]);

  async function expectLive(): Promise<void> {
    const pointer = hub.pointer!;
    const bundle = JSON.parse(hub.bundles.get(pointer.hash) ?? "") as Bundle;
    expect(contentHash(bundle)).toBe(pointer.hash);
    expect(kv.get(`bundle:${pointer.hash}`)).toBe(hub.bundles.get(pointer.hash));
    expect(JSON.parse(kv.get(`pointer:${environmentId}`) ?? "")).toEqual(pointer);
    expect(bundle.providers["local-runner"]?.base_url).toBe(
      (await database.query("select base_url from providers"))[0]?.["base_url"],
    );
    expect(await pending()).toBe(0);
  }

  it("brings the committed state to KV and the hub, signed, and marks what it published", async () => {
    const report = await publishEnvironment(deps, environmentId);
    expect(report).toMatchObject({ epoch: 1, changed: true });
    await expectLive();
    const signature = Buffer.from(hub.pointer!.signature, "base64");
    expect(await crypto.subtle.verify("Ed25519", keys.publicKey, signature, pointerMessage(hub.pointer!))).toBe(true);
    const bundle = JSON.parse(hub.bundles.get(report.hash)!) as Bundle;
    expect(Object.keys(bundle.prompts["support-reply"]!.numbers)).toEqual(["1", "2", "3"]);
    expect(Object.keys(bundle.prompts["support-reply"]!.labels)).toEqual(["candidate", "production"]);
  });

  it("carries the prices of the targets in use, wherever in a route they stand, and no others", async () => {
    const add = async (
      id: string,
      price: { readonly model: string; readonly match: string; readonly scope: object; readonly rates: object },
    ): Promise<unknown> =>
      database.query(
        "insert into prices (id, project_id, origin, scope, scope_name, model, match, valid_from, price, created_at, updated_at) " +
          "values ($1, $2, 'import', 'kind', $1, $3, $4, '-infinity', $5, now(), now())",
        [id, seeded.projectId, price.model, price.match, JSON.stringify(price)],
      );
    await database.query("delete from prices");
    const runner = { scope: { kind: "runner" }, rates: { input: 1 } };
    await add("prc_used", { ...runner, model: "millrace-support", match: "exact" });
    await add("prc_prefix", { ...runner, model: "millrace-", match: "prefix" });
    await add("prc_model", { ...runner, model: "millrace", match: "exact" });
    await add("prc_kind", { ...runner, scope: { kind: "openai" }, model: "millrace-support", match: "exact" });
    const nested = "update models set route = json_build_object('kind', 'fallback', 'routes', json_build_array(route))";
    await database.query(nested);
    const report = await publishEnvironment(deps, environmentId);
    const bundle = JSON.parse(hub.bundles.get(report.hash)!) as Bundle;
    expect(bundle.prices.map(({ price }) => price.model).sort()).toEqual(["millrace-", "millrace-support"]);
    expect(bundle.price_version).toBe(contentHash(bundle.prices));
    await database.query("delete from prices");
    await database.query("update models set route = route -> 'routes' -> 0");
  });

  it("takes no new epoch when nothing changed, and one when something did", async () => {
    const first = await publishEnvironment(deps, environmentId);
    await touch();
    expect(await publishEnvironment(deps, environmentId)).toEqual({ ...first, changed: false });
    expect(await pending()).toBe(0);
    await change();
    expect(await publishEnvironment(deps, environmentId)).toMatchObject({ epoch: 2, changed: true });
    await expectLive();
  });

  it("completes after a failure of any dependency call, whichever it is", async () => {
    let failures = 0;
    for (let n = 1; ; n++) {
      await change();
      let calls = 0;
      const failing = <A extends unknown[], R>(run: (...args: A) => Promise<R>) => {
        return async (...args: A): Promise<R> => {
          if (++calls === n) throw new Error("injected");
          return run(...args);
        };
      };
      const broken: PublishDeps = {
        ...deps,
        kv: { put: failing((key: string, value: string) => deps.kv.put(key, value)) },
        sign: failing(deps.sign),
        hub: () => ({
          current: failing(() => hub.current()),
          bundle: (hash) => hub.bundle(hash),
          publish: failing((pointer: BundlePointer, json: string) => hub.publish(pointer, json)),
        }),
      };
      const before = hub.pointer;
      const failed = await publishEnvironment(broken, environmentId).then(
        () => false,
        () => true,
      );
      if (!failed) break;
      failures++;
      expect(await pending()).toBeGreaterThan(0);
      expect((hub.pointer?.epoch ?? 0) - (before?.epoch ?? 0)).toBeLessThanOrEqual(1);
      await publishEnvironment(deps, environmentId);
      await expectLive();
    }
    // current, sign, KV bundle, hub publish, KV pointer, current
    expect(failures).toBe(6);
  });

  it("completes after the database fails at any statement", async () => {
    for (let n = 1, failed = true; failed; n++) {
      await change();
      let calls = 0;
      const broken = new Proxy(db, {
        get: (target, property) => {
          const member: unknown = Reflect.get(target, property);
          if (property !== "execute" || ++calls !== n) return member;
          return async () => {
            throw Object.assign(new Error("injected"), { name: "NeonDbError" });
          };
        },
      });
      failed = await publishEnvironment({ ...deps, db: broken }, environmentId).then(
        () => false,
        (error: unknown) => {
          expect(error).toMatchObject({ code: "state-unavailable" });
          return true;
        },
      );
      if (failed) expect(await pending()).toBeGreaterThan(0);
      await publishEnvironment(deps, environmentId);
      await expectLive();
      expect(n).toBeLessThan(10);
    }
  });

  it("lets concurrent publishers converge on the newest state", async () => {
    await publishEnvironment(deps, environmentId);
    for (let round = 0; round < 3; round++) {
      await Promise.all([
        publishEnvironment(deps, environmentId),
        change().then(() => publishEnvironment(deps, environmentId)),
        change().then(() => publishEnvironment(deps, environmentId)),
      ]);
      await publishEnvironment(deps, environmentId);
      await expectLive();
    }
    const epochs = await database.query("select epoch from bundles order by epoch");
    expect(epochs.map((row) => row["epoch"])).toEqual(epochs.map((_row, index) => index + 1));
  });

  it("delivers again to a hub that has lost its state, and overtakes one that is ahead of the database", async () => {
    await publishEnvironment(deps, environmentId);
    hub.pointer = null;
    expect(await publishEnvironment(deps, environmentId)).toMatchObject({ epoch: 1, changed: true });
    hub.pointer = { ...hub.pointer!, epoch: 7, hash: "f".repeat(64) };
    await touch();
    expect(await publishEnvironment(deps, environmentId)).toMatchObject({ epoch: 8, changed: true });
    await expectLive();
  });

  it("leaves the code of the failure at the outbox rows, never its words", async () => {
    const broken = { ...deps, kv: { put: async () => Promise.reject(new Error("the password is hunter2")) } };
    await expect(publishEnvironment(broken, environmentId)).rejects.toThrow();
    expect(await database.query("select attempts, last_error from outbox where done_at is null")).toEqual([
      { attempts: 1, last_error: "internal" },
    ]);
  });

  it("sweeps every environment with changes, and one that fails does not hold up another", async () => {
    const other = seeded.environmentIds["staging"]!;
    await database.query(
      "insert into outbox (project_id, environment_id, reason, created_at) values ($1, $2, 'test', now())",
      [seeded.projectId, other],
    );
    const otherHub = new MemoryHub();
    const report = await sweepOutbox({
      ...deps,
      hub: (id) => {
        if (id === environmentId) throw new Error("away");
        return otherHub;
      },
    });
    expect(report).toEqual({ published: [other], failed: [{ environmentId, code: "internal" }] });
    expect(otherHub.pointer?.epoch).toBe(1);
  });

  it("refuses an environment that does not exist", async () => {
    await expect(publishEnvironment(deps, `env_${"0".repeat(32)}`)).rejects.toMatchObject({ code: "unknown-resource" });
  });
});
