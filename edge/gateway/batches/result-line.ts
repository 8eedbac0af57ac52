/** A line of an output or error file, as OpenAI writes it. */
const LINE_BREAKS = /[\r\n]+/g;

interface Named {
  readonly id: string;
  readonly customId: string;
}

/** @param body JSON text as it came. */
export function answeredLine(
  { id, customId }: Named,
  response: { readonly status: number; readonly requestId: string; readonly body: string },
): string {
  const head = JSON.stringify({ id, custom_id: customId });
  const { status, requestId } = response;
  const told = `{"status_code":${status},"request_id":${JSON.stringify(requestId)},"body":${response.body.replaceAll(LINE_BREAKS, " ")}}`;
  return `${head.slice(0, -1)},"response":${told},"error":null}`;
}

/** A line that was never asked. */
export function unaskedLine(
  { id, customId }: Named,
  error: { readonly code: string; readonly message: string },
): string {
  return JSON.stringify({
    id,
    custom_id: customId,
    response: null,
    error: { code: error.code, message: error.message },
  });
}

/** Each line's own id, the same however often it is made. */
export function lineId(batchId: string, n: number): string {
  return `batch_req_${batchId.slice(batchId.indexOf("_") + 1)}${n.toString(16).padStart(4, "0")}`;
}
