export { assertPublicUrl } from "./url-guard.ts";
