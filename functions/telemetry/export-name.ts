import type { TraceRecord } from "@millrace/core/contract";
import { z } from "zod";

/** What a message of the telemetry queue says: which trace is to be exported. The trace itself is in Postgres. */
export const exportNameSchema = z.object({
  project_id: z.string(),
  trace_id: z.string(),
  started_at_ms: z.int(),
});
export type ExportName = z.output<typeof exportNameSchema>;

export function exportName({ project_id, id, started_at_ms }: TraceRecord): ExportName {
  return { project_id, trace_id: id, started_at_ms };
}

/** Queues of traces to export: `millrace-telemetry`, with the environment's name behind it in the cloud. */
export function isTelemetryQueue(queue: string): boolean {
  return /^millrace-telemetry(-|$)/.test(queue);
}
