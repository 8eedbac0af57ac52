import { z } from "zod";

export const healthStatusSchema = z.enum(["ok", "degraded"]);

/** GET /healthz: the process answers. It says nothing about what lies behind it. */
export const livenessSchema = z.object({ status: z.literal("ok") });

/** One thing that the gateway leans on. `degraded` still serves (from last known good) or is only away; answers that need it say so. */
export const partHealthSchema = z.object({
  status: healthStatusSchema,
  /** What is wrong or what is there, for a person. Never an address or a secret. */
  detail: z.string().optional(),
  /** For what is followed (configuration): milliseconds since it was last confirmed. */
  age_ms: z.int().nonnegative().optional(),
});
export type PartHealth = z.output<typeof partHealthSchema>;

/**
 * GET /readyz: 200 when `ok`, 503 when `degraded`. The names of the parts are open; `config` (the bundle), `control` (the functions
 * Worker), `database` and `runner` are the ones that the welcome page knows.
 */
export const readinessSchema = z.object({
  status: healthStatusSchema,
  parts: z.record(z.string(), partHealthSchema),
});
export type Readiness = z.output<typeof readinessSchema>;
