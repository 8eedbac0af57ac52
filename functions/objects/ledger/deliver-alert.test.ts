import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deliverAlert, type DeliverDeps } from "./deliver-alert.ts";

const alert = { id: "alr_1", url: "https://hooks.example.com/x", secret: "HOOK", projectSlug: "acme", body: '{"a":1}' };

function world(status = 204): { deps: DeliverDeps; sent: { url: string; init: RequestInit }[] } {
  const sent: { url: string; init: RequestInit }[] = [];
  const deps: DeliverDeps = {
    fetch: async (url, init) => {
      sent.push({ url: url instanceof Request ? url.url : url.toString(), init: init ?? {} });
      return new Response(null, { status });
    },
    nowMs: () => 1_700_000_000_000,
    allowedPrivateHosts: [],
    secret: (slug, name) => (slug === "acme" && name === "HOOK" ? "sesame" : undefined),
  };
  return { deps, sent };
}

describe("deliverAlert", () => {
  it("signs time and body, names the delivery, and follows nothing", async () => {
    const { deps, sent } = world();
    await deliverAlert(alert, deps);
    const v1 = createHmac("sha256", "sesame").update(`1700000000.${alert.body}`).digest("hex");
    expect(sent[0]?.init).toMatchObject({
      redirect: "manual",
      body: alert.body,
      headers: { "x-millrace-signature": `t=1700000000,v1=${v1}`, "x-millrace-delivery": "alr_1" },
    });
  });

  it("reaches no private address, and sends nothing unsigned that should be signed", async () => {
    const { deps, sent } = world();
    await expect(deliverAlert({ ...alert, url: "http://169.254.169.254/" }, deps)).rejects.toThrow();
    await expect(deliverAlert({ ...alert, secret: "OTHER" }, deps)).rejects.toThrow(/OTHER/);
    await expect(deliverAlert({ ...alert, projectSlug: "other" }, deps)).rejects.toThrow(/HOOK/);
    expect(sent).toEqual([]);
  });

  it("takes anything but 2xx for a failure, a redirect as well", async () => {
    for (const status of [301, 404, 500])
      await expect(deliverAlert(alert, world(status).deps)).rejects.toThrow(String(status));
  });
});
