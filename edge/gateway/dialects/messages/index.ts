import { MillraceError } from "@millrace/core/contract";
import type { WholeAnswer } from "../../exchange/answer.ts";
import type { Accepted, Dialect, Teller, TellerFacts } from "../dialect.ts";
import { translatedBody } from "../translated-body.ts";
import { wholeEvents } from "../whole-events.ts";
import { holdsOwnMessage, messageEvents, ownMessage } from "./own-message.ts";
import { translateMessages, type TranslatedMessages } from "./request.ts";
import { eventText, MessageStream, type MessageStreamOptions } from "./stream.ts";
import { foldMessage } from "./whole.ts";

/** Names in `anthropic-beta`, which may come in several headers and with commas. */
export function betasOf(headers: Headers): readonly string[] {
  const names = (headers.get("anthropic-beta") ?? "").split(",").map((name) => name.trim());
  return names.filter((name) => name !== "");
}

function tellWhole(answer: WholeAnswer, options: MessageStreamOptions): string {
  if (options.askedNatively && answer.native?.dialect === "anthropic") return answer.native.text;
  const own = options.askedNatively ? ownMessage(answer, options.id) : undefined;
  if (own !== undefined) return JSON.stringify(own);
  const stream = new MessageStream(options);
  const message = foldMessage([...stream.told(wholeEvents(answer)), ...stream.ending()]);
  if (message === undefined) throw new MillraceError("upstream-garbage");
  return JSON.stringify(message);
}

function tellerOf(request: TranslatedMessages, facts: TellerFacts): Teller {
  const { traceId, resolution, estimate } = facts;
  const options: MessageStreamOptions = {
    traceId,
    askedNatively: resolution.nativeHash !== undefined,
    id: `msg_${traceId.slice(traceId.indexOf("_") + 1)}`,
    model: resolution.model,
    names: request.names,
    showThinking: request.showThinking,
    inputTokens: resolution.inputTokens,
    estimate,
  };
  const teller = {
    whole: (answer: WholeAnswer) => tellWhole(answer, options),
    stream: () => new MessageStream(options),
  };
  if (!options.askedNatively) return teller;
  return {
    ...teller,
    streamed(answer) {
      const own = ownMessage(answer, options.id);
      return own === undefined ? undefined : messageEvents(own).map(eventText).join("");
    },
    canRetell: holdsOwnMessage,
  };
}

/** Anthropic's Messages API: https://docs.anthropic.com/en/api/messages */
export const messagesDialect: Dialect = {
  surface: "chat",
  asked: "messages",
  requestIdHeader: "request-id",
  accept({ request, body }): Accepted {
    const translated = translateMessages(body.fields, { betas: betasOf(request.headers), counting: false });
    const { fields, native, nativeOnly } = translated;
    return { body: translatedBody(body, fields), native, nativeOnly, teller: (facts) => tellerOf(translated, facts) };
  },
};
