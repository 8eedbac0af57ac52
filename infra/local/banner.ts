import type { LocalFile } from "./local-file.ts";

const bold = ["\u001b[1m", "\u001b[0m"] as const;

/** What a person needs next: where it is, the key, a line to paste, the way on. */
export function banner({ url, key, docs, runner }: LocalFile, coloured: boolean): string {
  const strong = (text: string) => (coloured ? `${bold[0]}${text}${bold[1]}` : text);
  const body = `{"model":"prompt:support-reply","stream":true,"prompt":{"variables":{"customer_name":"Ana","order_number":"1042"}},"messages":[{"role":"user","content":"my rain jacket arrived broken"}]}`;
  return [
    "",
    `  ${strong("Millrace runs.")} Ctrl-C ends it.`,
    "",
    `  URL   ${strong(url)}`,
    `  key   ${strong(key)}`,
    `  docs  ${docs}`,
    ...(runner === null ? ["  The runner is off (MILLRACE_RUNNER=off): the local model does not answer."] : []),
    "",
    "  Ask the local model through a named prompt:",
    "",
    `  curl -N ${url}/v1/chat/completions -H "authorization: Bearer ${key}" -H "content-type: application/json" -d '${body}'`,
    "",
    "  Change the prompt, watch the traces:",
    "",
    "  npx millrace prompt edit support-reply --publish",
    "  npx millrace traces tail",
    "",
    "",
  ].join("\n");
}
