import { MillraceError } from "../contract/index.ts";
import { isPublicIpv4, isPublicIpv6, parseIpv4, parseIpv6 } from "./ip-address.ts";

/** Names that only ever mean something inside a network. */
const PRIVATE_SUFFIXES = [".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".corp", ".onion"];

/**
 * Refuses every URL that could reach what is not public: server-side requests go where the project's authors say, and must not become a way
 * into the network that the gateway runs in. The URL parser has already brought decimal, octal, hex and short IPv4 into one form.
 * A public *name* may still resolve to a private address; only the resolver can see that, and Cloudflare's refuses it.
 * @param allowedHosts `host:port`, exactly as the operator wrote them in ALLOWED_PRIVATE_HOSTS; these may be private and may be http.
 * @returns the parsed URL. @throws MillraceError `url-not-allowed`, naming the reason and never the credentials.
 */
export function assertPublicUrl(url: string, allowedHosts: readonly string[]): URL {
  if (!URL.canParse(url)) throw refused("it is not an absolute URL");
  const parsed = new URL(url);
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:")
    throw refused(`the scheme ${parsed.protocol} is not http or https`);
  if (parsed.username !== "" || parsed.password !== "") throw refused("it holds credentials; name a secret instead");
  if (parsed.hash !== "") throw refused("it holds a fragment");
  if (isAllowed(parsed, allowedHosts)) return parsed;
  const reason = privateReason(parsed.hostname);
  if (reason !== undefined) throw refused(reason);
  if (parsed.protocol === "http:") throw refused("a public host needs https");
  return parsed;
}

function isAllowed(url: URL, allowedHosts: readonly string[]): boolean {
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  const host = `${url.hostname}:${port}`;
  return allowedHosts.some((allowed) => allowed.trim().toLowerCase() === host);
}

function privateReason(hostname: string): string | undefined {
  if (hostname.startsWith("[")) {
    const groups = parseIpv6(hostname.slice(1, -1));
    return groups !== undefined && isPublicIpv6(groups) ? undefined : `${hostname} is not a public address`;
  }
  const ipv4 = parseIpv4(hostname);
  if (ipv4 !== undefined) return isPublicIpv4(ipv4) ? undefined : `${hostname} is not a public address`;
  const name = hostname.replace(/\.+$/, "");
  if (!name.includes(".")) return `${hostname} is a name without a domain`;
  const suffix = PRIVATE_SUFFIXES.find((candidate) => name.endsWith(candidate));
  return suffix === undefined ? undefined : `names under ${suffix} are private`;
}

function refused(reason: string): MillraceError {
  return new MillraceError("url-not-allowed", { message: `The URL may not be called: ${reason}.` });
}
