import type { OpenApiOperation } from "@millrace/core/openapi";

export interface CurlTarget {
  readonly serverUrl: string;
  readonly path: string;
  readonly method: string;
  readonly operation: OpenApiOperation;
}

/** What stands in for a `{parameter}` in an example. */
const SAMPLE_VALUES: Readonly<Record<string, string>> = {
  label: "production",
  version: "3",
};
const SAMPLE_NAMES: Readonly<Record<string, string>> = {
  "/api/v1/models/{name}": "gpt-4.1-mini",
  "/api/v1/providers/{name}": "openai",
};
const SAMPLE_IDS: Readonly<Record<string, string>> = { "/api/v1/traces/{id}": "trc_…", "/api/v1/keys/{id}": "key_…" };

/** A curl command that makes the call, with the key from the environment. */
export function curlExample({ serverUrl, path, method, operation }: CurlTarget): string {
  const body = operation.requestBody?.content["application/json"]?.example;
  const required = (operation.parameters ?? []).filter((parameter) => parameter.in === "query" && parameter.required);
  const query = required.map(({ name }, index) => `${name}=${index + 2}`).join("&");
  const url = `${serverUrl}${fillPath(path)}${query === "" ? "" : `?${query}`}`;
  const isStream = typeof body === "object" && body !== null && "stream" in body && body.stream === true;
  const lines = [
    `curl ${isStream ? "-N " : ""}${method === "get" || method === "post" ? "" : `-X ${method.toUpperCase()} `}${quoteUrl(url)}`,
  ];
  if (operation.security.length > 0) lines.push(`-H "authorization: Bearer $MILLRACE_KEY"`);
  if (body === undefined) {
    if (method === "post") lines[0] = `curl -X POST ${quoteUrl(url)}`;
  } else {
    lines.push(`-H "content-type: application/json"`, `-d '${JSON.stringify(body, null, 2).replaceAll("'", `'\\''`)}'`);
  }
  return lines.join(" \\\n  ");
}

function fillPath(path: string): string {
  return path.replaceAll(/\{([a-z]+)\}/g, (_whole, name: string) => {
    if (name === "id") return SAMPLE_IDS[path] ?? "…";
    if (name === "name") return SAMPLE_NAMES[path] ?? "support-reply";
    return SAMPLE_VALUES[name] ?? name;
  });
}

function quoteUrl(url: string): string {
  return /[?&]/.test(url) ? `"${url}"` : url;
}
