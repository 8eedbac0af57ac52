import type { Span, TraceRecord } from "@millrace/core/contract";
import { gate } from "../fakes/upstream.ts";
import { type Lab, type LabTenant, MODEL } from "./lab.ts";
import type { Scenario } from "./scenario.ts";
import { sound } from "./wire.ts";

/** What a caller saw of one exchange, and what its trace says. */
export interface Observation {
  readonly status: number;
  readonly text: string;
  /** Events or messages that brought text. */
  readonly pieces: number;
  /** Of a stream: the data of each event, `[DONE]` included. */
  readonly events: readonly string[];
  /** A whole answer, or a stream that ended with `[DONE]`. */
  readonly done: boolean;
  readonly finish: string | undefined;
  readonly errorCode: string | undefined;
  readonly causes: readonly string[] | undefined;
  readonly retryAfter: string | undefined;
  /** Provider and model that the headers name: of a stream, who began it. */
  readonly told: string;
  /** The model that the last chunk names. */
  readonly lastModel: string | undefined;
  /** Different ids among the chunks of one stream. */
  readonly ids: number;
  /** As the caller was told. */
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | undefined;
  readonly record: TraceRecord;
  readonly attempts: readonly Span[];
  /** The next request was answered. */
  readonly healthy: boolean;
}

interface Chunk {
  readonly id?: string;
  readonly model?: string;
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null };
    readonly message?: { readonly content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: Observation["usage"] | null;
  readonly error?: { readonly code: string; readonly causes?: readonly { readonly code: string }[] };
}

function textOf(chunk: Chunk): string {
  return (chunk.choices ?? []).map(({ delta, message }) => delta?.content ?? message?.content ?? "").join("");
}

async function readEvents(response: Response, onText: () => void): Promise<string[]> {
  const decoder = new TextDecoder();
  let pending = "";
  const events: string[] = [];
  for await (const bytes of response.body ?? []) {
    pending += decoder.decode(bytes, { stream: true });
    const parts = pending.split("\n\n");
    pending = parts.pop() ?? "";
    for (const part of parts) {
      const data = part.replace(/^data: /, "");
      events.push(data);
      if (data !== "[DONE]" && textOf(JSON.parse(data) as Chunk) !== "") onText();
    }
  }
  return events;
}

async function traceOf(lab: Lab, response: Response): Promise<TraceRecord> {
  const id = response.headers.get("x-millrace-trace");
  const { traces } = await lab.gateway.state();
  const found = traces.find((trace) => trace.record.id === id);
  if (found === undefined) throw new Error(`there is no trace ${id}`);
  return found.record;
}

function ask(scenario: Pick<Scenario, "stream" | "request">): Record<string, unknown> {
  const options = scenario.stream ? { stream: true, stream_options: { include_usage: true } } : {};
  return { model: MODEL, messages: [{ role: "user", content: "hi" }], ...options, ...scenario.request };
}

/** Whether a plain request is answered, now that every target is well. */
async function isHealthy(lab: Lab, tenant: LabTenant, targets: readonly { readonly name: string }[]): Promise<boolean> {
  for (const { name } of targets) lab.upstream.script(tenant.scripted(name), [sound(name)]);
  const response = await lab.gateway.post("/v1/chat/completions", tenant, ask({ stream: false }));
  await response.text();
  return response.status === 200;
}

/** Plays one scenario against the gateway. */
export async function runScenario(lab: Lab, scenario: Scenario): Promise<Observation> {
  const firstText = gate();
  const tenant = await lab.admit(scenario, { firstText: firstText.opened });
  const response = await lab.gateway.post("/v1/chat/completions", tenant, ask(scenario));
  const isStream = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
  const events = isStream ? await readEvents(response, () => firstText.open()) : [await response.text()];
  firstText.open();
  const chunks = events.filter((event) => event !== "[DONE]").map((event) => JSON.parse(event) as Chunk);
  const record = await traceOf(lab, response);
  const error = chunks.find((chunk) => chunk.error !== undefined)?.error;
  const finishes = chunks.flatMap((chunk) => (chunk.choices ?? []).flatMap((choice) => choice.finish_reason ?? []));
  const targets = scenario.targets({ firstText: firstText.opened, origin: lab.upstream.origin });
  return {
    status: response.status,
    text: chunks.map(textOf).join(""),
    pieces: chunks.filter((chunk) => textOf(chunk) !== "").length,
    events,
    done: isStream ? events.at(-1) === "[DONE]" : response.status === 200,
    finish: finishes.at(-1),
    errorCode: error?.code,
    causes: error?.causes?.map((cause) => cause.code),
    retryAfter: response.headers.get("retry-after") ?? undefined,
    told: `${response.headers.get("x-millrace-provider")}/${response.headers.get("x-millrace-model")}`,
    lastModel: chunks.flatMap((chunk) => chunk.model ?? []).at(-1),
    ids: new Set(chunks.flatMap((chunk) => chunk.id ?? [])).size,
    usage: chunks.flatMap((chunk) => chunk.usage ?? []).at(-1),
    record,
    attempts: record.spans.filter((span) => span.name === "attempt"),
    healthy: await isHealthy(lab, tenant, targets),
  };
}
