import type { ErrorCode, Provider, ProviderKind } from "@millrace/core/contract";
import type { SentRequest, ServiceAnswer } from "./scripted-service.ts";

/** What a provider must show, each by an answer of the service in both forms. */
export const conformanceCases = [
  "text",
  "tools",
  "parallel-tools",
  "tool-results",
  "images",
  "json-schema",
  "stop",
  "max-tokens",
] as const;
export type ConformanceCase = (typeof conformanceCases)[number];

/** One case, as the service of this provider would answer it. */
export interface CaseFixture {
  /** The body of the answer in one piece. */
  readonly whole: unknown;
  /** The events of the same answer, each as its bytes. */
  readonly stream: readonly (string | Uint8Array)[];
  /** What the request must have become on its way. */
  readonly sent?: (request: SentRequest) => void;
}

/** The provider does not have it, and says so: `unsupported-parameter` with this `param`. */
export interface Unsupported {
  readonly unsupported: string;
}

export const conformanceFaults = ["rate-limit", "overloaded", "context", "auth"] as const;
export type ConformanceFault = (typeof conformanceFaults)[number];

export interface FaultFixture {
  readonly answer: ServiceAnswer;
  /** Where it differs from what the suite expects of every provider. */
  readonly code?: ErrorCode;
  /** Seconds; absent = the service does not say. */
  readonly retryAfterSeconds?: number;
}

/** Everything that the suite needs to know of one kind of provider. */
export interface ProviderFixture {
  readonly kind: ProviderKind;
  readonly model: string;
  readonly provider?: Partial<Provider>;
  readonly secret: string;
  /** The credential that the service sees and could quote; absent = the secret itself. */
  readonly seenSecret?: string;
  readonly streamType: string;
  readonly cases: Readonly<Record<ConformanceCase, CaseFixture | Unsupported>>;
  readonly faults: Readonly<Record<ConformanceFault, FaultFixture>>;
  /** An error inside a stream that had begun, behind the first `after` events of the case `text`. */
  readonly streamError:
    | Unsupported
    | { readonly after: number; readonly event: string | Uint8Array; readonly code: ErrorCode };
  /** An event that the provider may add one day; it changes nothing. */
  readonly unknownEvent: string | Uint8Array;
  /** How many events at the end of the case `text` may be missing without harm (an empty end, usage). */
  readonly dispensableEvents?: number;
  /** Fields of a request that this provider cannot honour, each with a value that asks for something. */
  readonly refuses: Readonly<Record<string, unknown>>;
  /** Answers requests beside the call itself, such as one for a token. */
  readonly aside?: (request: SentRequest) => ServiceAnswer | undefined;
}

/** The usage of every answer of the case `text`: tokens. */
export const fixtureUsage = { prompt_tokens: 21, completion_tokens: 9, total_tokens: 30 } as const;
/** The text of the case `text`: characters of one to four bytes. */
export const fixtureText = "Grüße, 世界! 🌍";
/** One red pixel. */
export const fixtureImage =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/** Server-sent events with an `event` line, as Anthropic and others send them. */
export function sseEvent(data: object, event?: string): string {
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** A text in two pieces, cut between characters: what a stream sends of it. */
export function halves(text: string): readonly [string, string] {
  const characters = Array.from(text);
  const half = Math.ceil(characters.length / 2);
  return [characters.slice(0, half).join(""), characters.slice(half).join("")];
}
