import { z } from "zod";

/** How far an exchange goes before it gives up; part of a model. Milliseconds unless named otherwise. */
export const resilienceSchema = z.strictObject({
  /** Calls upstream in one exchange, retries and hedges included. */
  max_attempts: z.int().min(1).max(16).default(6),
  /** Further tries of the same target after a failure that another try can help. */
  retries_per_target: z.int().min(0).max(5).default(1),
  /** First pause before a retry; doubles, with full jitter. */
  backoff_ms: z.int().min(0).max(60_000).default(250),
  /** A target that asks for a longer wait is left for the next one. */
  max_retry_after_ms: z.int().min(0).max(120_000).default(10_000),
  /** All attempts together; absent = as long as each target's own limits allow. */
  deadline_ms: z.int().positive().max(3_600_000).optional(),
  /** A second call when the first is slow: after a fixed time, or after this quantile of the target's recent first tokens. */
  hedge: z
    .strictObject({
      after_ms: z.int().positive().max(600_000).optional(),
      after_quantile: z.number().min(0.5).max(0.999).optional(),
      /** Micro-dollars that the second call may cost at most; a call whose price is unknown is not hedged under a cap. */
      max_cost_usd_micros: z.int().positive().optional(),
    })
    .refine((hedge) => (hedge.after_ms === undefined) !== (hedge.after_quantile === undefined), {
      message: "exactly one of after_ms and after_quantile",
    })
    .optional(),
  /**
   * When a stream dies after tokens left: `resume` continues from the delivered text where the target can, else generates again and goes on where the
   * new text has matched the old; `fail` ends the stream with an error event.
   */
  recovery: z.enum(["resume", "fail"]).default("resume"),
  /** Characters kept back behind the newest, so that a regenerated text that differs late can still be joined. */
  hold_back_chars: z.int().min(0).max(4096).default(0),
  /** A content filter's verdict is an answer; with this it sends the request to the next target instead. */
  fallback_on_content_filter: z.boolean().default(false),
});
export type Resilience = z.output<typeof resilienceSchema>;

/** What a model gets that says nothing of its own. */
export const defaultResilience: Resilience = resilienceSchema.parse({});
