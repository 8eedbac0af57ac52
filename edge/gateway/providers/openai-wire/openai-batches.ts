import { baseUrlOf } from "@millrace/core/provider";
import type { BatchDialect } from "../provider.ts";
import { jsonBodyOf } from "./call-openai.ts";
import type { OpenAiDialect } from "./openai-dialect.ts";
import { withoutNativeFields } from "./without-native-fields.ts";

/** The batch API of a kind that has OpenAI's. */
export function openAiBatches(dialect: OpenAiDialect): BatchDialect {
  return {
    url(provider, path) {
      const base = baseUrlOf(provider);
      const own = base === undefined || dialect.batchBase === undefined ? base : dialect.batchBase(provider, base);
      return own === undefined ? undefined : own + path;
    },
    headers: ({ settings }, secret) => ({
      ...(secret === undefined ? {} : (dialect.authorize?.(secret) ?? { authorization: `Bearer ${secret}` })),
      ...(settings === undefined ? {} : dialect.headers?.(settings)),
    }),
    bodyOf: (call) => jsonBodyOf(withoutNativeFields(call), dialect),
  };
}
