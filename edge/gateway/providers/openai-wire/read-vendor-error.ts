import { asFields, asList, asText, type Fields } from "../../json/vendor-json.ts";

/** What a vendor said of a failure, in whatever form it says such things. */
export interface VendorError {
  readonly message: string | undefined;
  /** Its machine-readable words, the most precise first: code, inner code, type. */
  readonly codes: readonly string[];
  readonly param: string | undefined;
  /** The provider's moderation was the cause (OpenRouter says so beside the error). */
  readonly moderated: boolean;
}

/** Validation errors as FastAPI and Pydantic list them: `detail: [{loc: ["body", "seed"], msg}]`. */
function readDetail(value: unknown): { readonly message: string | undefined; readonly param: string | undefined } {
  const first = asFields(asList(value)[0]);
  const message = asText(first?.["msg"]);
  if (message === undefined) return { message: asText(value), param: undefined };
  const path = asList(first?.["loc"]).filter((part) => part !== "body");
  const param = path.length === 0 ? undefined : path.join(".");
  return { message: param === undefined ? message : `${param}: ${message}`, param };
}

/** Cloudflare's envelope: `{success: false, errors: [{code: 3036, message}]}`. Its numbers are told from other vendors' by a prefix. */
function readCloudflare(outer: Fields): VendorError | undefined {
  const first = asFields(asList(outer["errors"])[0]);
  if (first === undefined) return undefined;
  const { code } = first;
  const codes = typeof code === "number" ? [`cloudflare:${code}`] : [];
  return { message: asText(first["message"]), codes, param: undefined, moderated: false };
}

/** OpenAI's `{error: {message, code, param}}`, and the simpler forms that others send. */
export function readVendorError(body: string): VendorError {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { message: undefined, codes: [], param: undefined, moderated: false };
  }
  const outer = asFields(value) ?? {};
  const cloudflare = readCloudflare(outer);
  if (cloudflare !== undefined) return cloudflare;
  const error = asFields(outer["error"]) ?? outer;
  const detail = readDetail(error["detail"] ?? asFields(error["message"])?.["detail"] ?? error["message"]);
  const metadata = asFields(error["metadata"]);
  const codes = [error["code"], asFields(error["innererror"])?.["code"], error["type"], outer["error_type"]];
  return {
    message: asText(error["message"]) ?? asText(outer["error"]) ?? detail.message,
    codes: codes.filter((code) => typeof code === "string"),
    param: asText(error["param"]) ?? detail.param,
    moderated: metadata?.["flagged_input"] !== undefined || asList(metadata?.["reasons"]).length > 0,
  };
}
