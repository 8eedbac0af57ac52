-- Purpose: several keys and a cap for a provider, what its kind needs beside an address, and how far a model's exchanges go.
-- Units: max_concurrent = calls under way through one key; resilience as the API shows it, times in milliseconds.
-- NULL: secrets = one secret or none; max_concurrent = no cap; settings = the kind needs none; resilience = the defaults.

ALTER TABLE providers
  ADD COLUMN secrets json,
  ADD COLUMN max_concurrent integer CHECK (max_concurrent > 0),
  ADD COLUMN settings json,
  ADD CONSTRAINT providers_one_way_to_name_secrets CHECK (secret IS NULL OR secrets IS NULL);
--> statement-breakpoint
ALTER TABLE models ADD COLUMN resilience json;
