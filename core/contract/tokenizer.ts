import { z } from "zod";

/** Published vocabularies that a text can be counted with. */
export const tokenizerSchema = z.enum(["o200k_base", "cl100k_base"]);
export type Tokenizer = z.infer<typeof tokenizerSchema>;
