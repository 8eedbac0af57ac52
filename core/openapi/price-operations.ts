import {
  importPricesSchema,
  importReportSchema,
  priceListSchema,
  priceQuerySchema,
  priceSchema,
  storedPriceSchema,
} from "../contract/index.ts";
import type { ApiOperation } from "./operation.ts";

/** What models cost. */
export const priceOperations: readonly ApiOperation[] = [
  {
    id: "listPrices",
    tag: "Prices",
    method: "get",
    path: "/api/v1/prices",
    summary: "List prices",
    description:
      "Rates are micro-dollars for a million units: 2500000 is $2.50 for a million tokens. A model without a price has an unknown cost, not none.",
    permission: "prices:read",
    query: priceQuerySchema,
    responses: [{ status: 200, description: "The prices, by model.", body: { schema: priceListSchema } }],
  },
  {
    id: "putPrice",
    tag: "Prices",
    method: "put",
    path: "/api/v1/prices",
    summary: "Set what a model costs",
    description:
      "Goes before every imported price. Scope, model, match and `valid_from` name the row: the same four replace it.",
    permission: "prices:write",
    request: {
      schema: priceSchema,
      example: {
        scope: { provider: "openai" },
        model: "gpt-4.1-mini",
        rates: { input: 400000, output: 1600000, cached_input: 100000 },
      },
    },
    responses: [{ status: 200, description: "The price.", body: { schema: storedPriceSchema } }],
    errors: ["unknown-resource"],
  },
  {
    id: "importPrices",
    tag: "Prices",
    method: "post",
    path: "/api/v1/prices/import",
    summary: "Import a price file",
    description:
      "Takes LiteLLM's `model_prices_and_context_window.json` and replaces what was imported before, all at once; what the project set itself stays and wins. The answer accounts for every entry that gave no price.",
    permission: "prices:write",
    request: {
      schema: importPricesSchema,
      example: {
        format: "litellm",
        prices: {
          "gpt-4.1-mini": {
            litellm_provider: "openai",
            mode: "chat",
            input_cost_per_token: 4e-7,
            output_cost_per_token: 0.0000016,
          },
        },
      },
    },
    responses: [{ status: 200, description: "What became of the entries.", body: { schema: importReportSchema } }],
    errors: ["unknown-resource"],
  },
  {
    id: "deletePrice",
    tag: "Prices",
    method: "delete",
    path: "/api/v1/prices/{id}",
    summary: "Delete a price",
    permission: "prices:write",
    responses: [{ status: 204, description: "It is gone." }],
    errors: ["unknown-resource"],
  },
];
