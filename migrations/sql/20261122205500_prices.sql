-- Purpose: what models cost, per project, and what each exchange cost.
-- Isolation: prices carry project_id; no other table points at them, for bundles and traces hold what they used.
-- Units: *_usd_micros = millionths of a US dollar. prices.price holds rates in micro-dollars for a million units.
-- NULL: traces.cost_usd_micros, saved_usd_micros = unknown, or did not apply; never zero. traces.price_version = nothing was priced.
--   traces.usage_details = no further counts; traces.estimated_by = the provider counted.
-- prices.valid_from: -infinity = since ever. One row for each origin, scope, model and moment: a project's own row stands beside the imported one.

CREATE TABLE prices (
  id text PRIMARY KEY,
  project_id text NOT NULL REFERENCES projects (id),
  origin text NOT NULL CHECK (origin IN ('override', 'import')),
  scope text NOT NULL CHECK (scope IN ('kind', 'provider')),
  scope_name text NOT NULL,
  model text NOT NULL,
  match text NOT NULL CHECK (match IN ('exact', 'prefix')),
  valid_from timestamptz NOT NULL,
  price json NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (project_id, id),
  UNIQUE (project_id, origin, scope, scope_name, model, match, valid_from)
);
--> statement-breakpoint
ALTER TABLE traces
  ADD COLUMN cost_usd_micros bigint CHECK (cost_usd_micros >= 0),
  ADD COLUMN saved_usd_micros bigint CHECK (saved_usd_micros >= 0),
  ADD COLUMN price_version text,
  ADD COLUMN usage_details json,
  ADD COLUMN estimated_by text;
