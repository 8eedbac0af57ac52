const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
const LOOPBACK_ADDRESSES: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** Headers that only a proxy or a tunnel sets: behind one, the caller may be anybody even when `host` says localhost. */
const PROXY_HEADERS = ["forwarded", "x-forwarded-for", "x-forwarded-host"] as const;

/**
 * Whether a request came from a browser on this very machine, as far as its headers can tell. The `host` must be a loopback name:
 * a page that reached us by DNS rebinding carries its own name there.
 */
export function isLoopbackRequest(request: Request): boolean {
  const { headers } = request;
  if (PROXY_HEADERS.some((name) => headers.has(name))) return false;
  const address = headers.get("cf-connecting-ip");
  if (address !== null && !LOOPBACK_ADDRESSES.has(address)) return false;
  const host = headers.get("host") ?? new URL(request.url).host;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return LOOPBACK_HOSTS.has(name) || name.endsWith(".localhost");
}
