import { z } from "zod";

/**
 * An API key: `mlr_<environment id without prefix>_<32 random bytes in base64url>`. The environment is in the key so that
 * the gateway knows which bundle to open without any lookup; the whole string is what is hashed.
 */
export const apiKeySchema = z.string().regex(/^mlr_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);

export function formatApiKey(environmentId: string, secretBase64Url: string): string {
  return `mlr_${environmentId.slice("env_".length)}_${secretBase64Url}`;
}

/** The environment that a well-formed key belongs to, or undefined for anything else. */
export function environmentOfKey(key: string): string | undefined {
  return apiKeySchema.safeParse(key).success ? `env_${key.slice(4, 36)}` : undefined;
}

/** What a list of keys shows: keys of one environment begin alike, so the hint skips to where they differ; 4 of 43 characters give nothing away. */
export function keyHint(key: string): string {
  return `${key.slice(0, 8)}…${key.slice(37, 41)}`;
}
