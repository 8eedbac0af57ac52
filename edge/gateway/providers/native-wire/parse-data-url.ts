/** The parts of a base64 `data:` URL; undefined for any other text. */
export function parseDataUrl(url: string): { readonly mediaType: string; readonly data: string } | undefined {
  const match = /^data:([^;,]+)(?:;[^;,]+)*;base64,/i.exec(url);
  const mediaType = match?.[1];
  if (match === null || mediaType === undefined) return undefined;
  return { mediaType: mediaType.toLowerCase(), data: url.slice(match[0].length) };
}
