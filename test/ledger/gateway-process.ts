import { readFileSync } from "node:fs";
import { startGateway, type Tenant } from "../support/gateway.ts";

/** A gateway in a process of its own, which a test can kill. Its arguments: where its state lies, the tenant's file, the upstream's host. */
const [dir = "", tenantFile = "", upstreamHost = ""] = process.argv.slice(2);
const gateway = await startGateway(
  { ALLOWED_PRIVATE_HOSTS: upstreamHost },
  {
    dir,
    entry: "test/fakes/torture-gateway.worker.ts",
    functionsEntry: "test/fakes/torture-functions.worker.ts",
  },
);
const tenant = JSON.parse(readFileSync(tenantFile, "utf8")) as Tenant;
await gateway.publish(tenant);
console.log(`ready ${gateway.url}`);
