import { MillraceError } from "../../contract/millrace-error.ts";
import type { JsonObject, JsonValue } from "../../contract/json-value.ts";
import type { PromptContent, TemplateEngine } from "../../contract/prompt.ts";
import { compileTemplate } from "../template/compile-template.ts";
import { parseFrontmatter } from "../template/dotprompt/parse-frontmatter.ts";
import { compact, FrontMatterFields, isJsonObject, writeFrontMatter } from "./front-matter.ts";
import { millraceFields } from "./millrace-fields.ts";
import { optionsFromSettings, settingsFromOptions } from "./model-settings.ts";
import { type BodyScope, type PromptFileFormat, UNNAMED_MODEL } from "./prompt-file.ts";
import { propertiesFromSchema, schemaFromProperties } from "./prompty-properties.ts";

/** microsoft/prompty, parsers/prompty.ts: a role alone on its (trimmed) line, perhaps with attributes. No two neighbours may match the same text: time stays linear. */
const roleLine = /^#?\s*(system|user|assistant|developer)(?:\[\w+\s*=[^\]]*\])?\s*:$/i;
const defaultOutputName = "answer";

/** `.prompty` files (microsoft/prompty, version 2): keys that Millrace does not read are kept under the extension `prompty`. */
export const promptyFormat: PromptFileFormat = {
  read(source) {
    const { frontmatter, body, bodyLine } = parseFrontmatter(source);
    const fields = new FrontMatterFields(source, frontmatter);
    const name = fields.text("name");
    const description = fields.text("description");
    const own = fields.object("millrace") ?? {};
    if (isJsonObject(own["content"])) return { name, description, content: own["content"] };
    const modelField = fields.any("model");
    const { id, options, ...restModel } = isJsonObject(modelField) ? modelField : { id: fields.text("model") ?? null };
    const { settings, rest: restOptions } = settingsFromOptions(asObject(options));
    const inputs = schemaFromProperties(fields.any("inputs"));
    const outputs = schemaFromProperties(fields.any("outputs"));
    const templateField = fields.any("template");
    const { output_name: outputName, settings: ownSettings, extensions: ownExtensions, ...ownFields } = own;
    const engine = engineOf(ownFields["engine"], templateField);
    const kept = compact({
      ...fields.rest(),
      model: compact({ ...restModel, options: restOptions }),
      inputs:
        inputs.threads.length === 0 ? undefined : inputs.threads.map((thread) => ({ name: thread, kind: "thread" })),
      template: isPlainTemplate(templateField) ? undefined : templateField,
    });
    const extensions = Object.keys(kept).length === 0 ? ownExtensions : { ...asObject(ownExtensions), prompty: kept };
    return {
      name,
      description,
      content: {
        engine,
        ...compact({ variables: inputs.schema }),
        ...(outputs.schema === undefined
          ? {}
          : { output: { name: outputName ?? defaultOutputName, schema: outputs.schema } }),
        ...readBody(body, { engine, bodyLine, threads: inputs.threads }),
        ...ownFields,
        settings: {
          model: typeof id === "string" ? id : UNNAMED_MODEL,
          ...settings,
          ...asObject(ownSettings),
        },
        ...(extensions === undefined ? {} : { extensions }),
      },
    };
  },

  write({ name, description, content, body }) {
    const { options, own } = optionsFromSettings(content.settings);
    const { model, inputs: threads, template, ...rest } = asObject(content.extensions?.["prompty"]);
    const inputs = propertiesFromSchema(content.variables);
    const outputs = content.output === undefined ? undefined : propertiesFromSchema(content.output.schema);
    const extra = compact({
      variables: inputs === undefined ? content.variables : undefined,
      output_name: outputs === undefined ? undefined : ownOutputName(content),
      output: outputs === undefined ? content.output : undefined,
    });
    const engine = content.engine === "dotprompt" ? "jinja" : content.engine;
    const millrace = millraceFields(content, { format: "prompty", engine, body, ownSettings: own, extra });
    const { options: restOptions, ...restModel } = asObject(model);
    const fields = compact({
      name,
      description,
      model: { id: content.settings.model, options: { ...options, ...asObject(restOptions) }, ...restModel },
      inputs: nonEmpty([...(inputs ?? []), ...(Array.isArray(threads) ? threads : [])]),
      outputs,
      template: template ?? { format: { kind: engine === "jinja" ? "jinja2" : engine }, parser: { kind: "prompty" } },
      ...rest,
      millrace,
    });
    return writeFrontMatter(fields, writeBody(content, { scope: body, threads }));
  },
};

function nonEmpty(list: JsonValue[]): JsonValue[] | undefined {
  return list.length === 0 ? undefined : list;
}

function ownOutputName(content: PromptContent): string | undefined {
  return content.output === undefined || content.output.name === defaultOutputName ? undefined : content.output.name;
}

function engineOf(own: JsonValue | undefined, template: JsonValue | undefined): TemplateEngine {
  if (own === "mustache" || own === "jinja" || own === "dotprompt") return own;
  const format = asObject(template)["format"] ?? template;
  const kind = asObject(format)["kind"] ?? format;
  if (kind === undefined || kind === "jinja2" || isJsonObject(kind)) return "jinja";
  if (kind === "mustache") return "mustache";
  throw new MillraceError("invalid-prompt", {
    message: `the template format ${JSON.stringify(kind)} is not supported`,
    param: "template",
  });
}

function isPlainTemplate(template: JsonValue | undefined): boolean {
  if (!isJsonObject(template)) return template === undefined;
  const { format, parser, ...rest } = template;
  const plain = (value: JsonValue | undefined) => isJsonObject(value) && Object.keys(value).join() === "kind";
  return plain(format) && plain(parser) && asObject(parser)["kind"] === "prompty" && Object.keys(rest).length === 0;
}

interface BodyPlace {
  readonly engine: TemplateEngine;
  readonly bodyLine: number;
  readonly threads: readonly string[];
}

/** Cuts a body at its role lines; text before the first one is the system's. A thread's own line is the history slot. */
function readBody(body: string, place: BodyPlace): JsonObject {
  const messages: JsonObject[] = [];
  let role = "system";
  let lines: string[] = [];
  let startLine = 0;
  const end = () => {
    const content = trimLineEnds(lines.join("\n"));
    if (content !== "" || (startLine > 0 && lines.length > 0)) {
      checkTemplate(content, place, startLine);
      messages.push({ role, content });
    }
    lines = [];
  };
  for (const [index, line] of body.split("\n").entries()) {
    const marker = roleLine.exec(line.trim())?.[1]?.toLowerCase();
    const thread = place.threads.some((name) => line.trim().replaceAll(/[{}\s]/g, "") === name && line.includes("{{"));
    if (marker === undefined && !thread) {
      lines.push(line);
      continue;
    }
    end();
    if (thread) messages.push({ slot: "history" });
    if (marker !== undefined) role = marker;
    startLine = thread ? 0 : index + 1;
  }
  end();
  const [first, ...rest] = messages;
  if (first === undefined) return {};
  return first["role"] === "system" ? { system: first["content"] ?? "", messages: rest } : { messages };
}

function checkTemplate(content: string, place: BodyPlace, startLine: number): void {
  try {
    compileTemplate(place.engine, content);
  } catch (cause) {
    const line = place.bodyLine + Math.max(startLine, 1);
    const detail = cause instanceof Error ? cause.message : "it does not parse";
    const message = `the message from line ${line} is not a template; role lines cannot stand in blocks: ${detail}`;
    throw new MillraceError("invalid-prompt", { message, cause });
  }
}

function trimLineEnds(text: string): string {
  return text.replace(/^[\r\n]+/, "").replace(/[\r\n]+$/, "");
}

function writeBody(content: PromptContent, options: { scope: BodyScope; threads: JsonValue | undefined }): string {
  const system = content.system === undefined ? [] : [`system:\n${content.system}\n`];
  if (options.scope === "system") return system.join("");
  const [thread] = Array.isArray(options.threads) ? options.threads : [];
  const threadName = asObject(thread)["name"];
  const messages = content.messages.map((message) =>
    "slot" in message
      ? `{{${typeof threadName === "string" ? threadName : message.slot}}}\n`
      : `${message.role}:\n${message.content}\n`,
  );
  return [...system, ...messages].join("\n");
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
