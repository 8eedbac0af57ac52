import type { Provider } from "@millrace/core/contract";
import type { Target } from "../exchange/target.ts";

/** The names of a provider's secrets, in the order written; one `undefined` for a provider that needs none. */
export function secretNames({ secret, secrets }: Provider): readonly (string | undefined)[] {
  return secrets ?? [secret];
}

/** What a target's health is kept under. With its address: a provider that moved starts with a clean record. */
export function targetId({ provider, model }: Target): string {
  return `${provider.name}\n${provider.base_url ?? ""}\n${model}`;
}

/** The provider and the model of such a name. */
export function targetNames(id: string): readonly [provider: string, model: string] {
  const [provider = "", , ...model] = id.split("\n");
  return [provider, model.join("\n")];
}

export function keyId(provider: Provider, secretName: string | undefined): string {
  return `${provider.name}\n${secretName ?? ""}`;
}

/** Rate limits are most often a model's own. */
export function limitId(target: Target, secretName: string | undefined): string {
  return `${keyId(target.provider, secretName)}\n${target.model}`;
}
