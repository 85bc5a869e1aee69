/**
 * The kill switch: an operator stops a type of operation while the server runs, in every process at once. What comes of
 * that type is deferred with a time; nothing is refused and nothing is lost. What was applied before is still answered.
 *
 *   stopType() ─▶ row ─▶ each process looks again after two seconds ─▶ deferred ─▶ startType(), or the time has come
 */
import type { Database, Row } from '../database/database.ts'
import { ServerError } from '../error.ts'

/** A type that is not taken now. */
export interface StoppedType {
  readonly type: string
  /** When it is taken again by itself, ms since 1970; absent: when {@link startType} says so. */
  readonly untilMs?: number
  /** Why, in words for the people whose operations wait. */
  readonly reason?: string
}

/** What a process knows of stopped types. */
export interface StoppedTypes {
  /** The types that are stopped now; as the database said at most {@link lookAgainMs} ago. */
  readonly current: () => Promise<ReadonlyMap<string, StoppedType>>
}

/** How old a process's knowledge may be: an operator waits this long at most, and a busy server asks this seldom. */
const lookAgainMs = 2_000

// The table holds no tenant's data, so these run as the login role; the app's role may not even read it.
const stopSql = `
insert into holdfast.stopped_types (type, until, reason) values ($1, $2::text::timestamptz, $3)
on conflict (type) do update set until = excluded.until, reason = excluded.reason`

const startSql = 'delete from holdfast.stopped_types where type = $1'

const listSql = `
select s.type, (extract(epoch from s.until) * 1000)::float8 as until_ms, s.reason
from holdfast.stopped_types s order by s.type`

/** Stops a type in every process of the database, within two seconds. Stopping it again changes time and reason. */
export async function stopType(database: Database, { type, untilMs, reason }: StoppedType): Promise<void> {
  const until = untilMs === undefined ? null : new Date(untilMs).toISOString()
  await database.query('holdfast-stop-type', stopSql, [type, until, reason ?? null])
}

/** Takes a type again. */
export async function startType(database: Database, type: string): Promise<void> {
  await database.query('holdfast-start-type', startSql, [type])
}

/** Lists what was stopped and not started again, also where its time has come. */
export async function listStoppedTypes(database: Database): Promise<readonly StoppedType[]> {
  return (await database.query('holdfast-stopped-types', listSql, [])).map(parse)
}

/** Makes what a process knows; `nowMs` is its clock. */
export function createStoppedTypes(database: Database, nowMs: () => number): StoppedTypes {
  let known: readonly StoppedType[] = []
  let readAtMs = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  const read = async (): Promise<void> => {
    const startedAtMs = nowMs()
    known = await listStoppedTypes(database)
    readAtMs = startedAtMs
  }
  return {
    current: async () => {
      // A clock that was set back must not make old knowledge last.
      if (Math.abs(nowMs() - readAtMs) >= lookAgainMs) {
        reading ??= read().finally(() => {
          reading = undefined
        })
        await reading
      }
      const now = nowMs()
      return new Map(known.filter(({ untilMs = Infinity }) => untilMs > now).map((stopped) => [stopped.type, stopped]))
    },
  }
}

function parse({ type, until_ms: untilMs, reason }: Row): StoppedType {
  if (typeof type !== 'string')
    throw new ServerError('corrupt-row', 'The database holds a stopped type without a name.')
  return {
    type,
    ...(typeof untilMs === 'number' && { untilMs }),
    ...(typeof reason === 'string' && { reason }),
  }
}
