import { type Provider, providerKinds } from "@millrace/core/contract";

/** Parsed once for each provider of a bundle. */
const addresses = new WeakMap<Provider, string>();
const UNKNOWN = "";

function hostOf({ base_url: baseUrl, kind, settings = {} }: Provider): string {
  const template = baseUrl ?? providerKinds[kind].defaultBaseUrl;
  if (template === undefined) return UNKNOWN;
  return (
    URL.parse(template.replaceAll(/\{(\w+)\}/g, (_match, name: string) => settings[name] ?? ""))?.hostname ?? UNKNOWN
  );
}

/** The host that calls to a provider go to, without what else an address may hold; undefined where only its adapter knows. */
export function serverAddress(provider: Provider): string | undefined {
  let address = addresses.get(provider);
  if (address === undefined) {
    address = hostOf(provider);
    addresses.set(provider, address);
  }
  return address === UNKNOWN ? undefined : address;
}
