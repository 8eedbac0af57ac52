import { type Bundle, type Model, targetsOf } from "@millrace/core/contract";
import { canonicalJson, sha256Hex } from "@millrace/core/content";

/** A bundle never changes, so what was hashed of it stays right for as long as it is held. */
const hashesOf = new WeakMap<Bundle, Map<string, string>>();

/** SHA-256 of a model's route and of where its targets are: whatever changes who may answer changes it. */
export function routeHash(bundle: Bundle, model: Model): string {
  const known = hashesOf.get(bundle) ?? new Map<string, string>();
  hashesOf.set(bundle, known);
  const before = known.get(model.name);
  if (before !== undefined) return before;
  const names = new Set(targetsOf(model.route).map(({ provider }) => provider));
  const places = [...names].map((name) => {
    const provider = Object.hasOwn(bundle.providers, name) ? bundle.providers[name] : undefined;
    return [name, provider?.kind ?? null, provider?.base_url ?? null, provider?.settings ?? null];
  });
  const hash = sha256Hex(canonicalJson({ model: model.name, route: model.route, places }));
  known.set(model.name, hash);
  return hash;
}
