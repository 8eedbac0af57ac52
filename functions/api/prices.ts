import {
  importPricesSchema,
  MillraceError,
  priceQuerySchema,
  priceSchema,
  type priceListSchema,
  storedPriceSchema,
} from "@millrace/core/contract";
import { convertLitellm } from "@millrace/core/pricing";
import type { z } from "zod";
import { listProviders } from "../stores/catalog-store.ts";
import { deletePrice, listPrices, putPrice, replaceImported } from "../stores/price-store.ts";
import { type Call, type Handlers, ok, param } from "./call.ts";

/** What models cost: imported tables, and what the project itself says. */
export const priceHandlers: Handlers = {
  listPrices: async (call) => {
    const { data, next } = await listPrices(call.tenant, priceQuerySchema.parse(call.query));
    return ok({ data: [...data], next } satisfies z.output<typeof priceListSchema>);
  },

  putPrice: async (call) => {
    const price = priceSchema.parse(call.body);
    if ("provider" in price.scope) await requireProviders(call, [price.scope.provider]);
    const { rows, environmentIds } = await putPrice(call.change, price);
    call.deps.publish(environmentIds);
    const updatedAt = call.change.at.toISOString();
    return ok(storedPriceSchema.parse({ id: rows[0]?.id, origin: "override", price, updated_at: updatedAt }));
  },

  importPrices: async (call) => {
    const { prices: file, providers } = importPricesSchema.parse(call.body);
    await requireProviders(call, Object.values(providers));
    const { prices, report } = convertLitellm(file, { providers });
    const { imported, skipped } = report;
    const { environmentIds } = await replaceImported(call.change, prices, { imported, skipped: skipped.length });
    call.deps.publish(environmentIds);
    return ok(report);
  },

  deletePrice: async (call) => {
    const id = param(call, "id");
    const { rows, environmentIds } = await deletePrice(call.change, id);
    if (rows.length === 0) throw new MillraceError("unknown-resource", { message: `There is no price ${id}.` });
    call.deps.publish(environmentIds);
    return { status: 204 };
  },
};

/** A price for a provider that is not there would never be used, and nobody would notice. */
async function requireProviders(call: Call, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const known = new Set((await listProviders(call.tenant)).map((provider) => provider.name));
  const missing = names.filter((name) => !known.has(name));
  if (missing.length > 0)
    throw new MillraceError("unknown-resource", { message: `There is no provider ${missing.join(", ")}.` });
}
