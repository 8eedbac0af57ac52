import { sha256Hex } from "@millrace/core/content";
import { createKeySchema, formatApiKey, keyHint, type keySummarySchema, MillraceError } from "@millrace/core/contract";
import type { z } from "zod";
import { findKey, insertKey, type KeyRow, listKeys, revokeKey } from "../stores/key-store.ts";
import { type Call, created, type Handlers, ok, param } from "./call.ts";

type KeySummary = z.output<typeof keySummarySchema>;

/** 256 bits: the key cannot be guessed, so its hash needs no salt. */
const SECRET_BYTES = 32;

/** Keys of the environment. */
export const keyHandlers: Handlers = {
  listKeys: async (call) => ok({ data: (await listKeys(call.tenant)).map(toSummary) }),

  createKey: async (call) => {
    const body = createKeySchema.parse(call.body);
    const missing = body.permissions.filter((permission) => !call.principal.permissions.includes(permission));
    if (missing.length > 0) {
      throw new MillraceError("permission-denied", {
        message: `A key can pass on only what it has; this one lacks ${missing.join(", ")}.`,
      });
    }
    requireFuture(body.expires_at, call.change.at);
    const key = formatApiKey(call.principal.environmentId, base64Url(call.deps.randomBytes(SECRET_BYTES)));
    const id = call.change.newId("key");
    const { environmentIds } = await insertKey(call.change, {
      id,
      name: body.name,
      hash: sha256Hex(key),
      hint: keyHint(key),
      permissions: [...new Set(body.permissions)],
      expiresAt: body.expires_at,
    });
    call.deps.publish(environmentIds);
    return created({ ...toSummary(await requireKey(call, id)), key });
  },

  revokeKey: async (call) => {
    const id = param(call, "id");
    const { environmentIds } = await revokeKey(call.change, id);
    call.deps.publish(environmentIds);
    return ok(toSummary(await requireKey(call, id)));
  },
};

/** A key that is dead from the start is a mistake in its date. @throws MillraceError `invalid-request` */
function requireFuture(expiresAt: string | undefined, at: Date): void {
  if (expiresAt === undefined || Date.parse(expiresAt) > at.getTime()) return;
  throw new MillraceError("invalid-request", {
    param: "expires_at",
    message: `expires_at: ${expiresAt} is past; a key that ended then would never work.`,
  });
}

async function requireKey(call: Call, id: string): Promise<KeyRow> {
  const row = await findKey(call.tenant, id);
  if (row === undefined)
    throw new MillraceError("unknown-resource", { message: `There is no key ${id} in this environment.` });
  return row;
}

function toSummary(row: KeyRow): KeySummary {
  return {
    id: row.id,
    name: row.name,
    hint: row.hint,
    permissions: row.permissions,
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
  };
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}
