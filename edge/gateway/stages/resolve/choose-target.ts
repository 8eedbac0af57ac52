import { type Bundle, MillraceError, type Surface, targetsOf } from "@millrace/core/contract";
import type { Target } from "../../exchange/target.ts";
import { providerRegistry } from "../../providers/registry.ts";

/** @throws MillraceError `unknown-model`, or `unsupported-parameter` when the model does not serve this surface. */
export function chooseTarget(bundle: Bundle, name: string, surface: Surface): Target {
  const model = Object.hasOwn(bundle.models, name) ? bundle.models[name] : undefined;
  if (model === undefined)
    throw new MillraceError("unknown-model", { param: "model", message: `There is no model ${name}.` });
  if (!model.surfaces.includes(surface)) {
    throw new MillraceError("unsupported-parameter", {
      param: "model",
      message: `The model ${name} does not serve ${surface}.`,
    });
  }
  const [first] = targetsOf(model.route);
  const provider =
    first !== undefined && Object.hasOwn(bundle.providers, first.provider)
      ? bundle.providers[first.provider]
      : undefined;
  if (first === undefined || provider === undefined) {
    throw new MillraceError("unknown-model", {
      param: "model",
      message: `The model ${name} leads to a provider that is not there.`,
    });
  }
  return { provider, model: first.model, tier: providerRegistry[provider.kind].tier };
}
