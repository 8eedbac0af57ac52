import { MillraceError, type NativeDialect, type ProviderKind } from "@millrace/core/contract";
import { canonicalJson } from "@millrace/core/content";
import { digestHex } from "../crypto/digest-hex.ts";
import type { NativeRequest } from "../exchange/model-call.ts";
import type { Resolution } from "../exchange/resolution.ts";
import type { PlannedTarget } from "../exchange/target.ts";
import type { JsonBody } from "../http/read-json-body.ts";
import type { Accepted } from "./dialect.ts";

type Translation = Pick<Accepted, "body" | "native" | "nativeOnly">;

/** Kinds whose providers take the caller's own words. */
const speakers: Readonly<Record<NativeDialect, readonly ProviderKind[]>> = { anthropic: ["anthropic"] };

/** Whether a target may be asked in the caller's own words. A named prompt is written in the pipeline's words only. */
function speaks(native: NativeRequest | undefined, { provider }: PlannedTarget): boolean {
  return native !== undefined && speakers[native.dialect].includes(provider.kind);
}

/** The candidates that can do what only a provider of the caller's dialect can. */
function capable(resolution: Resolution, { nativeOnly }: Translation, native: NativeRequest | undefined) {
  const [refused] = nativeOnly ?? [];
  if (refused === undefined) return resolution.candidates;
  const [first, ...rest] = resolution.candidates.filter((at: PlannedTarget) => speaks(native, at));
  if (first !== undefined) return [first, ...rest] as const;
  throw new MillraceError("unsupported-parameter", {
    param: refused,
    message: `${refused}: only a target that speaks the caller's own dialect can do this, and ${resolution.model} has none.`,
  });
}

/**
 * A resolution of the pipeline's words, with what the caller's own words add where a target hears them.
 * @throws MillraceError `unsupported-parameter` for what only a provider that speaks the dialect can do, when none does.
 */
export async function withDialect(
  resolution: Resolution,
  accepted: Translation,
  received: JsonBody,
): Promise<Resolution> {
  if (accepted.body === received) return resolution;
  const asked = resolution.prompt === undefined ? accepted.native : undefined;
  const candidates = capable(resolution, accepted, asked);
  const seen = { ...resolution, candidates, rendered: resolution.rendered ?? resolution.fields };
  const native = candidates.some((at: PlannedTarget) => speaks(asked, at)) ? asked : undefined;
  if (native === undefined) return seen;
  const { stream: _stream, ...said } = native.fields;
  const nativeHash = await digestHex(canonicalJson({ said, betas: [...native.betas] }));
  return {
    ...seen,
    nativeHash,
    exceedsFields: (accepted.nativeOnly ?? []).length > 0,
    resolvedHash: await digestHex(`${resolution.resolvedHash}\n${nativeHash}`),
    callFor: (target) => ({ ...resolution.callFor(target), native }),
  };
}
