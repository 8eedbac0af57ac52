import type { JsonObject } from "@millrace/core/contract";
import type { Edits } from "./edit-members.ts";
import { prefillOf } from "./openai-dialect.ts";

/**
 * Has a server go on with the assistant turn that a chat ends with. Without `add_generation_prompt: false` vLLM opens a new turn behind it ("vLLM
 * OpenAI-compatible server", extra parameters of the chat API). A caller who set either keeps what they set.
 */
export function continueFinalMessage(fields: Readonly<JsonObject>): Edits {
  const own = fields["continue_final_message"] !== undefined || fields["add_generation_prompt"] !== undefined;
  return own || prefillOf(fields) === undefined ? {} : { continue_final_message: true, add_generation_prompt: false };
}
