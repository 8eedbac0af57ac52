-- Purpose: what a project may spend, by whom and in which time. What is spent is in the gateway's ledger, not here.
-- Units: budget is the budget as the API shows it: requests, tokens, micro-dollars; environment repeats its field, for the bundles.
-- NULL: environment = every environment of the project.

CREATE TABLE budgets (
  id text PRIMARY KEY,
  project_id text NOT NULL REFERENCES projects (id),
  name text NOT NULL,
  environment text,
  budget json NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (project_id, id),
  UNIQUE (project_id, name),
  FOREIGN KEY (project_id, environment) REFERENCES environments (project_id, name)
);
