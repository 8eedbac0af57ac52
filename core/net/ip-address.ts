/** Blocks of IPv4 that are not globally reachable: [first address, prefix length] (IANA special-purpose registry, RFC 6890 and successors). */
const PRIVATE_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Parts of 2000::/3, the only globally routed block, that are still not public or that carry another address inside. */
const PRIVATE_IPV6: readonly (readonly [readonly number[], number])[] = [
  [[0x2001, 0x0000], 23],
  [[0x2001, 0x0db8], 32],
  [[0x2002], 16],
  [[0x3fff], 20],
];

/** Four bytes of a canonical dotted quad, or undefined for anything else. */
export function parseIpv4(text: string): number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const bytes = match?.slice(1).map(Number);
  return bytes?.every((byte) => byte <= 255) ? bytes : undefined;
}

/** Eight 16-bit groups of an address as the URL parser writes it (lower case, `::`), or undefined for anything else. */
export function parseIpv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...tail];
  return groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}

export function isPublicIpv4(bytes: readonly number[]): boolean {
  return !PRIVATE_IPV4.some(([first, length]) =>
    samePrefix({ left: bytes, right: first.split(".").map(Number), length, width: 8 }),
  );
}

/** Mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96), unique-local, link-local and multicast addresses all lie outside 2000::/3. */
export function isPublicIpv6(groups: readonly number[]): boolean {
  const global = ((groups[0] ?? 0) & 0xe000) === 0x2000;
  return (
    global && !PRIVATE_IPV6.some(([first, length]) => samePrefix({ left: groups, right: first, length, width: 16 }))
  );
}

interface PrefixComparison {
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** Bits that must agree. */
  readonly length: number;
  /** Bits of one element. */
  readonly width: number;
}

function samePrefix({ left, right, length, width }: PrefixComparison): boolean {
  for (let element = 0; element * width < length; element++) {
    const ignored = Math.max(0, (element + 1) * width - length);
    if ((left[element] ?? 0) >> ignored !== (right[element] ?? 0) >> ignored) return false;
  }
  return true;
}
