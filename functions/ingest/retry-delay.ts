/** The first retry comes soon: most absences are a restart. */
const FIRST_RETRY_S = 2;
/** The longest wait: bounds how late a trace is once Postgres is back. */
export const MAX_RETRY_S = 60;
/** 2^10 times the first delay is beyond the cap. */
const MAX_DOUBLINGS = 10;
/** Five before the queue's own `max_retries` of 100: from here on a message waits in R2 instead of running out of retries. */
export const SPILL_AFTER_ATTEMPTS = 95;

/**
 * How long a message waits that could not be stored through no fault of its own.
 * @param attempts deliveries so far, this one included
 * @param random uniform in [0, 1); spreads the upper half of the delay
 */
export function retryDelaySeconds(attempts: number, random: number): number {
  const delayS = Math.min(MAX_RETRY_S, FIRST_RETRY_S * 2 ** Math.min(Math.max(attempts - 1, 0), MAX_DOUBLINGS));
  return Math.ceil(delayS / 2 + (delayS / 2) * random);
}
