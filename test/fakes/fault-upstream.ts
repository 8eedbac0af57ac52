import { type Answer, json, type SeenRequest, startUpstream } from "./upstream.ts";

/** Several scripted providers behind one port, told apart by the first part of the path. */
export interface FaultUpstream {
  readonly origin: string;
  /** `host:port`, for the list of private hosts that the gateway may call. */
  readonly host: string;
  /** Base URL of one provider. */
  url(provider: string): string;
  /** What a provider answers from now on, one after the other; the last goes on for ever. */
  script(provider: string, answers: readonly Answer[]): void;
  requestsOf(provider: string): readonly SeenRequest[];
  close(): Promise<void>;
}

const unscripted = json({ error: { message: "the test scripted no answer" } }, 501);

/** Starts the providers; each answers 501 until it is told otherwise. */
export async function startFaultUpstream(): Promise<FaultUpstream> {
  const upstream = await startUpstream();
  const scripts = new Map<string, readonly Answer[]>();
  const providerOf = (request: SeenRequest): string => request.path.split("/")[1] ?? "";
  upstream.answer((request) => {
    const provider = providerOf(request);
    const [answer = unscripted, ...rest] = scripts.get(provider) ?? [];
    if (rest.length > 0) scripts.set(provider, rest);
    return typeof answer === "function" ? answer(request) : answer;
  });
  return {
    origin: upstream.origin,
    host: new URL(upstream.origin).host,
    url: (provider) => `${upstream.origin}/${provider}/v1`,
    script: (provider, answers) => {
      scripts.set(provider, answers);
    },
    requestsOf: (provider) => upstream.requests.filter((request) => providerOf(request) === provider),
    close: () => upstream.close(),
  };
}
