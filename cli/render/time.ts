/** `2026-11-22 14:03`, in the reader's time zone. */
export function renderMinute(iso: string | number): string {
  const date = new Date(iso);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `14:03:07`, in the reader's time zone. */
export function renderClock(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `84 ms` or `1.20 s`. */
export function renderDuration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
