import type { RunBatch } from "@millrace/migrations/migrate";

const providerName = "local-runner";

/** Lets the demonstration project's runner provider follow the port that the runner has this time; one that points elsewhere stays. */
export async function pointProviderAt(runnerUrl: string, runBatch: RunBatch): Promise<void> {
  const now = new Date().toISOString();
  await runBatch([
    {
      text: `with moved as (
          update providers set base_url = $2, updated_at = $3::timestamptz
          where name = $1 and kind = 'runner' and base_url like 'http://127.0.0.1:%' and base_url <> $2
            and project_id in (select id from projects where slug = 'northwind')
          returning project_id
        )
        insert into outbox (project_id, environment_id, reason, created_at)
        select e.project_id, e.id, 'provider-changed', $3::timestamptz from environments e join moved m on m.project_id = e.project_id`,
      params: [providerName, `${runnerUrl}/v1`, now],
    },
  ]);
}
