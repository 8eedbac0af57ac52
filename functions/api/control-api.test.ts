import { contentHash, sha256Hex } from "@millrace/core/content";
import { type Principal, promptContentSchema } from "@millrace/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ControlAnswer,
  type ControlApiUnderTest,
  quietControlDeps,
  startControlApi,
} from "../../test/support/control-api.ts";
import { databaseKinds } from "../../test/support/databases.ts";
import { openDatabase } from "../database.ts";
import { createControlApi } from "./index.ts";
import { controlOperations } from "./permissions.ts";

const base = promptContentSchema.parse({
  system: "You are {{role}}.",
  variables: { type: "object", properties: { role: { type: "string" } } },
  settings: { model: "millrace-support" },
});
const text = (system: string) => ({ ...base, system });

describe.each(databaseKinds)("the control API on $name", ({ start }) => {
  let control: ControlApiUnderTest;
  let call: ControlApiUnderTest["call"];
  let codeOf: ControlApiUnderTest["codeOf"];

  beforeAll(async () => {
    control = await startControlApi(start, { allowedPrivateHosts: ["127.0.0.1:8790"] });
    ({ call, codeOf } = control);
    await control.database.query(
      "insert into keys values ($1, $2, $3, 'k', $4, 'mlr_', '{inference}', now(), 't', null, null)",
      [control.owner.keyId, control.owner.projectId, control.owner.environmentId, sha256Hex("a")],
    );
    await trace("01", "2026-11-22T10:00:00Z", "2026-11-22T10:00:30Z");
    await trace("02", "2026-11-22T10:00:01Z", "2026-11-22T10:00:02Z");
  });
  afterAll(() => control.database.close());

  const traceIdOf = (digits: string) => `trc_${digits.padStart(32, "0")}`;
  async function trace(digits: string, startedAt: string, receivedAt: string): Promise<void> {
    await control.database.query(
      "insert into traces (project_id, id, started_at, received_at, environment_id, key_id, surface, duration_us, status, http_status, streamed, requested, bundle_epoch, bundle_hash, bundle_stale, cache, finish_reasons, metadata) " +
        "values ($1, $2, $3, $4, $5, $6, 'chat', 1, 'ok', 200, false, 'm', 1, 'h', false, 'off', '{}', '{}')",
      [
        control.owner.projectId,
        traceIdOf(digits),
        startedAt,
        receivedAt,
        control.owner.environmentId,
        control.owner.keyId,
      ],
    );
  }

  const create = (name: string, content: unknown = base) => call("POST /prompts", { name, content });

  describe("versions", () => {
    it("are immutable, numbered and named by content; equal content gives the version that exists", async () => {
      const first = await create("numbered");
      expect([first.status, first.body.version]).toEqual([201, 1]);
      const second = await call("POST /prompts/numbered/versions", {
        content: text("Two."),
        expected_latest: 1,
        message: "m",
      });
      expect([second.status, second.body.version, second.body.message]).toEqual([201, 2, "m"]);
      const again = await call("POST /prompts/numbered/versions", { content: base, expected_latest: 1 });
      expect([again.status, again.body.version]).toEqual([200, 1]);
      expect(second.body.hash).toBe(contentHash(second.body.content));
      expect(
        (await call("GET /prompts/numbered/versions")).body.data.map((row: { version: number }) => row.version),
      ).toEqual([2, 1]);
      expect((await call(`GET /prompts/numbered/versions/${second.body.hash}`)).body.version).toBe(2);
    });

    it("of two pushes at once exactly one wins, and the other is told the latest", async () => {
      await create("raced");
      const pushes = await Promise.all(
        ["A", "B", "C", "D"].map((system) =>
          call("POST /prompts/raced/versions", { content: text(system), expected_latest: 1 }),
        ),
      );
      expect(pushes.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409, 409]);
      const lost = pushes.find(({ status }) => status === 409);
      expect([lost?.body.code, lost?.body.detail]).toEqual([
        "version-conflict",
        "The latest version of raced is 2, not 1.",
      ]);
    });

    it("two pushes of the same content at once are one version", async () => {
      await create("agreed");
      const pushes = await Promise.all(
        [1, 2].map(() => call("POST /prompts/agreed/versions", { content: text("Same."), expected_latest: 1 })),
      );
      expect(pushes.map(({ body }) => body.version)).toEqual([2, 2]);
    });

    it("two creations at once leave one prompt", async () => {
      const answers = await Promise.all([create("twice"), create("twice", text("Else."))]);
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
    });

    it("include pinned versions, in their hash, and never themselves", async () => {
      await create("tone", text("Be kind."));
      const content = { ...text("{{> tone}} Go."), includes: { tone: "tone@1" } };
      const including = await create("including", content);
      expect(including.status).toBe(201);
      expect(including.body.hash).not.toBe(contentHash(including.body.content));
      const rendered = await call("POST /prompts/including/render", {
        version: "1",
        messages: [{ role: "user", content: "hi" }],
      });
      expect(rendered.body.request.messages[0].content).toBe("Be kind. Go.");
      const self = { ...text("{{> me}}"), includes: { me: "including@1" } };
      expect(await codeOf("POST /prompts/including/versions", { content: self, expected_latest: 1 })).toBe(
        "422 cyclic-composition",
      );
      const lost = { ...text("{{> x}}"), includes: { x: "nothing@1" } };
      expect(await codeOf("POST /prompts/including/versions", { content: lost, expected_latest: 1 })).toBe(
        "404 unknown-version",
      );
    });

    it("travel as files and come back byte for byte", async () => {
      const source = "---\nmodel: millrace-support\ninput:\n  schema:\n    who: string\n---\nHello {{who}}!\n";
      const imported = await call("POST /prompts/import", { format: "dotprompt", source, name: "from-file" });
      expect(imported.status).toBe(201);
      expect((await call("GET /prompts/from-file/export?format=dotprompt")).body).toBe(source);
      expect((await call("POST /prompts/import", { format: "dotprompt", source, name: "from-file" })).status).toBe(200);
    });

    it("are compared by meaning", async () => {
      const { body } = await call("GET /prompts/support-reply/diff?from=1&to=candidate");
      expect([body.from, body.to]).toEqual([1, 3]);
      expect(body.changes.map((change: { path: string }) => change.path)).toContain("few_shot[damaged]");
    });
  });

  describe("labels", () => {
    const path = "/prompts/support-reply/labels/production";

    it("move, roll back with one append, are removed as a state, and keep their history", async () => {
      control.published.length = 0;
      const moved = await call(`PUT ${path}`, { version: 3, expected_version: 2, reason: "try" });
      expect([moved.status, moved.body.version]).toEqual([200, 3]);
      expect(control.published).toEqual([control.owner.environmentId]);
      expect(await codeOf(`PUT ${path}`, { version: 1, expected_version: 2 })).toBe("409 version-conflict");
      expect((await call(`POST ${path}/rollback`, {})).body.version).toBe(2);
      expect((await call(`DELETE ${path}`)).body.version).toBeNull();
      expect(await codeOf("GET /prompts/support-reply/versions/production")).toBe("410 label-removed");
      expect((await call(`POST ${path}/rollback`, {})).body.version).toBe(2);
      const { data } = (await call(`GET ${path}/history`)).body;
      expect(
        data.map((row: { kind: string; from_version: number; to_version: number }) => [
          row.kind,
          row.from_version,
          row.to_version,
        ]),
      ).toEqual([
        ["rollback", null, 2],
        ["remove", 2, null],
        ["rollback", 3, 2],
        ["set", 2, 3],
        ["set", 1, 2],
        ["set", null, 1],
      ]);
    });

    it("set where they are already add nothing to the history", async () => {
      const before = (await call(`GET ${path}/history`)).body.data.length;
      expect((await call(`PUT ${path}`, { version: 2 })).status).toBe(200);
      expect((await call(`GET ${path}/history`)).body.data).toHaveLength(before);
    });

    it("of two movers with one expectation exactly one wins", async () => {
      const label = "PUT /prompts/support-triage/labels/raced";
      const answers = await Promise.all([1, 2, 3].map((version) => call(label, { version, expected_version: null })));
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409, 409]);
    });

    it("need their permission when they are protected", async () => {
      await control.database.query("update environments set protected_labels = '{guarded}' where id = $1", [
        control.owner.environmentId,
      ]);
      const plain = { ...control.owner, permissions: ["labels:write" as const] };
      expect(await codeOf("PUT /prompts/support-reply/labels/guarded", { version: 1 }, plain)).toBe(
        "403 protected-label",
      );
      expect((await call("PUT /prompts/support-reply/labels/guarded", { version: 1 })).body.protected).toBe(true);
    });

    it.each([
      ["PUT /prompts/support-reply/labels/7", { version: 1 }, "400 invalid-request"],
      ["PUT /prompts/support-reply/labels/ok", { version: 99 }, "404 unknown-version"],
      ["PUT /prompts/nothing/labels/ok", { version: 1 }, "404 unknown-prompt"],
      ["POST /prompts/support-reply/labels/never-set/rollback", {}, "404 unknown-label"],
      ["DELETE /prompts/support-reply/labels/never-set", undefined, "404 unknown-label"],
    ])("%s %j is refused: %s", async (line, body, expected) => {
      expect(await codeOf(line, body)).toBe(expected);
    });
  });

  describe("keys", () => {
    it("are shown once, stored hashed, and revoked for good", async () => {
      const made = await call("POST /keys", { name: "shop", permissions: ["inference"] });
      expect(made.status).toBe(201);
      const stored = await control.database.query("select hash from keys where id = $1", [made.body.id]);
      expect(stored).toEqual([{ hash: sha256Hex(made.body.key) }]);
      expect(JSON.stringify((await call("GET /keys")).body)).not.toContain(made.body.key);
      const revoked = await call(`DELETE /keys/${made.body.id}`);
      expect(revoked.body.revoked_at).not.toBeNull();
      expect((await call(`DELETE /keys/${made.body.id}`)).body.revoked_at).toBe(revoked.body.revoked_at);
      const kept = JSON.stringify(await control.database.query("select * from audit"));
      expect(kept).toContain("key.revoke");
      expect(kept).not.toContain(made.body.key);
    });

    it("end in the future, or are not made", async () => {
      const made = (expires_at: string) => call("POST /keys", { name: "x", permissions: ["inference"], expires_at });
      const before = (await call("GET /keys")).body.data.length;
      const refused = await made("2020-01-31T00:00:00Z");
      expect(refused.status).toBe(400);
      expect(refused.body).toMatchObject({ code: "invalid-request", param: "expires_at" });
      expect(refused.body.detail).toContain("2020-01-31T00:00:00Z is past");
      expect((await call("GET /keys")).body.data).toHaveLength(before);
      expect((await made("2999-01-31T00:00:00Z")).status).toBe(201);
    });

    it("pass on only what they have", async () => {
      const limited = { ...control.owner, permissions: ["keys:write" as const] };
      expect(await codeOf("POST /keys", { name: "x", permissions: ["operations"] }, limited)).toBe(
        "403 permission-denied",
      );
    });
  });

  describe("the cache", () => {
    const purges = async () =>
      control.database.query(
        "select kind, subject, epoch from cache_purges where environment_id = $1 order by kind, subject",
        [control.owner.environmentId],
      );

    it("forgets an environment, a prompt, a version or a tag, and publishes the count", async () => {
      control.published.length = 0;
      const bodies = [
        { prompt: "support-reply" },
        { prompt: "support-reply", version: 1 },
        { tag: "spring" },
        { everything: true },
      ];
      const purged = [];
      for (const body of bodies) purged.push((await call("POST /cache/purge", body)).body.purged);
      await call("POST /cache/purge", { tag: "spring" });
      expect(purged).toEqual(["prompt", "version", "tag", "environment"]);
      expect(await purges()).toEqual([
        { kind: "environment", subject: "", epoch: 1 },
        { kind: "prompt", subject: "support-reply", epoch: 1 },
        { kind: "tag", subject: "spring", epoch: 2 },
        { kind: "version", subject: expect.stringMatching(/^[0-9a-f]{64}$/), epoch: 1 },
      ]);
      expect(control.published).toEqual(Array.from({ length: 5 }, () => control.owner.environmentId));
    });

    it("forgets everything once more tags were purged than a bundle can carry", async () => {
      await control.database.query(
        "insert into cache_purges select $1, $2, 'tag', 't' || n, 1, now() from generate_series(1, 1000) n",
        [control.owner.projectId, control.owner.environmentId],
      );
      expect((await call("POST /cache/purge", { tag: "one-more" })).body.purged).toBe("environment");
      await control.database.query("delete from cache_purges where kind = 'tag' and subject like 't%'");
    });

    it("belongs to its tenant: another's prompt cannot be named, another's answers stay", async () => {
      const before = await purges();
      expect(await codeOf("POST /cache/purge", { prompt: "support-reply" }, control.attacker)).toBe(
        "404 unknown-prompt",
      );
      expect((await call("POST /cache/purge", { everything: true }, control.attacker)).status).toBe(200);
      expect(await purges()).toEqual(before);
    });

    it.each([
      [{}, "400 invalid-request"],
      [{ everything: false }, "400 invalid-request"],
      [{ prompt: "support-reply", version: 99 }, "404 unknown-version"],
      [{ tag: "no spaces" }, "400 invalid-request"],
      [{ tag: "a", prompt: "support-reply" }, "400 invalid-request"],
    ])("refuses to purge %j: %s", async (body, expected) => {
      expect(await codeOf("POST /cache/purge", body)).toBe(expected);
    });
  });

  describe("models and providers", () => {
    it("are put, listed, and deleted only when nothing needs them", async () => {
      expect(
        (
          await call("PUT /providers/cloud", {
            kind: "openai-compatible",
            base_url: "https://api.example.com/v1",
            secret: "API_KEY",
          })
        ).status,
      ).toBe(200);
      const route = { kind: "target", provider: "cloud", model: "big" };
      expect((await call("PUT /models/acme%2Fbig", { route })).body.name).toBe("acme/big");
      expect(await codeOf("DELETE /providers/cloud")).toBe("409 in-use");
      expect(await codeOf("DELETE /models/millrace-support")).toBe("409 in-use");
      expect(
        (await call("PUT /models/acme%2Fbig", { route: { kind: "target", provider: "local-runner", model: "big" } }))
          .status,
      ).toBe(200);
      expect((await call("DELETE /providers/cloud")).status).toBe(204);
      expect((await call("DELETE /models/acme%2Fbig")).status).toBe(204);
      expect(await codeOf("DELETE /models/acme%2Fbig")).toBe("404 unknown-resource");
    });

    it.each([
      "http://169.254.169.254/v1",
      "https://2130706433/v1",
      "http://api.example.com/v1",
      "http://127.0.0.1:5432/v1",
    ])("a provider at %s is refused", async (baseUrl) => {
      expect(await codeOf("PUT /providers/evil", { kind: "openai-compatible", base_url: baseUrl })).toBe(
        "422 url-not-allowed",
      );
    });

    it("a private address is allowed when the operator named it", async () => {
      expect((await call("PUT /providers/near", { kind: "runner", base_url: "http://127.0.0.1:8790/v1" })).status).toBe(
        200,
      );
    });
  });

  describe("traces", () => {
    it("are listed newest first, and followed by arrival so that a slow exchange is not missed", async () => {
      const ids = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id);
      const page = (await call("GET /traces?limit=1")).body;
      expect([ids(page), page.next]).toEqual([[traceIdOf("02")], traceIdOf("02")]);
      expect(ids((await call(`GET /traces?before=${page.next}`)).body)).toEqual([traceIdOf("01")]);
      const tail = (await call(`GET /traces?after=${traceIdOf("02")}`)).body;
      expect([ids(tail), tail.next]).toEqual([[traceIdOf("01")], traceIdOf("01")]);
      expect((await call(`GET /traces?after=${tail.next}`)).body).toEqual({ data: [], next: traceIdOf("01") });
      expect((await call(`GET /traces/${traceIdOf("01")}`)).body).toMatchObject({
        id: traceIdOf("01"),
        spans: [],
        bodies: null,
        usage: null,
      });
      expect(await codeOf("GET /traces?after=nonsense")).toBe("400 invalid-request");
      expect(await codeOf(`GET /traces?after=trc_${"f".repeat(32)}`)).toBe("400 invalid-request");
    });
  });

  describe("bad input", () => {
    const send = async (body: BodyInit, type = "application/json") => {
      const request = new Request("https://control/api/v1/prompts", {
        method: "POST",
        body,
        headers: { "content-type": type },
      });
      const response = await control.api(request, control.owner);
      return {
        mediaType: response.headers.get("content-type"),
        ...((await response.json()) as { code: string; detail: string; param?: string }),
      };
    };
    it("tells where JSON is broken", async () => {
      expect(await send('{"name": x}')).toMatchObject({
        code: "malformed-json",
        mediaType: "application/problem+json",
        detail: expect.stringContaining("position 9"),
      });
      expect((await send('{"name"')).detail).toContain("position 7");
    });
    it("refuses text that is not UTF-8 instead of storing something else", async () => {
      const latin1 = Uint8Array.from(`{"name":"caf\u00e9"}`, (char) => char.charCodeAt(0));
      expect(await send(latin1)).toMatchObject({ code: "malformed-json", detail: "The body is not UTF-8." });
    });
    it("bounds size and depth", async () => {
      expect((await send(`"${"x".repeat(9 * 1024 * 1024)}"`)).code).toBe("body-too-large");
      expect((await send(`${"[".repeat(5000)}${"]".repeat(5000)}`)).code).toBe("body-too-deep");
    });
    it("names the field at fault", async () => {
      const fewShot = { ...base, few_shot: [{ messages: [{ content: "no role" }] }] };
      expect(await send(JSON.stringify({ name: "bad", content: fewShot }))).toMatchObject({
        code: "invalid-request",
        param: "content.few_shot[0].messages[0].role",
      });
      expect((await send(JSON.stringify({ name: "bad", content: base, extra: 1 }))).code).toBe("invalid-request");
      expect((await send('{"name":"a\\u0000"}')).code).toBe("invalid-request");
      expect((await send("x=1", "text/html")).code).toBe("unsupported-media-type");
    });
    it("shows the position of a template's fault", async () => {
      const answer = await call("POST /prompts", { name: "broken", content: text("line one\n{{#open}}") });
      expect([answer.status, answer.body.code]).toEqual([422, "template-error"]);
      expect(answer.body.detail).toMatch(/line 2/);
    });
    it("knows its paths and their methods", async () => {
      expect(await codeOf("GET /nothing")).toBe("404 not-found");
      expect(await codeOf("DELETE /prompts")).toBe("405 method-not-allowed");
      expect(await codeOf("GET /prompts/%00")).toMatch(/^40[04] /);
    });
    it("says that the database is away, and when to come back", async () => {
      const away = createControlApi(
        quietControlDeps({
          db: openDatabase({ databaseUrl: control.database.databaseUrl, neonFetchEndpoint: "http://127.0.0.1:9/sql" }),
        }),
      );
      try {
        const response = await away(new Request("https://control/api/v1/prompts"), control.owner);
        expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
        expect(await response.json()).toMatchObject({ code: "state-unavailable" });
      } finally {
        openDatabase(control.database);
      }
    });
  });

  it("needs the permission of each route", async () => {
    const none = { ...control.owner, permissions: [] };
    for (const operation of controlOperations) {
      const answer = await attack(operation, none);
      const open = operation.permission === "any";
      expect([operation.id, answer.body.code]).toEqual([operation.id, open ? undefined : "permission-denied"]);
    }
  });

  const bodies: Record<string, unknown> = {
    createVersion: { content: text("Stolen."), expected_latest: 3 },
    setLabel: { version: 1 },
    rollbackLabel: {},
    purgeCache: { prompt: "support-reply" },
    renderPrompt: { version: "1", variables: { customer_name: "x" } },
    putBudget: { scope: "project", window: { kind: "rolling", seconds: 60 }, limit: { requests: 1 } },
    putPrice: { scope: { provider: "local-runner" }, model: "m", rates: { input: 1 } },
    importPrices: { format: "litellm", prices: {}, providers: { local: "local-runner" } },
    putModel: { route: { kind: "target", provider: "local-runner", model: "m" } },
  };

  async function attack(operation: (typeof controlOperations)[number], principal: Principal): Promise<ControlAnswer> {
    const id = operation.path.includes("traces") ? traceIdOf("01") : control.owner.keyId;
    const names: Record<string, string> = { name: namesOf(operation.path), version: "1", label: "production", id };
    const path = operation.path
      .replace("/api/v1", "")
      .replaceAll(/\{(\w+)\}/g, (_match, name: string) => names[name] ?? "");
    const query = operation.id === "diffVersions" ? "?from=1&to=2" : "";
    return call(`${operation.method.toUpperCase()} ${path}${query}`, bodies[operation.id], principal);
  }
  const namesOf = (path: string) =>
    path.includes("/models/") ? "millrace-support" : path.includes("/providers/") ? "local-runner" : "support-reply";

  /** These name nothing of another project's: they answer, with the caller's own. */
  const ownOnly = new Set([
    "listPrompts",
    "listModels",
    "listProviders",
    "listBudgets",
    "listPrices",
    "listKeys",
    "listTraces",
    "getMe",
    "listEnvironments",
    "getBundleStatus",
    "listDeadLetters",
    "replayDeadLetters",
    "listAudit",
  ]);
  /** These create what they name, in the caller's own project. */
  const creating = new Set(["createPrompt", "importPrompt", "createKey", "putProvider", "putBudget"]);

  it.each(
    controlOperations.filter(({ id }) => !creating.has(id)).map((operation) => ({ id: operation.id, operation })),
  )("shows another project nothing and lets it change nothing: $id", async ({ operation }) => {
    const before = await snapshot();
    const answer = await attack(operation, control.attacker);
    if (ownOnly.has(operation.id)) {
      expect(answer.status).toBe(200);
      expect(JSON.stringify(answer.body)).not.toMatch(
        new RegExp(
          [
            control.owner.projectId,
            control.owner.environmentId,
            control.owner.keyId,
            "support-reply",
            "local-runner",
            "trc_",
          ].join("|"),
        ),
      );
    } else {
      expect([operation.id, answer.status]).toEqual([operation.id, 404]);
    }
    expect(await snapshot()).toEqual(before);
  });

  it("gives another project names of its own, without touching ours", async () => {
    const before = await snapshot();
    expect(
      (
        await call(
          "PUT /providers/local-runner",
          { kind: "openai-compatible", base_url: "https://api.example.com" },
          control.attacker,
        )
      ).status,
    ).toBe(200);
    expect((await call("POST /prompts", { name: "support-reply", content: base }, control.attacker)).status).toBe(201);
    expect(
      await codeOf(
        "POST /prompts",
        { name: "thief", content: { ...text("{{> x}}"), includes: { x: "support-triage@1" } } },
        control.attacker,
      ),
    ).toBe("404 unknown-version");
    expect(await snapshot()).toEqual(before);
  });

  /** Every row of the owner's project. */
  async function snapshot(): Promise<unknown> {
    const tables = [
      "keys",
      "prompts",
      "prompt_versions",
      "labels",
      "label_moves",
      "models",
      "providers",
      "route_targets",
      "prices",
      "outbox",
      "audit",
    ];
    return Promise.all(
      tables.map((table) =>
        control.database.query(`select t::text as row from ${table} t where project_id = $1 order by 1`, [
          control.owner.projectId,
        ]),
      ),
    );
  }
});
