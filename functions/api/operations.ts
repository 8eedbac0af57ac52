import {
  type auditListSchema,
  type bundleStatusSchema,
  type deadLetterListSchema,
  type environmentListSchema,
  type meSchema,
} from "@millrace/core/contract";
import { z } from "zod";
import { bundleStatus, listAudit, listDeadLetters, listEnvironments } from "../stores/operation-store.ts";
import { type Handlers, ok } from "./call.ts";

const auditQuerySchema = z.object({ before: z.string().optional(), limit: z.number() });

/** What operators and scripts ask about the system itself. */
export const operationHandlers: Handlers = {
  getMe: async ({ principal }) =>
    ok({
      project: { id: principal.projectId, slug: principal.projectSlug },
      environment: { id: principal.environmentId, name: principal.environment },
      key: { id: principal.keyId, permissions: [...principal.permissions] },
    } satisfies z.output<typeof meSchema>),

  listEnvironments: async ({ tenant }) => {
    const rows = await listEnvironments(tenant);
    const data = rows.map(({ id, name, protectedLabels }) => ({ id, name, protected_labels: protectedLabels }));
    return ok({ data } satisfies z.output<typeof environmentListSchema>);
  },

  getBundleStatus: async ({ tenant }) => {
    const { latest, pending, lastError } = await bundleStatus(tenant);
    return ok({
      epoch: latest?.epoch ?? null,
      hash: latest?.hash ?? null,
      published_at: latest?.publishedAt.toISOString() ?? null,
      pending,
      last_error: lastError,
    } satisfies z.output<typeof bundleStatusSchema>);
  },

  listDeadLetters: async ({ tenant }) => {
    const rows = await listDeadLetters(tenant);
    const data = rows.map(({ deadAt, ...row }) => ({ ...row, at: deadAt.toISOString() }));
    return ok({ data } satisfies z.output<typeof deadLetterListSchema>);
  },

  replayDeadLetters: async ({ deps, principal }) => ok(await deps.replayDeadLetters(principal.projectId)),

  listAudit: async ({ tenant, query }) => {
    const { limit, before } = auditQuerySchema.parse(query);
    const rows = await listAudit(tenant, limit, before);
    const data = rows.map(({ id, actor, action, subject, detail, at }) => ({
      id,
      actor,
      action,
      subject,
      detail,
      at: at.toISOString(),
    }));
    return ok({ data, next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null } satisfies z.output<
      typeof auditListSchema
    >);
  },
};
