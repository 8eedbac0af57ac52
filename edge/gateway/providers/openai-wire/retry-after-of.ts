/** `1h2m3.5s`, `6m0s`, `20ms`: how OpenAI and Groq write durations. */
const DURATION = /(\d+(?:\.\d+)?)(ms|h|m|s)/g;
const unitSeconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };
/** What vendors count, and reset, apart from each other. */
const COUNTED = ["requests", "tokens"];

function durationSeconds(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  let seconds: number | undefined;
  for (const [, amount, unit] of text.matchAll(DURATION))
    seconds = (seconds ?? 0) + Number(amount) * (unitSeconds[unit ?? "s"] ?? 1);
  return seconds;
}

/**
 * When a server wants to be asked again, as the value of a `Retry-After` header: `retry-after-ms` (OpenAI, Azure) is the finer one; without either,
 * the reset of what has nothing remaining (`x-ratelimit-reset-tokens: 6m0s`).
 */
export function retryAfterOf(headers: Headers): string | undefined {
  const milliseconds = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return String(milliseconds / 1000);
  const plain = headers.get("retry-after");
  if (plain !== null) return plain;
  const waits = COUNTED.filter((what) => headers.get(`x-ratelimit-remaining-${what}`) === "0")
    .map((what) => durationSeconds(headers.get(`x-ratelimit-reset-${what}`) ?? ""))
    .filter((seconds) => seconds !== undefined);
  return waits.length === 0 ? undefined : String(Math.max(...waits));
}
