import { z } from "zod";
import { permissionSchema } from "../permission.ts";

export const meSchema = z.object({
  project: z.object({ id: z.string(), slug: z.string() }),
  environment: z.object({ id: z.string(), name: z.string() }),
  key: z.object({ id: z.string(), permissions: z.array(permissionSchema) }),
});
export const environmentListSchema = z.object({
  data: z.array(z.object({ id: z.string(), name: z.string(), protected_labels: z.array(z.string()) })),
});
