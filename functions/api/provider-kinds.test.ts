import {
  permissionSchema,
  type Principal,
  type ProviderKind,
  providerKindSchema,
  providerKinds,
} from "@millrace/core/contract";
import { seed } from "@millrace/migrations/seed";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseKinds, type TestDatabase } from "../../test/support/databases.ts";
import { openDatabase } from "../database.ts";
import { type ControlApi, createControlApi } from "./index.ts";

/** A value for every setting that some kind needs. */
const samples: Readonly<Record<string, string>> = {
  account_id: "0123456789abcdef0123456789abcdef",
  region: "eu-central-1",
};

/** The least that a provider of this kind has to say. */
function leastOf(kind: ProviderKind): Record<string, unknown> {
  const row = providerKinds[kind];
  const needed = row.settings.filter((setting) => setting.required).map(({ name }) => [name, samples[name]]);
  return {
    kind,
    ...(row.baseUrl === "needed" ? { base_url: "https://models.example/v1" } : {}),
    ...(row.secret === "needed" ? { secret: "API_KEY" } : {}),
    ...(needed.length === 0 ? {} : { settings: Object.fromEntries(needed) as Record<string, string> }),
  };
}

describe.each(databaseKinds)("kinds of providers on $name", ({ start }) => {
  let database: TestDatabase;
  let api: ControlApi;
  let owner: Principal;

  beforeAll(async () => {
    database = await start();
    const { projectId, environmentId } = await seed(database.runBatch);
    const keyId = `key_${"a".repeat(32)}`;
    const names = { projectSlug: "northwind", environment: "development" };
    owner = { projectId, environmentId, keyId, permissions: permissionSchema.options, ...names };
    api = createControlApi({
      db: openDatabase(database),
      now: () => new Date(),
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      allowedPrivateHosts: [],
      publish: () => undefined,
      replayDeadLetters: async () => ({ replayed: 0, failed: 0 }),
      readBodies: async () => null,
      log: () => undefined,
    });
  });
  afterAll(() => database.close());

  async function put(provider: Record<string, unknown>): Promise<{ readonly status: number; readonly body: unknown }> {
    const init = { method: "PUT", body: JSON.stringify(provider), headers: { "content-type": "application/json" } };
    const response = await api(new Request("https://control/api/v1/providers/under-test", init), owner);
    return { status: response.status, body: await response.json() };
  }

  it.each(providerKindSchema.options)("%s is kept with what it needs", async (kind) => {
    const provider = leastOf(kind);
    expect(await put(provider)).toMatchObject({ status: 200, body: provider });
  });

  it.each([
    ["an address of its own server", { kind: "vllm" }, "base_url"],
    ["the vendor's secret", { kind: "groq" }, "secret"],
    ["a needed setting", { kind: "workers-ai", secret: "API_KEY" }, "settings.account_id"],
    [
      "a setting that the kind knows",
      { kind: "groq", secret: "API_KEY", settings: { region: "eu" } },
      "settings.region",
    ],
  ])("is refused without %s, by the field's name", async (_name, provider, param) => {
    expect(await put(provider)).toMatchObject({ status: 400, body: { code: "invalid-request", param } });
  });
});
