import { createdKeySchema, createKeySchema, keyListSchema, keySummarySchema } from "../contract/index.ts";
import type { ApiOperation } from "./operation.ts";

/** Keys of the environment. */
export const keyOperations: readonly ApiOperation[] = [
  {
    id: "listKeys",
    tag: "Keys",
    method: "get",
    path: "/api/v1/keys",
    summary: "List keys",
    permission: "keys:read",
    responses: [
      { status: 200, description: "The keys, without the keys themselves.", body: { schema: keyListSchema } },
    ],
  },
  {
    id: "createKey",
    tag: "Keys",
    method: "post",
    path: "/api/v1/keys",
    summary: "Create a key",
    description:
      "The answer is the only one that ever holds the key. A key can pass on only permissions that it has itself.",
    permission: "keys:write",
    request: { schema: createKeySchema, example: { name: "web shop", permissions: ["inference"] } },
    responses: [{ status: 201, description: "The key.", body: { schema: createdKeySchema } }],
  },
  {
    id: "revokeKey",
    tag: "Keys",
    method: "delete",
    path: "/api/v1/keys/{id}",
    summary: "Revoke a key",
    description: "It stops working everywhere within 5 seconds, and cannot come back.",
    permission: "keys:write",
    responses: [{ status: 200, description: "The key, revoked.", body: { schema: keySummarySchema } }],
    errors: ["unknown-resource"],
  },
];
