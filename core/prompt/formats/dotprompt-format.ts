import { MillraceError } from "../../contract/millrace-error.ts";
import type { JsonObject, JsonValue } from "../../contract/json-value.ts";
import type { PromptContent } from "../../contract/prompt.ts";
import { compileTemplate } from "../template/compile-template.ts";
import { parseFrontmatter } from "../template/dotprompt/parse-frontmatter.ts";
import { picoschemaToJsonSchema } from "../template/dotprompt/picoschema.ts";
import { compact, FrontMatterFields, isJsonObject, writeFrontMatter } from "./front-matter.ts";
import { millraceFields } from "./millrace-fields.ts";
import { optionsFromSettings, settingsFromOptions } from "./model-settings.ts";
import { type BodyScope, type PromptFileFormat, UNNAMED_MODEL } from "./prompt-file.ts";

const bodyMarker = /\{\{\s*(?:role\s+"(system|developer|user|model|assistant)"|(history))\s*\}\}/;
const systemBody = /^\s*\{\{\s*role\s+"system"\s*\}\}\r?\n?([\s\S]*)$/;
const defaultOutputName = "answer";

/** `.prompt` files (google/dotprompt): keys that Millrace does not read are kept under the extension `dotprompt`. */
export const dotpromptFormat: PromptFileFormat = {
  read(source) {
    const { frontmatter, body } = parseFrontmatter(source);
    const fields = new FrontMatterFields(source, frontmatter);
    const name = fields.text("name");
    const description = fields.text("description");
    const own = fields.object("millrace") ?? {};
    if (isJsonObject(own["content"])) return { name, description, content: own["content"] };
    const model = fields.text("model");
    const { settings, rest: restConfig } = settingsFromOptions(fields.object("config") ?? {});
    const input = readInput(fields.object("input") ?? {});
    const output = readOutput(fields.object("output") ?? {}, own["output_name"]);
    const kept = compact({ ...fields.rest(), config: restConfig, input: input.rest, output: output.rest });
    const { output_name: _outputName, settings: ownSettings, extensions: ownExtensions, ...ownFields } = own;
    const engine = ownFields["engine"] ?? "dotprompt";
    const extensions = Object.keys(kept).length === 0 ? ownExtensions : { ...asObject(ownExtensions), dotprompt: kept };
    return {
      name,
      description,
      content: {
        engine,
        ...compact({ variables: input.variables, output: output.content }),
        ...(ownFields["messages"] === undefined ? readBody(body, engine) : readSystem(body)),
        ...ownFields,
        settings: { model: model ?? UNNAMED_MODEL, ...settings, ...asObject(ownSettings) },
        ...(extensions === undefined ? {} : { extensions }),
      },
    };
  },

  write({ name, description, content, body }) {
    const { options, own } = optionsFromSettings(content.settings);
    const kept = isJsonObject(content.extensions?.["dotprompt"]) ? content.extensions["dotprompt"] : {};
    const { config, input, output, ...rest } = kept;
    const showsVariables = typeof content.variables["type"] === "string";
    const extra = compact({
      variables: showsVariables ? undefined : content.variables,
      output_name:
        content.output === undefined || content.output.name === defaultOutputName ? undefined : content.output.name,
    });
    const millrace = millraceFields(content, {
      format: "dotprompt",
      engine: "dotprompt",
      body,
      ownSettings: own,
      extra,
    });
    const fields = compact({
      name,
      description,
      model: content.settings.model,
      config: { ...options, ...asObject(config) },
      input: { ...(showsVariables ? { schema: content.variables } : {}), ...asObject(input) },
      output:
        content.output === undefined
          ? asObject(output)
          : { format: "json", schema: content.output.schema, ...asObject(output) },
      ...rest,
      millrace,
    });
    return writeFrontMatter(fields, writeBody(content, body));
  },
};

function readOutput(
  output: JsonObject,
  name: JsonValue | undefined,
): { content: JsonObject | undefined; rest: JsonObject } {
  const { schema, format: _format, ...rest } = output;
  if (schema === undefined || schema === null) return { content: undefined, rest };
  return { content: { name: name ?? defaultOutputName, schema: picoschemaToJsonSchema(schema) }, rest };
}

function readInput(input: JsonObject): { variables: JsonObject | undefined; rest: JsonObject } {
  const { schema, default: defaults, ...rest } = input;
  const variables = schema === undefined || schema === null ? undefined : picoschemaToJsonSchema(schema);
  if (!isJsonObject(defaults)) return { variables, rest };
  const properties = { ...asObject(variables?.["properties"]) };
  for (const [name, value] of Object.entries(defaults))
    properties[name] = { ...asObject(properties[name]), default: value };
  const required = variables?.["required"];
  const stillRequired = Array.isArray(required)
    ? required.filter((name) => typeof name !== "string" || !Object.hasOwn(defaults, name))
    : undefined;
  return {
    variables: {
      type: "object",
      ...variables,
      properties,
      ...(stillRequired === undefined ? {} : { required: stillRequired }),
    },
    rest,
  };
}

/**
 * Cuts a body at its `{{role}}` and `{{history}}` tags, less the line ends around them. Where a tag stands inside a block, the cut
 * would break it: then the whole body is one message, and rendering cuts it.
 */
function readBody(body: string, engine: JsonValue): JsonObject {
  if (body.trim() === "") return {};
  const [preamble = "", ...pieces] = body.split(bodyMarker);
  const messages: JsonObject[] = [];
  if (preamble.trim() !== "") messages.push({ role: "user", content: preamble });
  for (let index = 0; index < pieces.length; index += 3) {
    const [role, history, text = ""] = pieces.slice(index, index + 3);
    const content = text.replace(/^\r?\n/, "").replace(/\r?\n$/, "");
    if (history !== undefined) messages.push({ slot: "history" });
    if (history === undefined) messages.push({ role: role === "model" ? "assistant" : (role ?? "user"), content });
    else if (text.trim() !== "") messages.push({ role: "assistant", content });
  }
  const whole = { messages: [{ role: "user", content: body }] };
  if (!messages.every(({ content }) => typeof content !== "string" || isTemplate(content, engine))) return whole;
  const [first, ...rest] = messages;
  return first?.["role"] === "system" ? { system: first["content"] ?? "", messages: rest } : { messages };
}

/** The body beside `millrace.messages`: the system text, to its end. */
function readSystem(body: string): JsonObject {
  if (body.trim() === "") return {};
  const text = systemBody.exec(body)?.[1];
  if (text !== undefined) return { system: text.replace(/\r?\n$/, "") };
  throw new MillraceError("invalid-prompt", {
    param: "millrace.messages",
    message:
      'Beside `millrace.messages` the body holds the system text only: begin it with {{role "system"}}, or move the messages into the body.',
  });
}

function isTemplate(source: string, engine: JsonValue): boolean {
  if (engine !== "mustache" && engine !== "jinja" && engine !== "dotprompt") return true;
  try {
    compileTemplate(engine, source);
    return true;
  } catch {
    return false;
  }
}

function writeBody(content: PromptContent, scope: BodyScope): string {
  const system = content.system === undefined ? [] : [`{{role "system"}}\n${content.system}\n`];
  if (scope === "system") return system.join("");
  const messages = content.messages.map((message) =>
    "slot" in message
      ? `{{${message.slot}}}\n`
      : `{{role "${message.role === "assistant" ? "model" : message.role}"}}\n${message.content}\n`,
  );
  return [...system, ...messages].join("");
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
