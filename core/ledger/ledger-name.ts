/** FNV-1a: spreads reservations over shards; no secret, no collision matters. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/**
 * The object that keeps a reservation. Rolling windows are always kept by the root: an amount that is leased now and spent later would leave such a
 * window before it should.
 */
export function ledgerName(
  reservation: { readonly projectId: string; readonly id: string; readonly rolling: boolean },
  shards: number,
): string {
  if (shards <= 1 || reservation.rolling) return reservation.projectId;
  return `${reservation.projectId}#${hashOf(reservation.id) % shards}`;
}

/** The root of a shard; undefined for a root. */
export function ledgerRootOf(name: string): string | undefined {
  const hash = name.indexOf("#");
  return hash < 0 ? undefined : name.slice(0, hash);
}
