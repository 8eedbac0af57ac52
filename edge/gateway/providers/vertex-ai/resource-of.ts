import { MillraceError, type Provider } from "@millrace/core/contract";

/** Places that are more than one region: their hosts are named otherwise. */
const MULTI_REGION = /^(?:us|eu)$/;

function hostOf(region: string): string {
  if (region === "global") return "aiplatform.googleapis.com";
  return MULTI_REGION.test(region) ? `aiplatform.${region}.rep.googleapis.com` : `${region}-aiplatform.googleapis.com`;
}

/** The resource of a model of Google's on Vertex AI: what `:generateContent` is appended to. */
export function resourceOf(provider: Provider, model: string, accountProject: string | undefined): string {
  const region = provider.settings?.["region"] ?? "global";
  const project = provider.settings?.["project"] ?? accountProject;
  if (project === undefined) {
    const message = `The provider ${provider.name} names no project: set \`project\` in its settings.`;
    throw new MillraceError("upstream-rejected", { message });
  }
  const base = provider.base_url?.replace(/\/$/, "") ?? `https://${hostOf(region)}/v1`;
  const [where, name] = [`projects/${encodeURIComponent(project)}/locations/${region}`, encodeURIComponent(model)];
  return `${base}/${where}/publishers/google/models/${name}`;
}
