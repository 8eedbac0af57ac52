/** The tool that a model must call to answer in JSON where it has no output format of its own; its input is the answer. */
export const JSON_TOOL = "answer_in_json";
