import { type ProviderKind, providerKindSchema, providerKinds } from "@millrace/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlApiUnderTest, startControlApi } from "../../test/support/control-api.ts";
import { databaseKinds } from "../../test/support/databases.ts";

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
  let control: ControlApiUnderTest;

  beforeAll(async () => {
    control = await startControlApi(start);
  });
  afterAll(() => control.database.close());

  const put = (provider: Record<string, unknown>) => control.call("PUT /providers/under-test", provider);

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
