/**
 * UTF-8 bytes that are taken for one token. English text has four to a token and source code about three; Chinese, Japanese and
 * Korean characters are three bytes and one to two tokens.
 */
const BYTES_PER_TOKEN = 3;

/**
 * An estimate of the tokens of a text, without any model's tokenizer: it errs high for European languages and code, so that a
 * budget is rarely exceeded. Not for billing.
 */
export function estimateTokens(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    // A surrogate is half of a four-byte character.
    if (code >= 0x80) bytes += code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}
