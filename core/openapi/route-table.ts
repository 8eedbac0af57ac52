import { budgetOperations } from "./budget-operations.ts";
import { cacheOperations } from "./cache-operations.ts";
import { catalogOperations } from "./catalog-operations.ts";
import { dialectOperations } from "./dialect-operations.ts";
import { fileOperations } from "./file-operations.ts";
import { inferenceOperations } from "./inference-operations.ts";
import { keyOperations } from "./key-operations.ts";
import { labelOperations } from "./label-operations.ts";
import type { ApiOperation } from "./operation.ts";
import { mediaOperations } from "./media-operations.ts";
import { priceOperations } from "./price-operations.ts";
import { promptOperations } from "./prompt-operations.ts";
import { systemOperations } from "./system-operations.ts";
import { traceOperations } from "./trace-operations.ts";

/** Every public route of Millrace. A route that is served and not listed here, or the reverse, fails a test. */
export const routeTable: readonly ApiOperation[] = [
  ...inferenceOperations,
  ...dialectOperations,
  ...mediaOperations,
  ...fileOperations,
  ...promptOperations,
  ...labelOperations,
  ...catalogOperations,
  ...priceOperations,
  ...cacheOperations,
  ...budgetOperations,
  ...keyOperations,
  ...traceOperations,
  ...systemOperations,
];
