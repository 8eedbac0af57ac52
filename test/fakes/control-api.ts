import { serve } from "@hono/node-server";
import { contentHash } from "@millrace/core/content";
import {
  type Budget,
  budgetSchema,
  type BudgetUsage,
  createKeySchema,
  createPromptSchema,
  createVersionSchema,
  MillraceError,
  putBudgetSchema,
  renderProblem,
  rollbackSchema,
  setLabelSchema,
  toMillraceError,
  type labelMoveSchema,
  type PromptContent,
  type PromptVersion,
  type TraceRecord,
} from "@millrace/core/contract";
import { validate } from "../../functions/api/validate.ts";
import { Hono } from "hono";
import type { AddressInfo } from "node:net";
import type { z } from "zod";

type LabelMove = z.output<typeof labelMoveSchema>;
interface FakePrompt {
  readonly name: string;
  readonly description: string;
  readonly versions: PromptVersion[];
  readonly moves: LabelMove[];
}

/** The control API of one environment in memory, by the contract's schemas, for the tests of what calls it. */
export class FakeControlApi {
  readonly key = `mlr_${"a".repeat(32)}_${"b".repeat(43)}`;
  readonly prompts = new Map<string, FakePrompt>();
  readonly traces: Omit<TraceRecord, "spans">[] = [];
  readonly keys: string[] = [];
  readonly budgets = new Map<string, Budget>();
  readonly budgetUsage: BudgetUsage[] = [];
  /** The epoch that the gateway serves by. */
  servedEpoch = 3;
  /** How many more answers of GET /bundle still say that something waits. */
  pendingAnswers = 0;
  /** Text that the fake model streams, piece by piece; the last piece is followed by the end or, when `cutStream`, by nothing. */
  answer: readonly string[] = ["Hi", " Ana!"];
  cutStream = false;
  #tick = 0;
  #server: ReturnType<typeof serve> | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts, or starts again on the port it had. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server = serve(
        { fetch: this.#app().fetch, port: this.#port, hostname: "127.0.0.1" },
        (info: AddressInfo) => {
          this.#port = info.port;
          resolve();
        },
      );
    });
  }

  /** Stops as a killed process does: open connections are cut. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    this.#server = undefined;
  }

  /** Adds a version as another author would. */
  addVersion(name: string, content: PromptContent, message: string | null = null): PromptVersion {
    const prompt = this.prompts.get(name) ?? { name, description: "", versions: [], moves: [] };
    this.prompts.set(name, prompt);
    const hash = contentHash(content);
    const known = prompt.versions.find((version) => version.hash === hash);
    if (known !== undefined) return known;
    const number = prompt.versions.length + 1;
    const version = {
      id: `ver_${number}`,
      prompt: name,
      version: number,
      hash,
      content,
      message,
      author: "key_1",
      created_at: this.#now(),
    };
    prompt.versions.push(version);
    return version;
  }

  moveLabel(
    name: string,
    label: string,
    to: { version: number | null; kind?: LabelMove["kind"]; reason?: string },
  ): LabelMove {
    const prompt = this.#prompt(name);
    const move: LabelMove = {
      id: `mov_${prompt.moves.length + 1}`,
      label,
      from_version: this.#labelVersion(prompt, label) ?? null,
      to_version: to.version,
      kind: to.kind ?? "set",
      reason: to.reason ?? null,
      actor: "key_1",
      at: this.#now(),
    };
    prompt.moves.push(move);
    return move;
  }

  #now(): string {
    this.#tick += 60_000;
    return new Date(Date.UTC(2026, 10, 22, 12) + this.#tick).toISOString();
  }

  #prompt(name: string): FakePrompt {
    const prompt = this.prompts.get(name);
    if (prompt === undefined) throw new MillraceError("unknown-prompt", { message: `There is no prompt ${name}.` });
    return prompt;
  }

  #labelVersion(prompt: FakePrompt, label: string): number | null | undefined {
    return prompt.moves.findLast((move) => move.label === label)?.to_version;
  }

  #labelState(prompt: FakePrompt, label: string) {
    const move = prompt.moves.findLast((candidate) => candidate.label === label);
    if (move === undefined) throw new MillraceError("unknown-label");
    const hash = prompt.versions.find((version) => version.version === move.to_version)?.hash ?? null;
    return { label, version: move.to_version, hash, protected: false, moved_at: move.at, moved_by: move.actor };
  }

  #version(name: string, selector: string): PromptVersion {
    const prompt = this.#prompt(name);
    const number = /^\d+$/.test(selector) ? Number(selector) : this.#labelVersion(prompt, selector);
    if (number === undefined && !/^[0-9a-f]{64}$/.test(selector)) throw new MillraceError("unknown-label");
    if (number === null) throw new MillraceError("label-removed");
    const found = prompt.versions.find((version) => version.version === number || version.hash === selector);
    if (found === undefined) throw new MillraceError("unknown-version");
    return found;
  }

  #summary(prompt: FakePrompt) {
    const labels = [...new Set(prompt.moves.map((move) => move.label))].flatMap((label) => {
      const version = this.#labelVersion(prompt, label);
      return typeof version === "number" ? [[label, version] as const] : [];
    });
    return {
      id: `prm_${prompt.name}`,
      name: prompt.name,
      description: prompt.description,
      latest_version: prompt.versions.length,
      labels: Object.fromEntries(labels),
      created_at: prompt.versions[0]?.created_at ?? this.#now(),
    };
  }

  #app(): Hono {
    const app = new Hono();
    app.onError((cause) => {
      const error = toMillraceError(cause);
      return Response.json(renderProblem(error), {
        status: error.status,
        headers: { "content-type": "application/problem+json" },
      });
    });
    app.use("*", async (context, next) => {
      if (context.req.path !== "/readyz" && context.req.header("authorization") !== `Bearer ${this.key}`) {
        throw new MillraceError("invalid-key");
      }
      await next();
    });
    this.#promptRoutes(app);
    this.#labelRoutes(app);
    this.#otherRoutes(app);
    return app;
  }

  #promptRoutes(app: Hono): void {
    app.get("/api/v1/prompts", (c) =>
      c.json({ data: Array.from(this.prompts.values(), (prompt) => this.#summary(prompt)) }),
    );
    app.post("/api/v1/prompts", async (c) => {
      const body = validate(createPromptSchema, await c.req.json());
      if (this.prompts.has(body.name)) throw new MillraceError("already-exists");
      return c.json(this.addVersion(body.name, body.content, body.message ?? null), 201);
    });
    app.get("/api/v1/prompts/:name", (c) => c.json(this.#summary(this.#prompt(c.req.param("name")))));
    app.get("/api/v1/prompts/:name/versions", (c) =>
      c.json({ data: this.#prompt(c.req.param("name")).versions.toReversed() }),
    );
    app.post("/api/v1/prompts/:name/versions", async (c) => {
      const body = validate(createVersionSchema, await c.req.json());
      const prompt = this.#prompt(c.req.param("name"));
      if (body.expected_latest !== prompt.versions.length) {
        throw new MillraceError("version-conflict", { message: `The latest version is ${prompt.versions.length}.` });
      }
      return c.json(this.addVersion(prompt.name, body.content, body.message ?? null), 201);
    });
    app.get("/api/v1/prompts/:name/versions/:version", (c) =>
      c.json(this.#version(c.req.param("name"), c.req.param("version"))),
    );
    app.get("/api/v1/prompts/:name/diff", (c) => {
      const [from, to] = ["from", "to"].map((end) => this.#version(c.req.param("name"), c.req.query(end) ?? ""));
      const path = "system";
      return c.json({
        from: from?.version,
        to: to?.version,
        changes: [
          {
            path,
            kind: "changed",
            before: from?.content.system,
            after: to?.content.system,
            words: [
              { op: "removed", text: "formal" },
              { op: "added", text: "friendly" },
            ],
          },
        ],
      });
    });
  }

  #labelRoutes(app: Hono): void {
    const base = "/api/v1/prompts/:name/labels";
    app.get(base, (c) => {
      const prompt = this.#prompt(c.req.param("name"));
      const labels = [...new Set(prompt.moves.map((move) => move.label))];
      return c.json({ data: labels.map((label) => this.#labelState(prompt, label)) });
    });
    app.put(`${base}/:label`, async (c) => {
      const { version, reason } = validate(setLabelSchema, await c.req.json());
      const prompt = this.#prompt(c.req.param("name"));
      this.#version(prompt.name, String(version));
      this.moveLabel(prompt.name, c.req.param("label"), { version, ...(reason === undefined ? {} : { reason }) });
      return c.json(this.#labelState(prompt, c.req.param("label")));
    });
    app.delete(`${base}/:label`, (c) => {
      const prompt = this.#prompt(c.req.param("name"));
      this.moveLabel(prompt.name, c.req.param("label"), { version: null, kind: "remove" });
      return c.json(this.#labelState(prompt, c.req.param("label")));
    });
    app.get(`${base}/:label/history`, (c) => {
      const { moves } = this.#prompt(c.req.param("name"));
      return c.json({ data: moves.filter((move) => move.label === c.req.param("label")).toReversed() });
    });
    app.post(`${base}/:label/rollback`, async (c) => {
      const { to_version: to } = validate(rollbackSchema, await c.req.json());
      const prompt = this.#prompt(c.req.param("name"));
      const last = prompt.moves.findLast((move) => move.label === c.req.param("label"));
      const version = to ?? last?.from_version;
      if (version === undefined || version === null) throw new MillraceError("unknown-version");
      this.moveLabel(prompt.name, c.req.param("label"), { version, kind: "rollback" });
      return c.json(this.#labelState(prompt, c.req.param("label")));
    });
  }

  #otherRoutes(app: Hono): void {
    app.get("/readyz", (c) =>
      c.json({ status: "ok", parts: { config: { status: "ok", age_ms: 5 }, control: { status: "ok" } } }),
    );
    app.get("/api/v1/me", (c) =>
      c.json({
        project: { id: "prj_1", slug: "northwind" },
        environment: { id: "env_1", name: "development" },
        key: { id: "key_1", permissions: ["inference"] },
      }),
    );
    app.get("/api/v1/bundle", (c) => {
      const pending = this.pendingAnswers > 0 ? 1 : 0;
      this.pendingAnswers = Math.max(0, this.pendingAnswers - 1);
      // The gateway follows one answer after the publication.
      const served = pending === 0 && this.servedEpoch < 4 ? this.servedEpoch++ : this.servedEpoch;
      c.header("x-millrace-epoch", String(served));
      return c.json({ epoch: 4, hash: "c".repeat(64), published_at: this.#now(), pending, last_error: null });
    });
    app.get("/api/v1/budgets", (c) => c.json({ data: [...this.budgets.values()] }));
    app.get("/api/v1/budgets/usage", (c) => c.json({ data: this.budgetUsage, truncated: false }));
    app.put("/api/v1/budgets/:name", async (c) => {
      const budget = budgetSchema.parse({
        name: c.req.param("name"),
        ...validate(putBudgetSchema, await c.req.json()),
      });
      this.budgets.set(budget.name, budget);
      return c.json(budget);
    });
    app.delete("/api/v1/budgets/:name", (c) => {
      if (!this.budgets.delete(c.req.param("name"))) throw new MillraceError("unknown-resource");
      return c.body(null, 204);
    });
    app.get("/api/v1/models", (c) =>
      c.json({
        data: [
          {
            name: "millrace-support",
            route: { kind: "target", provider: "local-runner", model: "millrace-support" },
            surfaces: ["chat"],
          },
        ],
      }),
    );
    app.post("/api/v1/keys", async (c) => {
      const { name, permissions } = validate(createKeySchema, await c.req.json());
      this.keys.push(name);
      return c.json(
        {
          id: "key_2",
          name,
          hint: "mlr_dd",
          permissions,
          created_at: this.#now(),
          expires_at: null,
          revoked_at: null,
          key: `mlr_${"d".repeat(32)}_${"e".repeat(43)}`,
        },
        201,
      );
    });
    app.get("/api/v1/traces", (c) => {
      const limit = Number(c.req.query("limit") ?? 50);
      const [after, prompt] = [c.req.query("after"), c.req.query("prompt")];
      const seen = this.traces.filter((trace) => prompt === undefined || trace.prompt?.name === prompt);
      if (after === undefined) return c.json({ data: seen.slice(-limit).toReversed(), next: null });
      const data = seen.filter((trace) => trace.id > after).slice(0, limit);
      return c.json({ data, next: data.at(-1)?.id ?? after });
    });
    app.post("/v1/chat/completions", () => {
      const events = this.answer.map((content) => ({
        id: "chatcmpl_1",
        object: "chat.completion.chunk",
        created: 1,
        model: "millrace-support",
        choices: [{ index: 0, delta: { content }, finish_reason: null }],
      }));
      const lines = [...events.map((event) => JSON.stringify(event)), ...(this.cutStream ? [] : ["[DONE]"])];
      return new Response(lines.map((line) => `data: ${line}\n\n`).join(""), {
        headers: { "content-type": "text/event-stream", "x-millrace-prompt": "support-reply@2; label=production" },
      });
    });
  }
}

/** A trace record with an id that grows with `n`. */
export function fakeTrace(n: number, promptName = "support-reply"): Omit<TraceRecord, "spans"> {
  return {
    schema: 1,
    id: `trc_${n.toString(16).padStart(32, "0")}`,
    project_id: "prj_1",
    environment_id: "env_1",
    key_id: "key_1",
    surface: "chat",
    started_at_ms: 1_795_348_800_000 + n,
    duration_us: 412_000,
    first_token_us: 31_000,
    status: "ok",
    http_status: 200,
    error_code: null,
    streamed: true,
    requested: `prompt:${promptName}`,
    model: "millrace-support",
    provider: "local-runner",
    tier: "local",
    prompt: { name: promptName, version: 2, hash: "a".repeat(64), label: "production", reason: "label" },
    resolved_hash: "b".repeat(64),
    bundle: { epoch: 1, hash: "c".repeat(64), stale: false },
    cache: "miss",
    usage: {
      input_tokens: 41,
      output_tokens: null,
      cached_input_tokens: null,
      reasoning_tokens: null,
      source: "provider",
      details: {},
      estimated_by: null,
    },
    cost_usd_micros: null,
    saved_usd_micros: null,
    price_version: null,
    finish_reasons: ["stop"],
    user: null,
    metadata: {},
  };
}
