import type { AskedSurface, JsonObject, MillraceError, ModelFrame, Surface, Usage } from "@millrace/core/contract";
import type { Admission } from "../exchange/admission.ts";
import type { AnswerSummary, WholeAnswer } from "../exchange/answer.ts";
import type { NativeRequest } from "../exchange/model-call.ts";
import type { Resolution } from "../exchange/resolution.ts";
import type { JsonBody } from "../http/read-json-body.ts";

/** A stream in a dialect's words. Sees every batch, in order, once. */
export interface StreamTeller {
  /**
   * What the caller gets of these frames; empty when that is nothing yet.
   * @throws MillraceError when the model's answer cannot be told (arguments of a tool call that are not JSON): the stream then counts as broken.
   */
  frames(frames: readonly ModelFrame[]): string;
  /** The words for a stream that broke: never those of a whole answer. */
  fault(error: MillraceError): string;
  /** The words that end a whole answer. Resolves when what they promise is durable. Never throws. */
  end(): Promise<string> | string;
}

/** An answer in a dialect's words; made once the request is resolved. */
export interface Teller {
  /** The body of the response. @throws MillraceError when the model's answer cannot be told. */
  whole(answer: WholeAnswer): Promise<string> | string;
  stream(): StreamTeller;
  /** The whole stream of an answer that is here in one piece, where it says more than its frames do; undefined = it does not. */
  streamed?(answer: WholeAnswer): string | undefined;
  /** Whether an answer in OpenAI's form can be told again as it was told; absent = always. What cannot is not kept. */
  canRetell?(response: Readonly<JsonObject>): boolean;
}

/** What is known of an exchange when its answer is about to be told. */
export interface TellerFacts {
  readonly traceId: string;
  readonly resolution: Resolution;
  readonly nowMs: () => number;
  /** What a dialect says where it must give a number and the provider counted nothing. Characters; the trace may know better, by the model's tokenizer. */
  readonly estimate: (summary: AnswerSummary) => Usage | undefined;
}

/** A request in the words of the pipeline: always OpenAI's. */
export interface Accepted {
  readonly body: JsonBody;
  /** The caller's own words, for a provider that speaks the dialect itself. */
  readonly native?: NativeRequest;
  /** What only such a provider can do, by the names that the caller used; any other is refused. */
  readonly nativeOnly?: readonly string[];
  teller(facts: TellerFacts): Teller;
}

/** What one request brings. */
export interface Inbound {
  readonly traceId: string;
  readonly request: Request;
  readonly body: JsonBody;
  readonly admission: Admission;
}

/** A way of asking: who translates a request into the pipeline's words, and the answer back. One folder for each. */
export interface Dialect {
  /** How the pipeline runs it. */
  readonly surface: Surface;
  /** What its traces call it. */
  readonly asked: AskedSurface;
  /** Where its clients look for the id of an exchange. */
  readonly requestIdHeader: "request-id" | "x-request-id";
  /** Reads the body; absent = it is JSON. */
  readonly readBody?: (request: Request) => Promise<JsonBody>;
  /** @throws MillraceError `invalid-request`, `unsupported-parameter` that names the field. */
  accept(inbound: Inbound): Promise<Accepted> | Accepted;
}
