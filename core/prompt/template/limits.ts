/** One rendered template, in UTF-16 code units: half of the largest request body, so that a rendered request is one that could have been sent. */
export const MAX_RENDERED_CHARS = 4 * 1024 * 1024;
/** Work of one render: a node visited, an item of a loop, or a thousand characters handled. Some tens of milliseconds on a Worker. */
export const MAX_RENDER_STEPS = 500_000;
/** Characters whose handling counts as one step. */
export const CHARS_PER_STEP = 1024;
/** Blocks within blocks, parentheses within parentheses: beyond any template that a person wrote, far below the stack. */
export const MAX_TEMPLATE_NESTING = 100;
