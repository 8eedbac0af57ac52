import { MillraceError, type NativeDialect, type ProviderKind } from "@millrace/core/contract";
import { digestHex } from "../crypto/digest-hex.ts";
import type { Resolution } from "../exchange/resolution.ts";
import type { PlannedTarget } from "../exchange/target.ts";
import type { JsonBody } from "../http/read-json-body.ts";
import type { Accepted } from "./dialect.ts";

type Translation = Pick<Accepted, "body" | "native" | "nativeOnly">;

/** Kinds whose providers take the caller's own words. */
const speakers: Readonly<Record<NativeDialect, readonly ProviderKind[]>> = { anthropic: ["anthropic"] };

/** The candidates that can do what only a provider of the caller's dialect can. */
function capable(resolution: Resolution, accepted: Translation): Resolution["candidates"] {
  const [refused] = accepted.nativeOnly ?? [];
  if (refused === undefined) return resolution.candidates;
  const dialect = resolution.prompt === undefined ? accepted.native?.dialect : undefined;
  const kinds = dialect === undefined ? [] : speakers[dialect];
  const [first, ...rest] = resolution.candidates.filter((at: PlannedTarget) => kinds.includes(at.provider.kind));
  if (first !== undefined) return [first, ...rest];
  throw new MillraceError("unsupported-parameter", {
    param: refused,
    message: `${refused}: only a target that speaks the caller's own dialect can do this, and ${resolution.model} has none.`,
  });
}

/**
 * A resolution of the pipeline's words, with what the caller's own words add. A named prompt is written in the pipeline's words only.
 * @throws MillraceError `unsupported-parameter` for what only a provider that speaks the dialect can do, when none does.
 */
export async function withDialect(
  resolution: Resolution,
  accepted: Translation,
  received: JsonBody,
): Promise<Resolution> {
  if (accepted.body === received) return resolution;
  const seen = {
    ...resolution,
    candidates: capable(resolution, accepted),
    rendered: resolution.rendered ?? resolution.fields,
  };
  const { native } = accepted;
  if (native === undefined || resolution.prompt !== undefined) return seen;
  return {
    ...seen,
    resolvedHash: await digestHex(`${resolution.resolvedHash}\n${JSON.stringify(native)}`),
    callFor: (target) => ({ ...resolution.callFor(target), native }),
  };
}
