-- Purpose: the contract names the kinds of providers; a list here would be a second one that every new kind has to change.

ALTER TABLE providers DROP CONSTRAINT IF EXISTS providers_kind_check;
