import { eventually } from "../support/eventually.ts";
import { type Lab, MODEL } from "./lab.ts";

/** Enough for a median; each takes a tenth of a second. */
const CALLS = 15;

/** Milliseconds from a caller's leaving during prefill until the call upstream was cut, one for each call. */
export async function measureCancel(lab: Lab): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let call = 0; call < CALLS; call++) {
    const tenant = await lab.admit(
      { targets: () => [{ name: "one", answers: [{ silent: true }] }] },
      { firstText: Promise.resolve() },
    );
    const leaving = new AbortController();
    const body = { model: MODEL, stream: call % 2 === 0, messages: [{ role: "user", content: "hi" }] };
    const answered = lab.gateway.post("/v1/chat/completions", { ...tenant, signal: leaving.signal }, body);
    answered.catch(() => undefined);
    await eventually(() => {
      if (lab.upstream.requestsOf(tenant.scripted("one")).length === 0) throw new Error("the call has not arrived");
    });
    const leftAtMs = performance.now();
    leaving.abort();
    await lab.upstream.requestsOf(tenant.scripted("one"))[0]?.aborted;
    taken.push(performance.now() - leftAtMs);
  }
  return taken;
}
