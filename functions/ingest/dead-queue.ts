/** Queues for what another queue gave up on: `millrace-traces-dead`, with the environment's name behind it in the cloud. */
export function isDeadQueue(queue: string): boolean {
  return /-dead(-|$)/.test(queue);
}
