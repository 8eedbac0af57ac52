/**
 * The tables of a ledger. Amounts are integers: requests, tokens, micro-dollars (r, t, u).
 *   account   one for each budget, subject and window; a budget whose window is changed begins anew
 *   bucket    one slot of an account's window: what is spent and what is held. The side "by account" of the book
 *   reservation  what is held, or assumed to be taken, of what one gateway asked for; `t`, `u` NULL = unbounded, under entries that only tell.
 *             `closed` = nothing more is taken from it, it waits for its last exchanges
 *   exchange  one that is settled: what it took
 *   line      which buckets a reservation or an exchange is booked in. With both of them the side "by exchange" of the book
 *   posted    how far each outbox's settlements have been taken
 *   set_aside settlements of outboxes that the book could not take, as they came, for a person to look at
 *   archive   what left either side when it was compacted, by budget
 *   lease     what a shard may spend of a bucket, as the root knows it
 *   grant_of  the same, as the shard knows it; `used_ms` 0 = idle, and the root has what was not used
 *   news      which grants have spent, or let go of, something that the root has not been told; `version` counts what came since
 *   alert     thresholds that were reached, until they are told and their window is over
 * `lines` of a bucket counts what still refers to it: a bucket is kept while that is not 0.
 */
export const LEDGER_SCHEMA = `
create table if not exists account (
  id integer primary key, budget text not null, subject text not null, window text not null, unique (budget, subject, window));
create table if not exists bucket (
  account integer not null, slot integer not null, expires_ms integer not null,
  spent_r integer not null default 0, spent_t integer not null default 0, spent_u integer not null default 0,
  held_r integer not null default 0, held_t integer not null default 0, held_u integer not null default 0,
  unknown_t integer not null default 0, unknown_u integer not null default 0, lines integer not null default 0,
  primary key (account, slot)) without rowid;
create index if not exists bucket_expiry on bucket (expires_ms);
create table if not exists reservation (
  id text primary key, state text not null check (state in ('held', 'assumed')), closed integer not null default 0, spare integer not null default 0,
  r integer not null, t integer, u integer, due_ms integer not null) without rowid;
create index if not exists reservation_due on reservation (due_ms);
create table if not exists exchange (id text primary key, r integer not null, t integer not null, u integer not null, due_ms integer not null) without rowid;
create index if not exists exchange_due on exchange (due_ms);
create table if not exists line (
  owner text not null, account integer not null, slot integer not null, primary key (owner, account, slot)) without rowid;
create table if not exists posted (outbox text primary key, seq integer not null) without rowid;
create table if not exists set_aside (
  outbox text not null, seq integer not null, body text not null, error text not null, at_ms integer not null, primary key (outbox, seq)) without rowid;
create table if not exists archive (
  side text not null check (side in ('account', 'exchange')), budget text not null,
  r integer not null, t integer not null, u integer not null, primary key (side, budget)) without rowid;
create table if not exists lease (
  shard text not null, account integer not null, slot integer not null,
  granted_r integer not null default 0, granted_t integer not null default 0, granted_u integer not null default 0,
  spent_r integer not null default 0, spent_t integer not null default 0, spent_u integer not null default 0,
  unknown_t integer not null default 0, unknown_u integer not null default 0,
  primary key (shard, account, slot)) without rowid;
create table if not exists shard_turn (shard text primary key, turn integer not null) without rowid;
create table if not exists grant_of (
  account integer not null, slot integer not null, entry text not null,
  r integer not null default 0, t integer not null default 0, u integer not null default 0,
  used_ms integer not null, primary key (account, slot)) without rowid;
create index if not exists grant_use on grant_of (used_ms);
create table if not exists news (
  account integer not null, slot integer not null, version integer not null, primary key (account, slot)) without rowid;
create trigger if not exists bucket_news after update on bucket
  when (new.held_r < old.held_r or (new.spent_r, new.spent_t, new.spent_u, new.unknown_t, new.unknown_u)
      is not (old.spent_r, old.spent_t, old.spent_u, old.unknown_t, old.unknown_u))
    and exists (select 1 from grant_of where account = new.account and slot = new.slot)
  begin
    insert into news (account, slot, version) values (new.account, new.slot, 1) on conflict (account, slot) do update set version = version + 1;
  end;
create table if not exists alert (
  id text primary key, account integer not null, slot integer not null, fraction real not null, body text not null,
  url text not null, secret text, attempts integer not null default 0, due_ms integer, expires_ms integer not null,
  unique (account, slot, fraction)) without rowid;
create table if not exists meta (name text primary key, value text not null) without rowid;
`;

export interface BucketRow extends Record<string, SqlStorageValue> {
  readonly slot: number;
  readonly expires_ms: number;
  readonly spent_r: number;
  readonly spent_t: number;
  readonly spent_u: number;
  readonly held_r: number;
  readonly held_t: number;
  readonly held_u: number;
}

export interface ReservationRow extends Record<string, SqlStorageValue> {
  readonly state: "held" | "assumed";
  readonly closed: number;
  readonly spare: number;
  readonly r: number;
  readonly t: number | null;
  readonly u: number | null;
}
