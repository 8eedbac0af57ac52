import type { TraceBodies, TraceMessage, TraceRecord } from "@millrace/core/contract";

/** The tenant of `insertTenant`, which every message of this file belongs to. */
export const tenant = {
  projectId: `prj_${"0".repeat(31)}1`,
  environmentId: `env_${"0".repeat(31)}2`,
  keyId: `key_${"0".repeat(31)}3`,
} as const;

/** The rows that a trace refers to. */
export const INSERT_TENANT = `
  with project as (
    insert into projects (id, slug, name, created_at) values ('${tenant.projectId}', 'test', 'Test', now()) returning id
  ), environment as (
    insert into environments (id, project_id, name, protected_labels, created_at)
    select '${tenant.environmentId}', id, 'development', '{}', now() from project returning id, project_id
  )
  insert into keys (id, project_id, environment_id, name, hash, hint, permissions, created_at, created_by)
  select '${tenant.keyId}', project_id, id, 'test', repeat('0', 64), '…', '{}', now(), 'test' from environment`;

export interface MessageOptions {
  readonly record?: Partial<TraceRecord>;
  readonly bodies?: TraceBodies | null;
  readonly bodiesKey?: string;
  readonly outbox?: string;
}

/** A small and complete message; what a test is about goes into the options. */
export function traceMessage(id: string, options: MessageOptions = {}): TraceMessage {
  const bodies =
    options.bodies === undefined ? { request: { model: "m" }, rendered: null, response: null } : options.bodies;
  return {
    schema: 1,
    record: {
      schema: 1,
      id,
      project_id: tenant.projectId,
      environment_id: tenant.environmentId,
      key_id: tenant.keyId,
      surface: "chat",
      started_at_ms: Date.UTC(2026, 10, 22, 12),
      duration_us: 1234,
      first_token_us: null,
      status: "ok",
      http_status: 200,
      error_code: null,
      streamed: true,
      requested: "prompt:support-reply",
      model: "millrace-support",
      provider: "local-runner",
      tier: "local",
      prompt: null,
      resolved_hash: null,
      bundle: { epoch: 1, hash: "0".repeat(64), stale: false },
      cache: "off",
      usage: {
        input_tokens: 10,
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
      spans: [
        { id: `${id}-a`, parent_id: null, name: "authenticate", started_at_ms: 1.5, duration_us: 3, attributes: {} },
        {
          id: `${id}-b`,
          parent_id: `${id}-a`,
          name: "dispatch",
          started_at_ms: 2,
          duration_us: 5,
          attributes: { target: "x" },
        },
      ],
      ...options.record,
    },
    bodies: options.bodiesKey === undefined ? bodies : null,
    bodies_key: options.bodiesKey ?? null,
    outbox: options.outbox ?? "outbox-0",
  };
}
