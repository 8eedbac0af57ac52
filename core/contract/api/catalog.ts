import { z } from "zod";
import { providerSchema } from "../provider.ts";
import { modelSchema } from "../route.ts";

/** PUT bodies carry no name: the path does. */
export const putModelSchema = modelSchema.omit({ name: true });
export const putProviderSchema = providerSchema.omit({ name: true });
export const modelCatalogSchema = z.object({ data: z.array(modelSchema) });
export const providerCatalogSchema = z.object({ data: z.array(providerSchema) });
