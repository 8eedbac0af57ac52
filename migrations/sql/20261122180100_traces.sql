-- Purpose: the record of each exchange, its bodies and spans, and the messages that could not be stored.
-- Partitions: by day (UTC) of started_at, made ahead of time by ensure_trace_partitions(); a default partition takes what has none, so that
--   no trace is refused. trace_bodies and spans have no foreign key to traces: old days are dropped a partition at a time, and all three are
--   written in one statement. The project_id in their primary keys is what every read goes by.
-- Units: *_us = microseconds, *_ms = milliseconds since the epoch, *_tokens = tokens of the model that answered.
-- NULL: unknown, or did not apply; never zero. trace_bodies: request, rendered, response = there was none, or all lie in R2 under bodies_key;
--   bodies_key = the bodies are here. spans.parent_id = the root. dead_letters.project_id = the message does not say whose it is;
--   dead_letters.replayed_at = not replayed yet.

CREATE TABLE traces (
  project_id text NOT NULL,
  id text NOT NULL,
  started_at timestamptz NOT NULL,
  environment_id text NOT NULL,
  key_id text NOT NULL,
  surface text NOT NULL,
  duration_us bigint NOT NULL CHECK (duration_us >= 0),
  first_token_us bigint CHECK (first_token_us >= 0),
  status text NOT NULL,
  http_status integer NOT NULL,
  error_code text,
  streamed boolean NOT NULL,
  requested text NOT NULL,
  model text,
  provider text,
  tier text,
  prompt_name text,
  prompt_version integer,
  prompt_hash text,
  prompt_label text,
  prompt_reason text,
  resolved_hash text,
  bundle_epoch integer NOT NULL,
  bundle_hash text NOT NULL,
  bundle_stale boolean NOT NULL,
  cache text NOT NULL,
  input_tokens bigint,
  output_tokens bigint,
  cached_input_tokens bigint,
  reasoning_tokens bigint,
  usage_source text,
  finish_reasons text[] NOT NULL,
  end_user text,
  metadata jsonb NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, id, started_at),
  FOREIGN KEY (project_id, environment_id) REFERENCES environments (project_id, id),
  FOREIGN KEY (project_id, key_id) REFERENCES keys (project_id, id)
) PARTITION BY RANGE (started_at);
--> statement-breakpoint
CREATE INDEX traces_by_time ON traces (project_id, environment_id, started_at DESC, id DESC);
--> statement-breakpoint
CREATE INDEX traces_by_arrival ON traces (project_id, environment_id, received_at, id);
--> statement-breakpoint
CREATE TABLE trace_bodies (
  project_id text NOT NULL,
  trace_id text NOT NULL,
  started_at timestamptz NOT NULL,
  request json,
  rendered json,
  response json,
  bodies_key text,
  PRIMARY KEY (project_id, trace_id, started_at)
) PARTITION BY RANGE (started_at);
--> statement-breakpoint
CREATE TABLE spans (
  project_id text NOT NULL,
  trace_id text NOT NULL,
  started_at timestamptz NOT NULL,
  id text NOT NULL,
  parent_id text,
  name text NOT NULL,
  span_started_at_ms double precision NOT NULL,
  duration_us bigint NOT NULL CHECK (duration_us >= 0),
  attributes json NOT NULL,
  PRIMARY KEY (project_id, trace_id, started_at, id)
) PARTITION BY RANGE (started_at);
--> statement-breakpoint
CREATE TABLE traces_default PARTITION OF traces DEFAULT;
--> statement-breakpoint
CREATE TABLE trace_bodies_default PARTITION OF trace_bodies DEFAULT;
--> statement-breakpoint
CREATE TABLE spans_default PARTITION OF spans DEFAULT;
--> statement-breakpoint
-- Makes the daily partitions of [from_day, from_day + days) that are missing and returns how many it made. Rows of those days that the
-- default partition had taken move into their own. The lock lets two callers wait for each other instead of failing.
CREATE FUNCTION ensure_trace_partitions(from_day date, days integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  day date;
  child text;
  lower_bound timestamptz;
  upper_bound timestamptz;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('millrace.ensure_trace_partitions'));
  FOR step IN 0 .. days - 1 LOOP
    day := from_day + step;
    lower_bound := day::timestamp AT TIME ZONE 'UTC';
    upper_bound := (day + 1)::timestamp AT TIME ZONE 'UTC';
    FOREACH parent IN ARRAY ARRAY['traces', 'trace_bodies', 'spans'] LOOP
      child := parent || '_' || to_char(day, 'YYYYMMDD');
      CONTINUE WHEN to_regclass(child) IS NOT NULL;
      EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent || '_default');
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
      EXECUTE format(
        'WITH moved AS (DELETE FROM %I WHERE started_at >= %L AND started_at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
        parent || '_default', lower_bound, upper_bound, child);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, lower_bound, upper_bound);
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;
--> statement-breakpoint
CREATE TABLE dead_letters (
  id text PRIMARY KEY,
  sequence bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  project_id text,
  queue text NOT NULL,
  body text NOT NULL,
  reason text NOT NULL,
  attempts integer NOT NULL,
  dead_at timestamptz NOT NULL,
  replayed_at timestamptz
);
--> statement-breakpoint
CREATE INDEX dead_letters_by_project ON dead_letters (project_id, sequence) WHERE replayed_at IS NULL;
