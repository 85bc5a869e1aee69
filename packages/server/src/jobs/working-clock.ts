/**
 * The working clock: how long jobs of a type could have been worked at, for a tenant.
 *
 *   clock of the type   goes on while a worker for it is alive and the operator's switch is on
 *   − held              time during which a budget held this tenant's jobs of the type
 *
 * The day after which an unfinished job is cancelled is counted on it, so that neither a switch that was off over a
 * weekend nor a stopped worker nor a used-up budget cancels anything.
 */
import type { Database } from '../database/database.ts'

/** The longest time between two ticks that counts: with more, no worker was there. */
export const tickGapMaxMs = 60_000

/** SQL of the working clock of a type (an expression) for the tenant `$1`, in ms. Uses two primary keys. */
export function workingClockSql(type: string): string {
  return `coalesce((
    select t.clock_ms - coalesce(h.held_ms + coalesce(t.clock_ms - h.since_clock_ms, 0), 0)
    from holdfast.job_types t
    left join holdfast.job_holds h on h.tenant = $1 and h.type = t.type
    where t.type = ${type}
  ), 0)`
}

const tickSql = `
insert into holdfast.job_types as t (type, is_on, clock_ms, ticked_at)
select w.type, true, 0, $2::text::timestamptz from json_array_elements_text($1::text::json) as w (type) order by w.type
on conflict (type) do update set
  clock_ms = t.clock_ms + case when t.is_on then
    least(greatest(extract(epoch from excluded.ticked_at - t.ticked_at) * 1000, 0), ${tickGapMaxMs})::bigint else 0 end,
  ticked_at = greatest(t.ticked_at, excluded.ticked_at)
returning type, is_on`

/** Moves the clocks of these types on, and returns those that are switched on. Any number of workers may do it. */
export async function tickClocks(database: Database, types: readonly string[], nowMs: number): Promise<string[]> {
  const at = new Date(nowMs).toISOString()
  const rows = await database.query('holdfast-tick-clocks', tickSql, [JSON.stringify([...new Set(types)]), at])
  return rows.flatMap(({ type, is_on: isOn }) => (typeof type === 'string' && isOn === true ? [type] : []))
}

const switchSql = `
insert into holdfast.job_types as t (type, is_on, clock_ms, ticked_at) values ($1, $2, 0, $3::text::timestamptz)
on conflict (type) do update set is_on = excluded.is_on, ticked_at = greatest(t.ticked_at, excluded.ticked_at)`

/**
 * The operator's switch: while a type is off, its jobs stay queued, for all tenants, and do not grow stale. Workers
 * notice within seconds; what they are at they finish.
 */
export async function switchJobs(database: Database, type: string, isOn: boolean, nowMs: number): Promise<void> {
  await database.query('holdfast-switch-jobs', switchSql, [type, isOn, new Date(nowMs).toISOString()])
}
