import {
  contextTokensOf,
  type JsonObject,
  MAX_BODY_BYTES,
  MillraceError,
  type ModelResponse,
} from "@millrace/core/contract";
import { estimateTokens } from "@millrace/core/prompt";
import type { Accepted, Dialect, Inbound, Teller, TellerFacts } from "../dialect.ts";
import { translatedBody } from "../translated-body.ts";
import { wholeEvents } from "../whole-events.ts";
import { responseIdOf } from "./item-ids.ts";
import { normaliseInput } from "./normalise-items.ts";
import { type CheckedRequest, checkRequest } from "./request.ts";
import { resolveReferences } from "./resolve-references.ts";
import { responseHead } from "./response-object.ts";
import type { ResponseStore } from "./response-store.ts";
import { ResponseStream, type ResponseStreamOptions } from "./stream.ts";
import { translateItems } from "./translate-items.ts";
import { truncateItems } from "./truncate-items.ts";

/** What is left for the answer when a conversation is truncated and the caller says no limit. Tokens. */
const ANSWER_ROOM_TOKENS = 1024;

interface Conversation {
  /** Earlier turns, then this one's input. */
  readonly items: readonly JsonObject[];
  readonly earlier: number;
}

async function conversationOf(
  checked: CheckedRequest,
  { admission, traceId }: Inbound,
  store: ResponseStore,
): Promise<Conversation> {
  const { request } = checked;
  const owner = admission.principal;
  const own = await resolveReferences(normaliseInput(request.input, traceId), owner, store);
  const previous = request.previous_response_id;
  if (previous === undefined || previous === null) return { items: own, earlier: 0 };
  const stored = await store.read(owner, previous, "previous_response_id");
  const earlier = [...stored.items, ...(stored.response.output as readonly JsonObject[])];
  return { items: [...earlier, ...own], earlier: earlier.length };
}

/** @throws MillraceError `unsupported-parameter` where nobody knows how much the model takes. */
function truncated(conversation: Conversation, checked: CheckedRequest, { admission }: Inbound): Conversation {
  if (checked.request.truncation !== "auto") return conversation;
  const { models } = admission.config.bundle;
  const model = Object.hasOwn(models, checked.model) ? models[checked.model] : undefined;
  const contextTokens = model && contextTokensOf(model);
  if (contextTokens === undefined) {
    throw new MillraceError("unsupported-parameter", {
      param: "truncation",
      message: `truncation: how much ${checked.model} takes is not known here; set the model's \`context_tokens\`.`,
    });
  }
  const { items } = conversation;
  const tokensOf = (item: JsonObject): number => estimateTokens(JSON.stringify(item));
  const others = estimateTokens(JSON.stringify(checked.fields)) + estimateTokens(checked.request.instructions ?? "");
  const room = checked.request.max_output_tokens ?? ANSWER_ROOM_TOKENS;
  const kept = truncateItems(items, { maxTokens: contextTokens - room - others, tokensOf });
  const earlier = conversation.earlier - (items.length - kept.length);
  return { items: kept, earlier: Math.max(0, earlier) };
}

function tooLong(items: readonly JsonObject[]): boolean {
  return JSON.stringify(items).length > MAX_BODY_BYTES;
}

/** OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses */
export function responsesDialect(store: ResponseStore): Dialect {
  async function accept(inbound: Inbound): Promise<Accepted> {
    const { body, admission, traceId } = inbound;
    const checked = checkRequest(body.fields);
    const { request } = checked;
    const conversation = truncated(await conversationOf(checked, inbound, store), checked, inbound);
    const { items, earlier } = conversation;
    if (earlier > 0 && tooLong(items)) {
      const message = `The conversation behind previous_response_id is longer than ${MAX_BODY_BYTES} bytes.`;
      throw new MillraceError("body-too-large", { param: "previous_response_id", message });
    }
    if (items.length === 0 && request.prompt?.id === undefined && !checked.model.startsWith("prompt:"))
      throw new MillraceError("invalid-request", { param: "input", message: "input: is needed." });
    const instructions = request.instructions ?? "";
    const messages = [
      ...(instructions === "" ? [] : [{ role: "system", content: instructions }]),
      ...translateItems(items, earlier),
    ];
    const teller = ({ resolution, nowMs, estimate }: TellerFacts): Teller => {
      const keep = (response: ModelResponse): Promise<boolean> =>
        store.write(admission.principal, { schema: 1, response, items });
      const head = responseHead({
        id: responseIdOf(traceId),
        model: resolution.model,
        createdSeconds: Math.floor(nowMs() / 1000),
        stored: request.store !== false,
        checked,
      });
      const options: ResponseStreamOptions = { traceId, head, estimate, keep };
      return {
        whole: async (answer) => JSON.stringify(await new ResponseStream(options).whole(wholeEvents(answer))),
        stream: () => new ResponseStream(options),
      };
    };
    return { body: translatedBody(body, { ...checked.fields, messages }), teller };
  }
  return { surface: "chat", asked: "responses", requestIdHeader: "x-request-id", accept };
}
