/** The version of the Messages API that this adapter speaks. */
const API_VERSION = "2023-06-01";

/** Tokens of an OAuth login begin with this; all others are API keys. */
const OAUTH_TOKEN = /^sk-ant-oat/;

/** Headers of every call. */
export function authenticate(secret: string | undefined, betas: readonly string[]): Record<string, string> {
  const credentials =
    secret === undefined
      ? {}
      : OAUTH_TOKEN.test(secret)
        ? { authorization: `Bearer ${secret}` }
        : { "x-api-key": secret };
  return {
    "anthropic-version": API_VERSION,
    ...(betas.length === 0 ? {} : { "anthropic-beta": betas.join(",") }),
    ...credentials,
  };
}
