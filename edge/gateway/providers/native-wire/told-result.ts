import { isMillraceError } from "@millrace/core/contract";
import type { BatchResult } from "../batch-api.ts";

/** A result of a batch that is translated: what its translation throws is what the request came to. */
export function toldResult(n: number, read: () => BatchResult["told"] | undefined): BatchResult | undefined {
  try {
    const told = read();
    return told && { n, told };
  } catch (error) {
    if (isMillraceError(error)) return { n, told: { kind: "error", error } };
    throw error;
  }
}
