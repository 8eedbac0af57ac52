import type { JsonObject, JsonValue } from "@millrace/core/contract";
import type { Command } from "commander";
import { present } from "../context.ts";
import type { Painter } from "../render/painter.ts";
import { safeText } from "../render/safe-text.ts";
import { parseVariable } from "./parse-arguments.ts";
import type { Run } from "./run.ts";

interface RenderOptions {
  readonly version?: string;
  readonly var?: Record<string, JsonValue>;
}

export function addPromptRender(group: Command, run: Run): void {
  group
    .command("render")
    .argument("<name>")
    .argument("[message]", "the user's message")
    .option("--version <version>", "a number, a hash or a label")
    .option("--var <name=text>", "a variable; name:=json for other types; repeatable", parseVariable)
    .description("print what the model would get, without calling it")
    .action(
      run(async (context, [name, message, options]: [string, string | undefined, RenderOptions]) => {
        const rendered = await context.client().render(name, {
          ...(options.version === undefined ? {} : { version: options.version }),
          variables: options.var ?? {},
          messages: message === undefined ? [] : [{ role: "user", content: message }],
        });
        present(context, rendered, () => renderRequest(context.paint, rendered.request));
        if (!context.json) {
          const facts = `${name} version ${rendered.version} · resolved ${rendered.resolved_hash.slice(0, 12)}\n`;
          context.note(context.paint("dim", facts));
        }
        return undefined;
      }),
    );
}

function renderRequest(paint: Painter, request: JsonObject): string {
  const { messages, ...settings } = request;
  const turns = (Array.isArray(messages) ? messages : []).map((message) => {
    const { role, content } = message as JsonObject;
    const text = typeof content === "string" ? content : JSON.stringify(content, null, 2);
    return `${paint(["bold", "cyan"], safeText(typeof role === "string" ? role : "message"))}\n${safeText(text)}\n`;
  });
  return `${turns.join("\n")}\n${paint("dim", JSON.stringify(settings))}\n`;
}
