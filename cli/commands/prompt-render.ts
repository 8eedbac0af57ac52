import { DEFAULT_LABEL, type JsonObject, type JsonValue } from "@millrace/core/contract";
import type { Command } from "commander";
import type { Client } from "../client.ts";
import { present } from "../context.ts";
import type { Painter } from "../render/painter.ts";
import { safeText } from "../render/safe-text.ts";
import { isUnset, type NamedVersion, parseNamedVersion } from "./choose-version.ts";
import { parseVariable } from "./parse-arguments.ts";
import type { Run } from "./run.ts";

type RenderBody = Omit<Parameters<Client["render"]>[1], "version">;

interface RenderOptions {
  readonly version?: string;
  readonly var?: Record<string, JsonValue>;
}

export function addPromptRender(group: Command, run: Run): void {
  group
    .command("render")
    .argument("<name[@version]>")
    .argument("[message]", "the user's message")
    .option(
      "--version <version>",
      `a number, a hash or a label; default: ${DEFAULT_LABEL}, or the latest where that points nowhere`,
    )
    .option("--var <name=text>", "a variable; name:=json for other types; repeatable", parseVariable)
    .description("print what the model would get, without calling it")
    .action(
      run(async (context, [named, message, options]: [string, string | undefined, RenderOptions]) => {
        const { name, selector } = parseNamedVersion(named, options.version);
        const rendered = await renderChosen(
          context.client(),
          { name, selector },
          {
            variables: options.var ?? {},
            messages: message === undefined ? [] : [{ role: "user", content: message }],
          },
        );
        present(context, rendered, () => renderRequest(context.paint, rendered.request));
        if (!context.json) {
          const facts = `${name} version ${rendered.version} · resolved ${rendered.resolved_hash.slice(0, 12)}\n`;
          context.note(context.paint("dim", facts));
        }
        return undefined;
      }),
    );
}

/** Nothing is called, so a prompt that is not published yet can be looked at as well: then the latest version is, as in `prompt show`. */
async function renderChosen(client: Client, { name, selector }: NamedVersion, body: RenderBody) {
  try {
    return await client.render(name, { ...body, ...(selector === undefined ? {} : { version: selector }) });
  } catch (error) {
    if (selector !== undefined || !isUnset(error)) throw error;
    const { latest_version: latest } = await client.prompt(name);
    return client.render(name, { ...body, version: String(latest) });
  }
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
