import { WorkerEntrypoint } from "cloudflare:workers";
import type { ControlService, Principal, Tokenizer } from "@millrace/core/contract";
import type { FunctionsEnv } from "./config.ts";
import { contextOf } from "./context.ts";
import { countTokens } from "./count-tokens.ts";

/** The gateway's way to the control API: a service binding, which nobody else can reach. */
export class ControlApi extends WorkerEntrypoint<FunctionsEnv> implements ControlService {
  async handle(request: Request, principal: Principal): Promise<Response> {
    return contextOf(this.env).control(request, principal);
  }

  async countTokens(tokenizer: Tokenizer, texts: readonly string[]): Promise<readonly number[]> {
    return countTokens(tokenizer, texts);
  }

  async ready(): Promise<{ readonly database: boolean }> {
    return { database: await contextOf(this.env).databaseAnswers() };
  }
}
