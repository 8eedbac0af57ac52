import {
  modelCatalogSchema,
  modelSchema,
  providerCatalogSchema,
  providerSchema,
  putModelSchema,
  putProviderSchema,
} from "../contract/index.ts";
import { describeKinds } from "../provider/index.ts";
import type { ApiOperation } from "./operation.ts";

/** Models and providers of the project. */
export const catalogOperations: readonly ApiOperation[] = [
  {
    id: "listModels",
    tag: "Models",
    method: "get",
    path: "/api/v1/models",
    summary: "List models and their routes",
    permission: "models:read",
    responses: [{ status: 200, description: "The models.", body: { schema: modelCatalogSchema } }],
  },
  {
    id: "putModel",
    tag: "Models",
    method: "put",
    path: "/api/v1/models/{name}",
    summary: "Create or replace a model",
    permission: "models:write",
    request: {
      schema: putModelSchema,
      example: {
        route: { kind: "target", provider: "openai", model: "gpt-4.1-mini" },
        surfaces: ["chat"],
        context_tokens: 128000,
      },
    },
    responses: [{ status: 200, description: "The model.", body: { schema: modelSchema } }],
    errors: ["unknown-resource"],
  },
  {
    id: "deleteModel",
    tag: "Models",
    method: "delete",
    path: "/api/v1/models/{name}",
    summary: "Delete a model",
    permission: "models:write",
    responses: [{ status: 204, description: "It is gone." }],
    errors: ["unknown-resource", "in-use"],
  },
  {
    id: "listProviders",
    tag: "Models",
    method: "get",
    path: "/api/v1/providers",
    summary: "List providers",
    permission: "models:read",
    responses: [{ status: 200, description: "The providers.", body: { schema: providerCatalogSchema } }],
  },
  {
    id: "putProvider",
    tag: "Models",
    method: "put",
    path: "/api/v1/providers/{name}",
    summary: "Create or replace a provider",
    description: `\`secret\` is the *name* of a secret in the gateway's environment; its value is never stored or sent. Private addresses are refused unless the operator allows the host by name. ${describeKinds()}`,
    permission: "models:write",
    request: {
      schema: putProviderSchema,
      example: { kind: "openai", secret: "OPENAI_API_KEY" },
    },
    responses: [{ status: 200, description: "The provider.", body: { schema: providerSchema } }],
    errors: ["url-not-allowed"],
  },
  {
    id: "deleteProvider",
    tag: "Models",
    method: "delete",
    path: "/api/v1/providers/{name}",
    summary: "Delete a provider",
    permission: "models:write",
    responses: [{ status: 204, description: "It is gone." }],
    errors: ["unknown-resource", "in-use"],
  },
];
