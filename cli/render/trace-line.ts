import type { traceListSchema } from "@millrace/core/contract";
import type { z } from "zod";
import type { Painter } from "./painter.ts";
import { renderCost } from "./price.ts";
import { safeLine } from "./safe-text.ts";
import { renderClock, renderDuration } from "./time.ts";

export type TraceSummary = z.output<typeof traceListSchema>["data"][number];

const STATUS_STYLES = { ok: "green", error: "red", cancelled: "yellow", truncated: "yellow" } as const;

/** One trace on one line: time, status, prompt, model, tokens, latency, cost, cache, id. An unknown number is `–`. */
export function renderTraceLine(paint: Painter, trace: TraceSummary): string {
  const prompt = trace.prompt === null ? trace.requested : `${trace.prompt.name}@${trace.prompt.version}`;
  const failure = trace.error_code === null ? "" : paint("red", trace.error_code);
  const cost = trace.cost_usd_micros === null ? "" : renderCost(trace.cost_usd_micros);
  const cache = trace.cache === "off" ? "" : `cache ${trace.cache}`;
  return [
    paint("dim", renderClock(trace.started_at_ms)),
    paint(STATUS_STYLES[trace.status], trace.status.padEnd(9)),
    safeLine(prompt).padEnd(20),
    safeLine(trace.model ?? "–").padEnd(17),
    `${trace.usage?.input_tokens ?? "–"} → ${trace.usage?.output_tokens ?? "–"} tokens`.padEnd(19),
    latency(trace).padEnd(22),
    [cost, cache, failure, paint("dim", trace.id)].filter((part) => part !== "").join("  "),
  ].join("  ");
}

function latency(trace: TraceSummary): string {
  const total = renderDuration(trace.duration_us / 1000);
  return trace.first_token_us === null ? total : `${total} (first ${renderDuration(trace.first_token_us / 1000)})`;
}
