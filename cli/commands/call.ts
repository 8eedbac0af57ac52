import { chatCompletionChunkSchema, chatCompletionSchema, type JsonValue } from "@millrace/core/contract";
import type { Command } from "commander";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { z } from "zod";
import { CliError, usageError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { safeText } from "../render/safe-text.ts";
import { parseVariable } from "./parse-arguments.ts";
import type { Run } from "./run.ts";

interface CallOptions {
  readonly var?: Record<string, JsonValue>;
  readonly model?: boolean;
}

const streamErrorSchema = z.looseObject({ error: z.looseObject({ message: z.string() }) });

export function addCall(program: Command, run: Run): void {
  program
    .command("call")
    .argument("<prompt>", "a prompt: name, name@label or name@number")
    .argument("[message]", "the user's message; without it, standard input")
    .option("--var <name=text>", "a variable; name:=json for other types; repeatable", parseVariable)
    .option("--model", "take <prompt> as a model's name instead")
    .description("call a named prompt; the answer streams to standard output")
    .addHelpText("after", '\nExample:\n  millrace call support-reply --var customer_name=Ana "Where is my order?"')
    .action(
      run(async (context, [prompt, argument, options]: [string, string | undefined, CallOptions]) => {
        const message = argument ?? (await context.readInput())?.trim();
        if (message === undefined || message === "")
          throw usageError("no message", "Give it as an argument, or pipe it in.");
        const body = {
          model: options.model === true || prompt.startsWith("prompt:") ? prompt : `prompt:${prompt}`,
          messages: [{ role: "user", content: message }],
          ...(options.model === true ? {} : { prompt: { variables: options.var ?? {} } }),
        };
        await (context.json ? printWhole(context, body) : printStream(context, body));
        return undefined;
      }),
    );
}

async function printWhole(context: CliContext, body: Readonly<Record<string, unknown>>): Promise<void> {
  const response = await context.client().chat(body, context.signal);
  context.out(`${JSON.stringify(chatCompletionSchema.parse(await response.json()), null, 2)}\n`);
}

async function printStream(context: CliContext, body: Readonly<Record<string, unknown>>): Promise<void> {
  const response = await context
    .client()
    .chat({ ...body, stream: true, stream_options: { include_usage: true } }, context.signal);
  if (response.body === null) throw truncated("the answer has no body");
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  let tokens: number | undefined;
  let ended = false;
  for await (const { data } of events) {
    if (data === "[DONE]") {
      ended = true;
      break;
    }
    const chunk = readChunk(data);
    tokens = chunk.usage?.completion_tokens ?? tokens;
    for (const choice of chunk.choices) context.out(safeText(choice.delta.content ?? ""));
  }
  context.out("\n");
  if (!ended) throw truncated("the stream ended before the answer did");
  const facts = [
    response.headers.get("x-millrace-prompt"),
    response.headers.get("x-millrace-tier"),
    tokens === undefined ? null : `${tokens} tokens`,
    response.headers.get("x-millrace-trace"),
  ];
  context.note(context.paint("dim", `${facts.filter((fact) => fact !== null).join(" · ")}\n`));
}

function readChunk(data: string): z.output<typeof chatCompletionChunkSchema> {
  const value: unknown = JSON.parse(data);
  const failure = streamErrorSchema.safeParse(value);
  if (failure.success) throw truncated(failure.data.error.message);
  return chatCompletionChunkSchema.parse(value);
}

function truncated(message: string): CliError {
  return new CliError({
    code: "upstream-truncated",
    message,
    remedy: "Call it again; what was printed is not the whole answer.",
    retryable: true,
  });
}
