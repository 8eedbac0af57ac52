import { z } from "zod";

/** Tokens of one input; beyond most models' context. */
const MAX_INPUT_TOKENS = 131_072;

/** A text as the ids of its tokens. */
export const tokensSchema = z.array(z.int().nonnegative()).min(1).max(MAX_INPUT_TOKENS);
