import { type OpenAI, toFile } from "openai";
import { eventually } from "../support/eventually.ts";

/** A batch pauses for what is away, and several alarms make one. Milliseconds. */
const UNTIL_MS = 40_000;

export type Batch = OpenAI.Batches.Batch;

export const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };

/** An answer of the upstream in one piece. */
export function completionOf(model: string, content: string): object {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_700_000_000,
    model,
    choices: [
      { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" },
    ],
    usage,
  };
}

/** A line of an input file that asks a model for a chat; `body` goes over the rest of the request. */
export function chatLine(custom_id: string, content: string, body: { readonly model: string }): string {
  const request = { messages: [{ role: "user", content }], ...body };
  return JSON.stringify({ custom_id, method: "POST", url: "/v1/chat/completions", body: request });
}

/** Uploads the lines and begins a batch of them. */
export async function beginBatch(
  lines: readonly string[],
  client: OpenAI,
  options: { readonly endpoint?: string; readonly metadata?: Record<string, string> } = {},
): Promise<Batch> {
  const file = await client.files.create({
    file: await toFile(Buffer.from(lines.join("\n")), "in.jsonl"),
    purpose: "batch",
  });
  return client.batches.create({
    input_file_id: file.id,
    endpoint: (options.endpoint ?? "/v1/chat/completions") as "/v1/chat/completions",
    completion_window: "24h",
    ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
  });
}

/** The batch, once it has come to a status. @throws Error when it does not. */
export async function untilBatch(batch: Batch, status: Batch["status"], client: OpenAI): Promise<Batch> {
  let seen = batch;
  await eventually(async () => {
    seen = await client.batches.retrieve(batch.id);
    if (seen.status !== status) throw new Error(`the batch is ${seen.status}: ${JSON.stringify(seen.errors)}`);
  }, UNTIL_MS);
  return seen;
}

/** A line of a file of results. */
export interface BatchResult {
  readonly id: string;
  readonly custom_id: string;
  readonly response: { status_code: number; request_id: string; body: Record<string, unknown> } | null;
  readonly error: { code: string; message: string } | null;
}

export async function resultsOf(id: string | null | undefined, client: OpenAI): Promise<BatchResult[]> {
  if (id === null || id === undefined) return [];
  const text = await (await client.files.content(id)).text();
  return text
    .trimEnd()
    .split("\n")
    .map((each) => JSON.parse(each) as BatchResult);
}
