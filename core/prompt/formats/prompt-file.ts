import type { JsonObject } from "../../contract/json-value.ts";
import type { PromptContent } from "../../contract/prompt.ts";

/** What a file says: a name and description, which belong to the prompt, and the content, not yet validated. */
export interface PromptFileDraft {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly content: JsonObject;
}

/**
 * How much of the content the body of a file carries: all messages, or the system text only, with the messages in the front matter
 * under `millrace`. Bodies cannot say everything: a text may itself look like a role marker.
 */
export type BodyScope = "messages" | "system";

export interface PromptFileView {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly content: PromptContent;
  readonly body: BodyScope;
}

/** One file format; reading undoes writing for at least one BodyScope. */
export interface PromptFileFormat {
  /** @throws MillraceError `invalid-prompt` with the place of the fault. */
  read(source: string): PromptFileDraft;
  write(view: PromptFileView): string;
}

/** The model of a version whose file names none. */
export const UNNAMED_MODEL = "default";
