-- Purpose: how often the kept answers of an environment, a prompt, a version or a tag were purged.
-- Units: epoch counts the purges of one subject from 1; subject is '' (environment), a prompt's name, a closure hash, or a tag.

CREATE TABLE cache_purges (
  project_id text NOT NULL,
  environment_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('environment', 'prompt', 'version', 'tag')),
  subject text NOT NULL,
  epoch integer NOT NULL CHECK (epoch > 0),
  purged_at timestamptz NOT NULL,
  PRIMARY KEY (project_id, environment_id, kind, subject),
  FOREIGN KEY (project_id, environment_id) REFERENCES environments (project_id, id)
);
