import { z } from "zod";
import { permissionSchema } from "../permission.ts";

export const keySummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The first characters of the key, to recognise it by. */
  hint: z.string(),
  permissions: z.array(permissionSchema),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  revoked_at: z.iso.datetime().nullable(),
});
export const keyListSchema = z.object({ data: z.array(keySummarySchema) });
export const createKeySchema = z.strictObject({
  name: z.string().min(1).max(100),
  permissions: z.array(permissionSchema).min(1),
  expires_at: z.iso.datetime().optional(),
});
/** The only answer that ever holds the key itself. */
export const createdKeySchema = keySummarySchema.extend({ key: z.string() });
