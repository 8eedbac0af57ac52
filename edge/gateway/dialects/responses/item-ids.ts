/** Ids of a response and its items hold the trace's: from an item's id its response is found, and from that the trace. */
function stemOf(traceId: string): string {
  return traceId.slice(traceId.indexOf("_") + 1);
}

export function responseIdOf(traceId: string): string {
  return `resp_${stemOf(traceId)}`;
}

export function traceIdOf(responseId: string): string {
  return `trc_${stemOf(responseId)}`;
}

const prefixes: Readonly<Record<string, string>> = {
  message: "msg",
  reasoning: "rs",
  function_call: "fc",
  function_call_output: "fco",
};

/** `part` tells the items of the input from those of the output. */
export function itemIdOf(
  traceId: string,
  type: string,
  at: { readonly part: "i" | "o"; readonly index: number },
): string {
  return `${prefixes[type] ?? "item"}_${stemOf(traceId)}${at.part}${at.index}`;
}

/** The response that an item belongs to, as far as its id tells. */
export function responseOfItem(itemId: string): string | undefined {
  const stem = /^[a-z]+_([0-9a-f]{32})[io]\d+$/.exec(itemId)?.[1];
  return stem === undefined ? undefined : `resp_${stem}`;
}
