import type { LedgerAudit, LedgerUsage } from "@millrace/core/ledger";
import gateway from "../../edge/gateway/worker.ts";
import { Ledger as RealLedger } from "../../edge/gateway/objects/ledger.ts";

export * from "../../edge/gateway/worker.ts";

/** The ledger, which the test can let die: what is not on disk is lost, and every call under way fails. */
export class Ledger extends RealLedger {
  async crash(): Promise<void> {
    this.ctx.abort("as the test says");
  }
}

interface TortureEnv extends Record<string, unknown> {
  readonly LEDGER: DurableObjectNamespace<Ledger>;
}

/** What the test wants to know of the ledger, or do to it, on paths beside the gateway's. */
async function torture({ pathname, searchParams }: URL, env: TortureEnv): Promise<Response> {
  const ledger = env.LEDGER.getByName(searchParams.get("name") ?? "");
  if (pathname === "/torture/audit") return Response.json((await ledger.audit()) satisfies LedgerAudit);
  if (pathname === "/torture/usage") {
    const rows: readonly LedgerUsage[] = await ledger.usage({ limit: 10_000 });
    return Response.json(rows);
  }
  await ledger.crash().catch(() => undefined);
  return new Response(null, { status: 204 });
}

export default {
  fetch(request, env, context) {
    const url = new URL(request.url);
    return url.pathname.startsWith("/torture/") ? torture(url, env) : gateway.fetch(request, env, context);
  },
} satisfies ExportedHandler<TortureEnv>;
