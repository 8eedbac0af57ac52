/** A line that opens a message in a Prompty file (spec/jinja-grammar.md, section 7), which is also how people write transcripts. White space stops at the line's end: across lines the time would be quadratic. */
const roleLine = /^[^\S\r\n\u2028\u2029]*(?:system|user|assistant|developer)\s*:/im;
/** What chat templates and template engines use in band: ChatML, Llama 2 and 3, Gemma, dotprompt. */
const controlToken = /<\|[a-z0-9_]+\|>|<<\/?SYS>>|\[\/?INST\]|<(?:start|end)_of_turn>|<<<dotprompt:/i;

/** Whether text could pass for the start of a message in some model's or template's notation. */
export function holdsRoleMarker(text: string): boolean {
  return roleLine.test(text) || controlToken.test(text);
}
