export { baseUrlOf } from "./base-url-of.ts";
export { describeKinds } from "./describe-kinds.ts";
export { findProviderFault, type ProviderFault } from "./find-provider-fault.ts";
export { readSecret, secretVariable } from "./secret-variable.ts";
