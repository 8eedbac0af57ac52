import { isMillraceError, MillraceError } from "@millrace/core/contract";
import { asFields } from "../../json/vendor-json.ts";
import { classifyFailure } from "../openai-wire/classify-failure.ts";
import type { CallDeps } from "../provider.ts";
import type { Observed } from "./hub-client.ts";

/** What the library threw, in our words. Its errors hold the request with its authorization; nothing of that is read here. */
export function mapFailure(error: unknown, deps: CallDeps, observed: Observed): MillraceError {
  if (isMillraceError(error)) return error;
  if (!(error instanceof Error)) return new MillraceError("upstream-garbage", { cause: error });
  if (isMillraceError(error.cause)) return error.cause;
  const response = "httpResponse" in error ? asFields(error.httpResponse) : undefined;
  const context = { secret: deps.secret, trustCodes: false, nowMs: Date.now() };
  if (typeof response?.["status"] === "number") {
    const body = typeof response["body"] === "string" ? response["body"] : JSON.stringify(response["body"]);
    // A 2xx here is an error event inside a stream, or an answer of the wrong type.
    const status = response["status"] >= 400 ? response["status"] : 500;
    return classifyFailure({ status, retryAfter: observed.retryAfter, body }, context);
  }
  if (error.name === "InferenceClientInputError") {
    return new MillraceError("upstream-rejected", { message: "Hugging Face does not offer this model for this task." });
  }
  if (error.name === "TypeError") return new MillraceError("upstream-refused", { cause: error });
  return new MillraceError("upstream-garbage", { cause: error });
}
