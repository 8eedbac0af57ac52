import {
  MillraceError,
  type Model,
  modelSchema,
  type Provider,
  providerSchema,
  putModelSchema,
  putProviderSchema,
  targetsOf,
} from "@millrace/core/contract";
import { assertPublicUrl } from "@millrace/core/net";
import { findProviderFault } from "@millrace/core/provider";
import {
  deleteModel,
  deleteProvider,
  listModels,
  listProviders,
  promptsUsingModel,
  putModel,
  putProvider,
} from "../stores/catalog-store.ts";
import { type Call, type Handlers, ok, param } from "./call.ts";
import { validate } from "./validate.ts";

/** Models and providers of the project. */
export const catalogHandlers: Handlers = {
  listModels: async (call) => ok({ data: await listModels(call.tenant) }),

  putModel: async (call) => {
    const model = validate(modelSchema, { name: param(call, "name"), ...putModelSchema.parse(call.body) });
    const { rows, environmentIds } = await putModel(call.change, model);
    if (rows.length === 0) throw await whichProviderIsMissing(call, model);
    call.deps.publish(environmentIds);
    return ok(model);
  },

  deleteModel: async (call) => {
    const name = param(call, "name");
    const { rows, environmentIds } = await deleteModel(call.change, name);
    if (rows.length === 0) throw await whyNotDeleted(call, name);
    call.deps.publish(environmentIds);
    return { status: 204 };
  },

  listProviders: async (call) => ok({ data: await listProviders(call.tenant) }),

  putProvider: async (call) => {
    const provider = validate(providerSchema, {
      name: param(call, "name"),
      ...putProviderSchema.parse(call.body),
    });
    checkProvider(provider, call.deps.allowedPrivateHosts);
    const { environmentIds } = await putProvider(call.change, provider);
    call.deps.publish(environmentIds);
    return ok(provider);
  },

  deleteProvider: async (call) => {
    const name = param(call, "name");
    const outcome = await deleteProvider(call.change, name);
    if (outcome === "in-use") {
      const users = (await listModels(call.tenant))
        .filter(({ route }) => targetsOf(route).some((target) => target.provider === name))
        .map((model) => model.name);
      throw new MillraceError("in-use", { message: `Models answer from ${name}: ${users.join(", ")}.` });
    }
    if (outcome.rows.length === 0) throw unknown("provider", name);
    call.deps.publish(outcome.environmentIds);
    return { status: 204 };
  },
};

/** @throws MillraceError `url-not-allowed`, `invalid-request` */
function checkProvider(provider: Provider, allowedPrivateHosts: readonly string[]): void {
  if (provider.base_url !== undefined) assertPublicUrl(provider.base_url, allowedPrivateHosts);
  const fault = findProviderFault(provider);
  if (fault !== undefined) throw new MillraceError("invalid-request", fault);
}

async function whichProviderIsMissing(call: Call, model: Model): Promise<MillraceError> {
  const known = new Set((await listProviders(call.tenant)).map((provider) => provider.name));
  const missing = targetsOf(model.route).filter((target) => !known.has(target.provider));
  return unknown("provider", missing.map((target) => target.provider).join(", "));
}

async function whyNotDeleted(call: Call, name: string): Promise<MillraceError> {
  const prompts = await promptsUsingModel(call.tenant, name);
  if (prompts.length === 0 || !(await listModels(call.tenant)).some((model) => model.name === name))
    return unknown("model", name);
  return new MillraceError("in-use", {
    message: `Labelled versions of these prompts call ${name}: ${prompts.join(", ")}.`,
  });
}

function unknown(kind: "model" | "provider", name: string): MillraceError {
  return new MillraceError("unknown-resource", { message: `There is no ${kind} ${name}.` });
}
