import { z } from "zod";

export const healthStatusSchema = z.enum(["ok", "degraded", "down"]);
export type HealthStatus = z.output<typeof healthStatusSchema>;

/** GET /healthz: the process answers. It says nothing about what lies behind it. */
export const livenessSchema = z.object({ status: z.literal("ok") });

/**
 * One thing that the gateway leans on. `degraded`: it is away or old, and requests are answered all the same, or all but those that `detail` names;
 * `down`: nothing can be answered.
 */
export const partHealthSchema = z.object({
  status: healthStatusSchema,
  /** What is wrong or what is there, for a person. Never an address or a secret. */
  detail: z.string().optional(),
  /** For what is followed (configuration): milliseconds since it was last confirmed. */
  age_ms: z.int().nonnegative().optional(),
});
export type PartHealth = z.output<typeof partHealthSchema>;

/**
 * GET /readyz: 503 when `down`, else 200, because a gateway that serves on must not be taken out of service. The status is that of the worst part. The
 * names of the parts are open: `config` (the bundle), `control` (the functions Worker), `database`, `ledger`, `health` (what isolates share about
 * targets), `outbox` (traces), `telemetry` (metrics), and `runner` where there is one.
 */
export const readinessSchema = z.object({
  status: healthStatusSchema,
  parts: z.record(z.string(), partHealthSchema),
});
export type Readiness = z.output<typeof readinessSchema>;
