import { type Provider, providerKinds } from "../contract/index.ts";

/** Where a provider's paths begin, without a slash at the end: its own `base_url`, else its kind's with the settings filled in; undefined where there is neither. */
export function baseUrlOf(provider: Pick<Provider, "kind" | "base_url" | "settings">): string | undefined {
  const given = provider.base_url ?? providerKinds[provider.kind].defaultBaseUrl;
  if (given === undefined) return undefined;
  const trimmed = given.endsWith("/") ? given.slice(0, -1) : given;
  if (provider.base_url !== undefined) return trimmed;
  return trimmed.replace(/\{([a-z_]+)\}/g, (_all, name: string) => encodeURIComponent(provider.settings?.[name] ?? ""));
}
