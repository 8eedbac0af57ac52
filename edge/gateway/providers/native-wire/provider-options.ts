import { MillraceError } from "@millrace/core/contract";
import { asFields, type Fields } from "../../json/vendor-json.ts";

/** What the caller says to one kind of provider in its own words: `provider_options.<kind>`. */
export function providerOptions(fields: Fields, kind: string): Fields {
  const all = fields["provider_options"];
  if (all === undefined || all === null) return {};
  const own = asFields(all)?.[kind];
  if (own === undefined && asFields(all) !== undefined) return {};
  const options = asFields(own);
  if (options !== undefined) return options;
  const param = asFields(all) === undefined ? "provider_options" : `provider_options.${kind}`;
  throw new MillraceError("invalid-request", { param, message: `\`${param}\` is an object.` });
}

/** Objects are merged, anything else is replaced; what the caller says in the provider's own words wins. */
export function mergeOptions(body: Fields, options: Fields): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...body };
  for (const field in options) {
    const [below, above] = [asFields(merged[field]), asFields(options[field])];
    merged[field] = below === undefined || above === undefined ? options[field] : mergeOptions(below, above);
  }
  return merged;
}
