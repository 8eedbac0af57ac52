/** The three states of one prompt, each by its content hash; undefined = it is not there. */
export interface SyncState {
  /** What file and server last agreed on. */
  readonly base: string | undefined;
  readonly local: string | undefined;
  readonly remote: string | undefined;
}

/** Where one prompt stands between the folder and the server. */
export type SyncStanding =
  | "in-sync"
  | "local-new"
  | "local-changed"
  | "local-deleted"
  | "remote-new"
  | "remote-changed"
  | "remote-deleted"
  | "conflict"
  | "gone";

/** The three-way comparison. Equal content on both sides is in sync whatever the base was. */
export function decideSync({ base, local, remote }: SyncState): SyncStanding {
  if (local === remote) return local === undefined ? "gone" : "in-sync";
  if (base === undefined) {
    if (remote === undefined) return "local-new";
    return local === undefined ? "remote-new" : "conflict";
  }
  if (local === undefined) return remote === base ? "local-deleted" : "conflict";
  if (remote === undefined) return local === base ? "remote-deleted" : "conflict";
  if (local === base) return "remote-changed";
  return remote === base ? "local-changed" : "conflict";
}
