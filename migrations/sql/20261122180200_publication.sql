-- Purpose: how a committed change reaches the edge (outbox, bundles), and who made it (audit).
-- Units: bundles.bytes = UTF-8 bytes of the bundle's canonical JSON. bundles.epoch counts the publications of one environment from 1.
-- NULL: outbox.done_at = not published yet; outbox.last_error = the last attempt did not fail; audit.environment_id = the whole project.

CREATE TABLE outbox (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id text NOT NULL,
  environment_id text NOT NULL,
  reason text NOT NULL,
  created_at timestamptz NOT NULL,
  done_at timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  FOREIGN KEY (project_id, environment_id) REFERENCES environments (project_id, id)
);
--> statement-breakpoint
CREATE INDEX outbox_pending ON outbox (environment_id, sequence) WHERE done_at IS NULL;
--> statement-breakpoint
CREATE TABLE bundles (
  project_id text NOT NULL,
  environment_id text NOT NULL,
  epoch integer NOT NULL CHECK (epoch > 0),
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  signature text NOT NULL,
  bytes integer NOT NULL,
  published_at timestamptz NOT NULL,
  PRIMARY KEY (environment_id, epoch),
  FOREIGN KEY (project_id, environment_id) REFERENCES environments (project_id, id)
);
--> statement-breakpoint
CREATE TABLE audit (
  id text PRIMARY KEY,
  sequence bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  project_id text NOT NULL REFERENCES projects (id),
  environment_id text,
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  detail jsonb NOT NULL,
  at timestamptz NOT NULL,
  FOREIGN KEY (project_id, environment_id) REFERENCES environments (project_id, id)
);
--> statement-breakpoint
CREATE INDEX audit_by_project ON audit (project_id, sequence DESC);
--> statement-breakpoint
CREATE TRIGGER audit_is_immutable BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER audit_stays BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
