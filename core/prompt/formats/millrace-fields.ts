import type { JsonObject } from "../../contract/json-value.ts";
import type { PromptContent, TemplateEngine } from "../../contract/prompt.ts";
import { contentHash } from "../../content/hash.ts";
import { compact, isJsonObject } from "./front-matter.ts";
import type { BodyScope } from "./prompt-file.ts";

/** The extension that keeps the original text of an imported file. */
const sourceKey = "source";

/** What a format's own keys and body cannot say: the front matter's `millrace` map. */
export function millraceFields(
  content: PromptContent,
  options: { format: string; engine: TemplateEngine; body: BodyScope; ownSettings: JsonObject; extra: JsonObject },
): JsonObject {
  const { format, engine, body, ownSettings, extra } = options;
  const { [format]: _shownElsewhere, ...extensions } = content.extensions ?? {};
  const emptyOwn = content.extensions !== undefined && Object.keys(extensions).length === 0;
  const keepsEmpty = emptyOwn && !Object.hasOwn(content.extensions ?? {}, format);
  return {
    ...compact({
      task: content.task === "generate" ? undefined : content.task,
      engine: content.engine === engine ? undefined : content.engine,
      few_shot: content.few_shot.length === 0 ? undefined : toJson(content.few_shot),
      constraints: content.constraints.length === 0 ? undefined : content.constraints,
      includes: content.includes,
      settings: ownSettings,
      extensions,
      messages: body === "messages" ? undefined : toJson(content.messages),
      ...extra,
    }),
    ...(keepsEmpty ? { extensions: {} } : {}),
  };
}

function toJson(value: PromptContent["messages"] | PromptContent["few_shot"]): JsonObject[] {
  return value.map((item) => ({ ...item }) as JsonObject);
}

/** The same content without the original text. */
export function withoutSource(content: PromptContent): PromptContent {
  if (content.extensions === undefined || !Object.hasOwn(content.extensions, sourceKey)) return content;
  const { [sourceKey]: _source, ...extensions } = content.extensions;
  const { extensions: _extensions, ...rest } = content;
  return Object.keys(extensions).length === 0 ? rest : { ...rest, extensions };
}

/** Keeps a file's text beside the content read from it, sealed with the content's hash: it counts as long as nothing was edited. */
export function withSource(content: PromptContent, format: string, text: string): PromptContent {
  const source = { format, text, content: contentHash(content) };
  return { ...content, extensions: { ...content.extensions, [sourceKey]: source } };
}

/** The original text, when it still says what the content says. */
export function unchangedSource(content: PromptContent, format: string): string | undefined {
  const source = content.extensions?.[sourceKey];
  if (!isJsonObject(source) || source["format"] !== format || typeof source["text"] !== "string") return undefined;
  return source["content"] === contentHash(withoutSource(content)) ? source["text"] : undefined;
}
