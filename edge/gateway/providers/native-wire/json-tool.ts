/** The tool that a model must call to answer in JSON where it has no output format of its own; its input is the answer. */
export const JSON_TOOL = "answer_in_json";

/** What that tool is told to be for, unless the caller's schema says it. */
export const JSON_TOOL_DESCRIPTION = "The answer to the user. Call it exactly once, with the whole answer.";
