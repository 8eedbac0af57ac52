import { z } from "zod";
import {
  auditListSchema,
  bundleStatusSchema,
  deadLetterListSchema,
  environmentListSchema,
  livenessSchema,
  meSchema,
  readinessSchema,
  replayedSchema,
} from "../contract/index.ts";
import type { ApiOperation } from "./operation.ts";

/** What operators and scripts ask about the system itself. */
export const systemOperations: readonly ApiOperation[] = [
  {
    id: "getLiveness",
    tag: "Operations",
    method: "get",
    path: "/healthz",
    summary: "Is the gateway alive?",
    permission: "none",
    responses: [
      { status: 200, description: "It answers.", body: { schema: livenessSchema, example: { status: "ok" } } },
    ],
  },
  {
    id: "getReadiness",
    tag: "Operations",
    method: "get",
    path: "/readyz",
    summary: "Is everything behind it there?",
    permission: "none",
    responses: [
      {
        status: 200,
        description: "Requests are answered. `degraded` when a part is away; its `detail` says what callers notice.",
        body: {
          schema: readinessSchema,
          example: {
            status: "degraded",
            parts: {
              config: { status: "ok", age_ms: 800 },
              ledger: {
                status: "degraded",
                detail: "does not answer; requests with a budget that blocks are refused",
              },
            },
          },
        },
      },
      { status: 503, description: "Nothing can be answered from here.", body: { schema: readinessSchema } },
    ],
  },
  {
    id: "getMetrics",
    tag: "Operations",
    method: "get",
    path: "/metrics",
    summary: "What the gateway counts about itself",
    description:
      "For Prometheus and what reads its formats: text format 0.0.4, or OpenMetrics 1.0.0 when `accept` names `application/openmetrics-text`. " +
      "Takes the operator's METRICS_TOKEN as a bearer token, not an API key; without one, only the local stack answers, on the loopback interface.",
    permission: "none",
    responses: [{ status: 200, description: "The metrics of all isolates.", mediaType: "text/plain" }],
    errors: ["missing-key", "invalid-key", "permission-denied", "state-unavailable"],
  },
  {
    id: "getMe",
    tag: "Operations",
    method: "get",
    path: "/api/v1/me",
    summary: "Who does this key speak for?",
    permission: "any",
    responses: [
      { status: 200, description: "The key's project, environment and permissions.", body: { schema: meSchema } },
    ],
  },
  {
    id: "listEnvironments",
    tag: "Operations",
    method: "get",
    path: "/api/v1/environments",
    summary: "List the project's environments",
    permission: "any",
    responses: [{ status: 200, description: "The environments.", body: { schema: environmentListSchema } }],
  },
  {
    id: "getBundleStatus",
    tag: "Operations",
    method: "get",
    path: "/api/v1/bundle",
    summary: "What is live, and what waits?",
    description: "`pending` is 0 once every committed change of the environment is published.",
    permission: "any",
    responses: [{ status: 200, description: "The current bundle.", body: { schema: bundleStatusSchema } }],
  },
  {
    id: "listDeadLetters",
    tag: "Operations",
    method: "get",
    path: "/api/v1/dead-letters",
    summary: "List messages that could not be processed",
    permission: "operations",
    responses: [{ status: 200, description: "The dead letters.", body: { schema: deadLetterListSchema } }],
  },
  {
    id: "replayDeadLetters",
    tag: "Operations",
    method: "post",
    path: "/api/v1/dead-letters/replay",
    summary: "Try the dead letters again",
    permission: "operations",
    responses: [{ status: 200, description: "How many went through.", body: { schema: replayedSchema } }],
  },
  {
    id: "listAudit",
    tag: "Operations",
    method: "get",
    path: "/api/v1/audit",
    summary: "Read who did what",
    permission: "operations",
    query: z.strictObject({
      before: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    responses: [{ status: 200, description: "Entries, newest first.", body: { schema: auditListSchema } }],
  },
];
