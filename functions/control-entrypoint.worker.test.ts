import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ControlService, Principal } from "@millrace/core/contract";
import { tenant } from "../test/support/trace-message.ts";

const control = (exports as unknown as { ControlApi: ControlService }).ControlApi;
const principal: Principal = {
  projectId: tenant.projectId,
  projectSlug: "test",
  environmentId: tenant.environmentId,
  environment: "development",
  keyId: tenant.keyId,
  permissions: ["inference"],
};
const get = (path: string) => control.handle(new Request(`https://control.invalid${path}`), principal);

describe("ControlApi", () => {
  it("says that it and its database are there", async () => {
    // The probe waits two seconds; a PGlite that another file keeps busy may take longer.
    await expect.poll(async () => (await control.ready()).database, { timeout: 20_000 }).toBe(true);
  });

  it("answers for the principal that the gateway names", async () => {
    const response = await get("/api/v1/me");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ key: { id: tenant.keyId } });
  });

  it("counts tokens for the gateway", async () => {
    expect(await control.countTokens("o200k_base", ["hello world", "tiktoken is great!"])).toEqual([2, 6]);
  });

  it("refuses what the principal may not do, and what is not there, as problem+json", async () => {
    const refused = await get("/api/v1/audit");
    expect(refused.status).toBe(403);
    expect(refused.headers.get("content-type")).toContain("application/problem+json");
    expect((await get("/api/v1/nothing")).status).toBe(404);
    await refused.body?.cancel();
  });
});
