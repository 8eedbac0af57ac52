/**
 * The name under which the operator sets a project's secret: `SECRET_<PROJECT SLUG>_<NAME>`, with each hyphen of the slug as two underscores.
 * With one, the project `a` could name `B_KEY` and get the secret `KEY` of the project `a-b`.
 */
export function secretVariable(projectSlug: string, name: string): string {
  return `SECRET_${projectSlug.toUpperCase().replaceAll("-", "__")}_${name}`;
}

/** The value of a project's secret in a Worker's environment, or undefined when the operator has not set it. */
export function readSecret(
  env: Readonly<Record<string, unknown>>,
  projectSlug: string,
  name: string,
): string | undefined {
  const value = env[secretVariable(projectSlug, name)];
  return typeof value === "string" && value !== "" ? value : undefined;
}
