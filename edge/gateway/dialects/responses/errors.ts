import type { MillraceError } from "@millrace/core/contract";

/** OpenAI knows few codes for what may happen to a response under way; ours and what to do are in the message. */
export function responseErrorOf(error: MillraceError): { readonly code: string; readonly message: string } {
  const code = error.status === 429 ? "rate_limit_exceeded" : "server_error";
  return { code, message: `${error.message} (${error.code})` };
}
