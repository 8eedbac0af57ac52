import { type Bundle, MillraceError, type Model, type Surface } from "@millrace/core/contract";

/** @throws MillraceError `unknown-model`, or `surface-not-served` when the model does not serve this surface. */
export function findModel(bundle: Bundle, name: string, surface: Surface): Model {
  const model = Object.hasOwn(bundle.models, name) ? bundle.models[name] : undefined;
  if (model === undefined)
    throw new MillraceError("unknown-model", { param: "model", message: `There is no model ${name}.` });
  if (!model.surfaces.includes(surface)) {
    throw new MillraceError("surface-not-served", {
      param: "model",
      message: `The model ${name} does not serve ${surface}.`,
    });
  }
  return model;
}
