import { MillraceError, type Surface } from "@millrace/core/contract";

/** The refusal of a surface that a kind of provider does not have. */
export function refuseSurface(surface: Surface, who: string): MillraceError {
  return new MillraceError("unsupported-parameter", {
    param: "model",
    message: `${who} does not serve ${surface} here; choose a model of another provider.`,
  });
}
