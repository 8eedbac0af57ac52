import {
  labelHistorySchema,
  labelListSchema,
  labelStateSchema,
  rollbackSchema,
  setLabelSchema,
} from "../contract/index.ts";
import { labelMoveExample } from "./examples.ts";
import type { ApiOperation, OperationResponse } from "./operation.ts";

const moved: readonly OperationResponse[] = [
  { status: 200, description: "Where the label points now.", body: { schema: labelStateSchema } },
];

/** Labels of a prompt in the key's environment. */
export const labelOperations: readonly ApiOperation[] = [
  {
    id: "listLabels",
    tag: "Labels",
    method: "get",
    path: "/api/v1/prompts/{name}/labels",
    summary: "List labels",
    permission: "prompts:read",
    responses: [{ status: 200, description: "The labels, removed ones included.", body: { schema: labelListSchema } }],
    errors: ["unknown-prompt"],
  },
  {
    id: "setLabel",
    tag: "Labels",
    method: "put",
    path: "/api/v1/prompts/{name}/labels/{label}",
    summary: "Point a label at a version",
    description:
      "Creates the label or moves it, and records who moved it and why. With `expected_version` the move happens only when the label still points there. " +
      "A protected label needs the permission `labels:protected`. GET /api/v1/bundle tells when the move is live.",
    permission: "labels:write",
    request: { schema: setLabelSchema, example: { version: 3, reason: "friendlier tone" } },
    responses: moved,
    errors: ["unknown-prompt", "unknown-version", "protected-label", "version-conflict"],
  },
  {
    id: "removeLabel",
    tag: "Labels",
    method: "delete",
    path: "/api/v1/prompts/{name}/labels/{label}",
    summary: "Remove a label",
    description:
      "A call of a removed label is answered with `label-removed` (410) until it is set again. Its history stays.",
    permission: "labels:write",
    responses: moved,
    errors: ["unknown-prompt", "unknown-label", "protected-label"],
  },
  {
    id: "listLabelMoves",
    tag: "Labels",
    method: "get",
    path: "/api/v1/prompts/{name}/labels/{label}/history",
    summary: "Read a label's history, newest first",
    permission: "prompts:read",
    responses: [
      {
        status: 200,
        description: "Every move, with who and why.",
        body: { schema: labelHistorySchema, example: { data: [labelMoveExample] } },
      },
    ],
    errors: ["unknown-prompt", "unknown-label"],
  },
  {
    id: "rollbackLabel",
    tag: "Labels",
    method: "post",
    path: "/api/v1/prompts/{name}/labels/{label}/rollback",
    summary: "Roll a label back",
    description:
      "One append to the label's history: to the version that the label had before its last move, or to `to_version`.",
    permission: "labels:write",
    request: { schema: rollbackSchema, example: { reason: "tone complaints" } },
    responses: moved,
    errors: ["unknown-prompt", "unknown-label", "unknown-version", "protected-label"],
  },
];
