import { copyScript } from "./copy-script.ts";
import { Mark } from "./mark.tsx";
import { PageShell, Snippet, TopBar } from "./page-shell.tsx";
import { chatScript, healthScript } from "./welcome-script.ts";
import { welcomeStyles } from "./welcome-styles.ts";

/** The parts of the board before the first answer of /readyz; more that it names are added. */
const PARTS = [
  { id: "gateway", name: "gateway", what: "answers this page and every call" },
  { id: "control", name: "functions", what: "control API, queues, publication" },
  { id: "database", name: "database", what: "prompts, keys, traces" },
  { id: "runner", name: "runner", what: "the local model" },
  { id: "ledger", name: "ledger", what: "what budgets have left" },
  { id: "health", name: "health", what: "which targets are well" },
  { id: "outbox", name: "outbox", what: "traces on their way" },
  { id: "telemetry", name: "telemetry", what: "metrics of all isolates" },
] as const;

const SUGGESTIONS = ["Where is my order?", "my rain jacket arrived broken", "I want a refund"] as const;

export interface WelcomePageProps {
  readonly nonce: string;
  /** The origin that the reader reached. */
  readonly url: string;
  /** The key of the local stack; undefined anywhere else. */
  readonly localKey: string | undefined;
}

/** `GET /`: what runs, how it is, and three things to try. */
export function WelcomePage({ nonce, url, localKey }: WelcomePageProps) {
  const script = `${copyScript}${healthScript}${localKey === undefined ? "" : chatScript}`;
  return (
    <PageShell
      title="Millrace"
      description="Run language models in production behind one HTTP API."
      nonce={nonce}
      styles={welcomeStyles}
      script={`(() => {${script}})();`}
    >
      <div class="page">
        <TopBar here="welcome" />
        <main>
          <div class="hero">
            <Mark size={272} />
            <h1>The wheel is turning.</h1>
            <p>
              One HTTP API in front of your models. Point an OpenAI client at this address, call a prompt by its name,
              and change the prompt without a deploy.
            </p>
          </div>
          <ul id="health" aria-label="What runs, and how it is" aria-live="polite">
            {PARTS.map((part) => (
              <li data-part={part.id} data-state="unknown">
                <b>{part.name}</b>
                <i>…</i>
                <small>{part.what}</small>
              </li>
            ))}
          </ul>
          {localKey === undefined ? null : <LocalAccess url={url} localKey={localKey} />}
          {localKey === undefined ? null : <TryIt />}
          <ThreeThings url={url} keyText={localKey ?? "$MILLRACE_KEY"} local={localKey !== undefined} />
        </main>
        <footer>
          <a href="/docs">API reference</a>
          <a href="/openapi.json">OpenAPI document</a>
          <a href="/readyz">Health as JSON</a>
        </footer>
      </div>
    </PageShell>
  );
}

function LocalAccess({ url, localKey }: { url: string; localKey: string }) {
  return (
    <section aria-labelledby="access-title">
      <h2 id="access-title">Yours</h2>
      <p>
        The key of the demonstration project's <code>development</code> environment. Only this machine is shown it.
      </p>
      <div class="access">
        <div>
          <span>URL</span>
          <code id="url">{url}</code>
          <button type="button" class="button" data-copy="url" aria-label="Copy the URL">
            Copy
          </button>
        </div>
        <div>
          <span>Key</span>
          <code id="key">{localKey}</code>
          <button type="button" class="button" data-copy="key" aria-label="Copy the key">
            Copy
          </button>
        </div>
      </div>
    </section>
  );
}

function TryIt() {
  return (
    <section aria-labelledby="try-title">
      <h2 id="try-title">Ask support</h2>
      <p>
        A real call of <code>prompt:support-reply</code>, streamed from the model on this machine.
      </p>
      <div class="chat">
        <form id="try">
          <textarea name="message" rows={1} maxlength={2000} placeholder="Write as a customer…" aria-label="Message">
            Where is my order?
          </textarea>
          <button id="send" class="primary" type="submit">
            Send
          </button>
        </form>
        <div class="reply">
          <div id="answer" data-empty="The answer appears here." aria-live="polite"></div>
          <div id="facts"></div>
        </div>
      </div>
      <div class="chips">
        {SUGGESTIONS.map((text) => (
          <button type="button" class="chip">
            {text}
          </button>
        ))}
      </div>
    </section>
  );
}

function ThreeThings({ url, keyText, local }: { url: string; keyText: string; local: boolean }) {
  const curl = `curl -N ${url}/v1/chat/completions \\
  -H "authorization: Bearer ${keyText}" \\
  -H "content-type: application/json" \\
  -d '{
    "model": "prompt:support-reply",
    "stream": true,
    "prompt": { "variables": { "customer_name": "Ana", "order_number": "1042" } },
    "messages": [{ "role": "user", "content": "Where is my order?" }]
  }'`;
  const keyExpression = local ? JSON.stringify(keyText) : "process.env.MILLRACE_KEY";
  const sdk = `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${url}/v1",
  apiKey: ${keyExpression},
});
const answer = await client.chat.completions.create({
  model: "prompt:support-triage",
  messages: [{ role: "user", content: "I was charged twice!" }],
});
console.log(answer.choices[0].message.content);`;
  const change = `npx millrace prompt edit support-reply --publish
npx millrace traces tail`;
  return (
    <section aria-labelledby="things-title">
      <h2 id="things-title">Three things to try</h2>
      {local ? null : (
        <p>
          Set <code>MILLRACE_KEY</code> to a key of yours first.
        </p>
      )}
      <ol class="steps">
        <li>
          <h3>Call a named prompt</h3>
          <p>The wording, the examples and the model live behind the name.</p>
          <Snippet code={curl} label="the curl command" />
        </li>
        <li>
          <h3>Keep your client</h3>
          <p>Anything that speaks OpenAI's API works; only the address and the key change.</p>
          <Snippet code={sdk} label="the JavaScript example" />
        </li>
        <li>
          <h3>Change the prompt, live</h3>
          <p>
            Your editor opens; when you save, the next call answers with the new version. <code>prompt rollback</code>{" "}
            takes it back.
          </p>
          <Snippet code={change} label="the commands" />
        </li>
      </ol>
    </section>
  );
}
