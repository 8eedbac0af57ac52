const routes: ReadonlyMap<string, string> = new Map([
  ["/", "pages"],
  ["/docs", "pages"],
  ["/openapi.json", "pages"],
  ["/healthz", "health"],
  ["/readyz", "health"],
  ["/metrics", "metrics"],
  ["/v1/chat/completions", "chat"],
  ["/v1/completions", "completions"],
  ["/v1/embeddings", "embeddings"],
  ["/v1/moderations", "moderations"],
  ["/v1/models", "models"],
  ["/v1/messages", "messages"],
  ["/v1/messages/count_tokens", "count-tokens"],
  ["/v1/images/generations", "image-generations"],
  ["/v1/images/edits", "image-edits"],
  ["/v1/images/variations", "image-variations"],
  ["/v1/audio/speech", "speech"],
  ["/v1/audio/transcriptions", "transcriptions"],
  ["/v1/audio/translations", "translations"],
]);

const families = [
  ["/api/v1/", "control"],
  ["/v1/responses", "responses"],
  ["/v1/models/", "models"],
  ["/v1/files", "files"],
  ["/v1/batches", "batches"],
] as const;

/** Behind `https://` at the earliest. */
const HOST_STARTS = 8;

/** The name under which requests of this URL are counted: one of a fixed list, whatever callers ask for. */
export function routeOf(url: string): string {
  const start = url.indexOf("/", HOST_STARTS);
  const query = url.indexOf("?", start);
  const path = url.slice(start, query === -1 ? undefined : query);
  const exact = routes.get(path);
  if (exact !== undefined) return exact;
  return families.find(([prefix]) => path.startsWith(prefix))?.[1] ?? "other";
}
