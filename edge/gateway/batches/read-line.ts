import { type BatchEndpoint, type BatchError, isMillraceError, type JsonObject } from "@millrace/core/contract";
import { checkRequest } from "../dialects/responses/request.ts";
import { asFields, asText } from "../json/vendor-json.ts";
import { validateBody } from "../stages/resolve/validate-body.ts";

/** OpenAI names none; an id longer than this is no name. */
const MAX_CUSTOM_ID_CHARS = 512;

export interface BatchLine {
  readonly customId: string;
  readonly model: string;
  readonly body: JsonObject;
}

export type LineVerdict =
  | { readonly ok: true; readonly line: BatchLine }
  | { readonly ok: false; readonly error: Omit<BatchError, "line"> };

function fault(code: string, message: string, param: string | null = null): LineVerdict {
  return { ok: false, error: { code, message, param } };
}

const validators: Readonly<Record<BatchEndpoint, (body: JsonObject) => void>> = {
  "/v1/chat/completions": (body) => void validateBody("chat", body),
  "/v1/completions": (body) => void validateBody("completions", body),
  "/v1/embeddings": (body) => void validateBody("embeddings", body),
  "/v1/responses": (body) => void checkRequest(body),
};

function bodyFault(endpoint: BatchEndpoint, body: JsonObject): LineVerdict | undefined {
  if (body["stream"] === true) return fault("invalid_request", "body.stream: a batch does not stream.", "body.stream");
  try {
    validators[endpoint](body);
    return undefined;
  } catch (cause) {
    if (!isMillraceError(cause)) throw cause;
    return fault(
      "invalid_request",
      `body.${cause.message}`,
      cause.param === undefined ? "body" : `body.${cause.param}`,
    );
  }
}

/** One line of an input file: a request of the batch's endpoint under a name of its own, or what is wrong with it. */
export function readLine(text: string, endpoint: BatchEndpoint): LineVerdict {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fault("invalid_json_line", "This line is not parseable as valid JSON.");
  }
  const fields = asFields(value);
  if (fields === undefined) return fault("invalid_json_line", "This line is not a JSON object.");
  const customId = asText(fields["custom_id"]);
  if (customId === undefined || customId === "" || customId.length > MAX_CUSTOM_ID_CHARS)
    return fault(
      "missing_required_parameter",
      `custom_id: expected 1 to ${MAX_CUSTOM_ID_CHARS} characters.`,
      "custom_id",
    );
  if (fields["method"] !== "POST") return fault("invalid_method", "method: expected `POST`.", "method");
  if (fields["url"] !== endpoint)
    return fault("invalid_url", `url: expected \`${endpoint}\`, as the batch says.`, "url");
  const body = asFields(fields["body"]) as JsonObject | undefined;
  if (body === undefined) return fault("invalid_request", "body: expected an object.", "body");
  const model = asText(body["model"]);
  if (model === undefined || model === "")
    return fault("invalid_request", "body.model: expected a name.", "body.model");
  return bodyFault(endpoint, body) ?? { ok: true, line: { customId, model, body } };
}
