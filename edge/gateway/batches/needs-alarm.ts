/** An alarm that is late by so much does not come: workerd now and then loses one that is set for at once while another ends. Milliseconds. */
const OVERDUE_MS = 2_000;

export interface AlarmState {
  /** When the alarm that is set is due; null = none is. Milliseconds since the epoch. */
  readonly alarmAtMs: number | null;
  /** The last one died at its work: the one that is set is its guard, and far away. */
  readonly died: boolean;
  readonly nowMs: number;
}

/** Whether a batch that is not over has to be set going by whoever looks at it. */
export function needsAlarm({ alarmAtMs, died, nowMs }: AlarmState): boolean {
  return died || alarmAtMs === null || nowMs - alarmAtMs > OVERDUE_MS;
}
