import { type Provider, type ProviderKindRow, providerKinds } from "../contract/index.ts";

/** What keeps a provider from working, and which field to correct. */
export interface ProviderFault {
  readonly param: string;
  readonly message: string;
}

type Described = Pick<Provider, "kind" | "base_url" | "settings" | "secret" | "secrets" | "inference_provider">;

function settingFault(provider: Described, row: ProviderKindRow): ProviderFault | undefined {
  const given = provider.settings ?? {};
  const unknown = Object.keys(given).find((name) => !row.settings.some((setting) => setting.name === name));
  if (unknown !== undefined) {
    const known = row.settings.map((setting) => setting.name).join(", ");
    const message = `A provider of kind ${provider.kind} has no setting ${unknown}; it has ${known === "" ? "none" : known}.`;
    return { param: `settings.${unknown}`, message };
  }
  for (const { name, required, pattern, meaning } of row.settings) {
    const value = given[name];
    if (value === undefined && required)
      return { param: `settings.${name}`, message: `A provider of kind ${provider.kind} needs ${name}: ${meaning}` };
    if (value !== undefined && !pattern.test(value))
      return { param: `settings.${name}`, message: `This is no ${name}: ${meaning}` };
  }
  return undefined;
}

/** Whether a provider has what its kind needs, and nothing that its kind does not know; undefined = all is well. */
export function findProviderFault(provider: Described): ProviderFault | undefined {
  const row = providerKinds[provider.kind];
  if (provider.base_url === undefined && row.baseUrl === "needed")
    return { param: "base_url", message: `A provider of kind ${provider.kind} needs a base_url: ${row.docs}` };
  // At another address (a proxy, a private endpoint) nobody here knows whether a key is asked for.
  const ownAddress = provider.base_url === undefined;
  if (provider.secret !== undefined && provider.secrets !== undefined)
    return { param: "secrets", message: "A provider has either `secret` or `secrets`." };
  if (row.secret === "needed" && ownAddress && provider.secret === undefined && provider.secrets === undefined)
    return { param: "secret", message: `A provider of kind ${provider.kind} needs a secret: ${row.docs}` };
  if (provider.inference_provider !== undefined && provider.kind !== "huggingface")
    return {
      param: "inference_provider",
      message: "Only a provider of kind huggingface has an inference_provider.",
    };
  return settingFault(provider, row);
}
