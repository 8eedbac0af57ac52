export * from "./create-openapi-document.ts";
export { operationTags, type ApiOperation, type OperationTag } from "./operation.ts";
export { routeTable } from "./route-table.ts";
