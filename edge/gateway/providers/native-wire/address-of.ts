import { MillraceError, type Provider } from "@millrace/core/contract";
import { baseUrlOf } from "@millrace/core/provider";

/** Where a provider's paths begin. @throws MillraceError `upstream-rejected` when neither the provider nor its kind says. */
export function addressOf(provider: Provider): string {
  const address = baseUrlOf(provider);
  if (address !== undefined) return address;
  throw new MillraceError("upstream-rejected", { message: `The provider ${provider.name} has no base_url.` });
}
