import type { traceDetailSchema } from "@millrace/core/contract";
import { z } from "zod";
import type { Painter } from "./painter.ts";
import { safeLine } from "./safe-text.ts";

type Span = z.output<typeof traceDetailSchema>["spans"][number];

/** What the gateway says of a call upstream; anything else is shown as its name and time alone. */
const attemptSchema = z.object({
  provider: z.string(),
  model: z.string(),
  kind: z.string(),
  outcome: z.string(),
  error_code: z.string().nullable(),
  http_status: z.number().nullable(),
});
const decisionSchema = z.object({ kind: z.string(), reason: z.string(), order: z.array(z.number()).default([]) });
const planSchema = z.object({ decisions: z.array(decisionSchema) });

function attemptNote(paint: Painter, attributes: Span["attributes"]): string {
  const attempt = attemptSchema.safeParse(attributes);
  if (!attempt.success) return "";
  const { provider, model, kind, outcome, error_code: code, http_status: status } = attempt.data;
  const why = [code, status].filter((part) => part !== null).join(" ");
  const ended = outcome === "ok" ? paint("green", "ok") : paint("red", why === "" ? outcome : `${outcome}: ${why}`);
  return `  ${kind}  ${safeLine(`${provider} · ${model}`)}  ${ended}`;
}

/** Kinds whose reason does not tell the order in which their branches are tried. */
const drawn: ReadonlySet<string> = new Set(["weighted", "sticky"]);

function planNotes(attributes: Span["attributes"]): string[] {
  const plan = planSchema.safeParse(attributes);
  if (!plan.success) return [];
  return plan.data.decisions.map(
    ({ kind, reason, order }) =>
      `      ${kind}: ${safeLine(reason)}${drawn.has(kind) && order.length > 1 ? `; tried in the order ${order.join(", ")}` : ""}`,
  );
}

/** In the order in which they began; a call upstream after the stage that made it, though both may begin in one millisecond. */
function inOrder(spans: readonly Span[]): readonly Span[] {
  const isCall = (span: Span): number => Number(span.name === "attempt");
  return spans.toSorted((one, other) => one.started_at_ms - other.started_at_ms || isCall(one) - isCall(other));
}

/** One line for each step of an exchange: how long, for a call upstream whom it went to and how it ended, for a route why it led there. */
export function spanLines(paint: Painter, spans: readonly Span[]): string[] {
  return inOrder(spans).flatMap((span) => {
    const time = `${(span.duration_us / 1000).toFixed(2).padStart(10)} ms`;
    const note = span.name === "attempt" ? attemptNote(paint, span.attributes) : "";
    return [`  ${span.name.padEnd(14)} ${time}${note}`, ...planNotes(span.attributes)];
  });
}
