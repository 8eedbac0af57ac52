-- Purpose: projects, their environments and keys, prompts with versions and labels, models and providers.
-- Isolation: every table carries project_id, and every foreign key is (project_id, …), so that no row can point into another project.
-- Units: moments are timestamptz (UTC). Hashes are SHA-256 in lower-case hex.
-- NULL: keys.expires_at = never expires; keys.revoked_at = valid; labels.version_id = the label was removed;
--       labels.previous_version_id and label_moves.from_version_id = it pointed nowhere before; label_moves.to_version_id = this move removed it;
--       prompt_versions.message and label_moves.reason = none was given; providers.base_url, secret, inference_provider = not needed by the kind;
--       models.context_tokens = unknown.

CREATE TABLE projects (
  id text PRIMARY KEY CHECK (id ~ '^prj_[0-9a-f]{32}$'),
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  created_at timestamptz NOT NULL
);
--> statement-breakpoint
CREATE TABLE environments (
  id text PRIMARY KEY CHECK (id ~ '^env_[0-9a-f]{32}$'),
  project_id text NOT NULL REFERENCES projects (id),
  name text NOT NULL,
  protected_labels text[] NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (project_id, id),
  UNIQUE (project_id, name)
);
--> statement-breakpoint
CREATE TABLE keys (
  id text PRIMARY KEY,
  project_id text NOT NULL,
  environment_id text NOT NULL,
  name text NOT NULL,
  hash text NOT NULL UNIQUE CHECK (hash ~ '^[0-9a-f]{64}$'),
  hint text NOT NULL,
  permissions text[] NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  UNIQUE (project_id, id),
  FOREIGN KEY (project_id, environment_id) REFERENCES environments (project_id, id)
);
--> statement-breakpoint
CREATE INDEX keys_by_environment ON keys (project_id, environment_id);
--> statement-breakpoint
CREATE TABLE prompts (
  id text PRIMARY KEY,
  project_id text NOT NULL REFERENCES projects (id),
  name text NOT NULL,
  description text NOT NULL,
  latest_version integer NOT NULL CHECK (latest_version > 0),
  created_at timestamptz NOT NULL,
  UNIQUE (project_id, id),
  UNIQUE (project_id, name)
);
--> statement-breakpoint
CREATE TABLE prompt_versions (
  id text PRIMARY KEY,
  project_id text NOT NULL,
  prompt_id text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  content json NOT NULL,
  includes json NOT NULL,
  message text,
  author text NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (project_id, prompt_id, version),
  UNIQUE (project_id, prompt_id, hash),
  UNIQUE (project_id, prompt_id, id),
  FOREIGN KEY (project_id, prompt_id) REFERENCES prompts (project_id, id)
);
--> statement-breakpoint
CREATE TABLE labels (
  project_id text NOT NULL,
  environment_id text NOT NULL,
  prompt_id text NOT NULL,
  label text NOT NULL,
  version_id text,
  previous_version_id text,
  moved_at timestamptz NOT NULL,
  moved_by text NOT NULL,
  PRIMARY KEY (project_id, environment_id, prompt_id, label),
  FOREIGN KEY (project_id, environment_id) REFERENCES environments (project_id, id),
  FOREIGN KEY (project_id, prompt_id) REFERENCES prompts (project_id, id),
  FOREIGN KEY (project_id, prompt_id, version_id) REFERENCES prompt_versions (project_id, prompt_id, id),
  FOREIGN KEY (project_id, prompt_id, previous_version_id) REFERENCES prompt_versions (project_id, prompt_id, id)
);
--> statement-breakpoint
CREATE TABLE label_moves (
  id text PRIMARY KEY,
  sequence bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  project_id text NOT NULL,
  environment_id text NOT NULL,
  prompt_id text NOT NULL,
  label text NOT NULL,
  from_version_id text,
  to_version_id text,
  kind text NOT NULL CHECK (kind IN ('set', 'rollback', 'remove')),
  reason text,
  actor text NOT NULL,
  moved_at timestamptz NOT NULL,
  CHECK ((kind = 'remove') = (to_version_id IS NULL)),
  FOREIGN KEY (project_id, environment_id) REFERENCES environments (project_id, id),
  FOREIGN KEY (project_id, prompt_id) REFERENCES prompts (project_id, id),
  FOREIGN KEY (project_id, prompt_id, from_version_id) REFERENCES prompt_versions (project_id, prompt_id, id),
  FOREIGN KEY (project_id, prompt_id, to_version_id) REFERENCES prompt_versions (project_id, prompt_id, id)
);
--> statement-breakpoint
CREATE INDEX label_moves_by_label ON label_moves (project_id, environment_id, prompt_id, label, sequence);
--> statement-breakpoint
CREATE TABLE providers (
  id text PRIMARY KEY,
  project_id text NOT NULL REFERENCES projects (id),
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('runner', 'openai-compatible', 'huggingface')),
  base_url text,
  secret text,
  inference_provider text,
  timeouts json NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (project_id, id),
  UNIQUE (project_id, name)
);
--> statement-breakpoint
CREATE TABLE models (
  id text PRIMARY KEY,
  project_id text NOT NULL REFERENCES projects (id),
  name text NOT NULL,
  route json NOT NULL,
  surfaces text[] NOT NULL,
  context_tokens integer CHECK (context_tokens > 0),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (project_id, id),
  UNIQUE (project_id, name)
);
--> statement-breakpoint
CREATE TABLE route_targets (
  project_id text NOT NULL,
  model_id text NOT NULL,
  provider_id text NOT NULL,
  PRIMARY KEY (project_id, model_id, provider_id),
  FOREIGN KEY (project_id, model_id) REFERENCES models (project_id, id) ON DELETE CASCADE,
  FOREIGN KEY (project_id, provider_id) REFERENCES providers (project_id, id)
);
--> statement-breakpoint
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
--> statement-breakpoint
CREATE TRIGGER prompt_versions_are_immutable BEFORE UPDATE OR DELETE ON prompt_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER prompt_versions_stay BEFORE TRUNCATE ON prompt_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER label_moves_are_immutable BEFORE UPDATE OR DELETE ON label_moves FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER label_moves_stay BEFORE TRUNCATE ON label_moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
