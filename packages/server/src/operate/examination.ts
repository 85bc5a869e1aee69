/**
 * The examination behind `holdfast doctor`: each check says `ok`, `warning` (works, and should be known) or `failed`
 * (must be put right), and what to do. Nothing is changed: not even migrations are run.
 */
import type { StatsFs } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { appRole, type Database, type Row } from '../database/database.ts'
import { migrationsKnown } from '../database/migrations.ts'
import { checkRowSecurity } from '../database/row-security.ts'

/** What one check came to. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'failed'
  /** What was found, and what to do where it is not good. */
  readonly message: string
}

/** What is examined. */
export interface Examined {
  /** Opens the database as it is, without migrating it. */
  readonly open: () => Promise<Database>
  /** A folder on the disk that data is written to. */
  readonly folder: string
  readonly nowMs: () => number
}

const nodeMajorMin = 20
const postgresMin = 150_000
const clockWarningMs = 1_000
const clockFailedMs = 60_000
const freeBytesMin = 256 * 1024 * 1024
const freeShareMin = 0.05

/** Examines everything; a database that cannot be opened is one failed check. */
export async function examine(examined: Examined): Promise<readonly Finding[]> {
  const local = [nodeFinding(process.versions.node), await diskFinding(examined.folder)]
  let database: Database
  try {
    database = await examined.open()
  } catch (error) {
    return [...local, failed('database', messageOf(error))]
  }
  try {
    return [...local, ...(await databaseFindings(database, examined.nowMs))]
  } catch (error) {
    return [...local, failed('database', messageOf(error))]
  } finally {
    await database.close()
  }
}

function nodeFinding(version: string): Finding {
  const isNewEnough = Number.parseInt(version, 10) >= nodeMajorMin
  return isNewEnough ? ok('node', version) : failed('node', `${version}; Node ${nodeMajorMin} or newer is expected.`)
}

async function diskFinding(folder: string): Promise<Finding> {
  const place = await firstExisting(folder)
  if (place === undefined) return failed('disk', `${folder} cannot be looked at; check the path and its permissions.`)
  const { bavail, blocks, bsize } = place
  const freeBytes = bavail * bsize
  const text = `${Math.floor(freeBytes / 1024 / 1024)} MB free for ${folder}`
  if (freeBytes < freeBytesMin) return failed('disk', `${text}; at least 256 MB are expected. Make room.`)
  return blocks > 0 && bavail / blocks < freeShareMin
    ? warning('disk', `${text}, less than 5 %. Make room soon.`)
    : ok('disk', text)
}

/** A data folder is only made at the first start: then the one it will be made in counts. */
async function firstExisting(folder: string): Promise<StatsFs | undefined> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      return await statfs(path)
    } catch {
      if (path === dirname(path)) return undefined
    }
  }
}

const aboutSql = `
select
  current_setting('server_version') as version,
  current_setting('server_version_num')::integer as number,
  (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms,
  current_setting('fsync') as fsync,
  current_setting('synchronous_commit') as synchronous_commit,
  to_regclass('holdfast.migrations') is not null as has_migrations,
  current_user::text as login,
  (select r.rolsuper or r.rolbypassrls from pg_roles r where r.rolname = current_user) as login_bypasses,
  (select r.rolsuper or r.rolbypassrls from pg_roles r where r.rolname = '${appRole}') as app_bypasses,
  exists (select from pg_roles r where r.rolname = '${appRole}') and pg_has_role(current_user, '${appRole}', 'member') as may_become_app`

async function databaseFindings(database: Database, nowMs: () => number): Promise<readonly Finding[]> {
  const before = nowMs()
  const [about = {}] = await database.query('holdfast-doctor-about', aboutSql, [])
  const halfWayMs = (nowMs() - before) / 2
  const findings = [
    versionFinding(about),
    durabilityFinding(about),
    clockFinding(Number(about['now_ms']) - halfWayMs - before),
    await migrationsFinding(database, about['has_migrations'] === true),
  ]
  if (about['has_migrations'] !== true) return findings
  return [...findings, roleFinding(about), await rowSecurityFinding(database)]
}

function versionFinding(about: Row): Finding {
  const version = `PostgreSQL ${String(about['version'])}`
  return Number(about['number']) >= postgresMin
    ? ok('database', version)
    : failed('database', `${version}; 15 or newer is expected.`)
}

function durabilityFinding({ fsync, synchronous_commit: commit }: Row): Finding {
  if (fsync === 'on' && commit !== 'off') return ok('durability', `fsync on, synchronous_commit ${String(commit)}`)
  return warning(
    'durability',
    `fsync ${String(fsync)}, synchronous_commit ${String(commit)}: what was acknowledged can be lost when the power goes. Set both on.`,
  )
}

function clockFinding(skewMs: number): Finding {
  const text = `the database is ${Math.abs(Math.round(skewMs))} ms ${skewMs < 0 ? 'behind' : 'ahead'}`
  if (Math.abs(skewMs) < clockWarningMs) return ok('clock', text)
  const finding = Math.abs(skewMs) < clockFailedMs ? warning : failed
  return finding('clock', `${text}; let both machines take the time from the network.`)
}

async function migrationsFinding(database: Database, hasMigrations: boolean): Promise<Finding> {
  const sql = 'select coalesce(max(m.number), 0)::integer as done from holdfast.migrations m'
  const [row] = hasMigrations ? await database.query('holdfast-doctor-migrations', sql, []) : []
  const done = Number(row?.['done'] ?? 0)
  if (done === migrationsKnown) return ok('migrations', `at ${done} of ${migrationsKnown}`)
  if (done > migrationsKnown) {
    return failed('migrations', `at ${done}, this release knows ${migrationsKnown}. Start the newer release.`)
  }
  return failed('migrations', `at ${done} of ${migrationsKnown}. Run \`holdfast migrate\`.`)
}

function roleFinding({
  login,
  login_bypasses: bypasses,
  app_bypasses: appBypasses,
  may_become_app: may,
}: Row): Finding {
  const name = String(login)
  if (may !== true) return failed('roles', `"${name}" may not become ${appRole}. Run: grant ${appRole} to "${name}".`)
  if (appBypasses !== false)
    return failed('roles', `${appRole} may bypass row-level security. Take that right from it.`)
  if (bypasses === false)
    return ok('roles', `"${name}" becomes ${appRole} in every transaction; neither may bypass row-level security`)
  return warning('roles', `the login "${name}" may bypass row-level security; give the server a login that may not.`)
}

async function rowSecurityFinding(database: Database): Promise<Finding> {
  try {
    await checkRowSecurity(database)
    return ok('row-level security', 'every table of tenants has its policy, enabled and forced')
  } catch (error) {
    return failed('row-level security', messageOf(error))
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function ok(check: string, message: string): Finding {
  return { check, state: 'ok', message }
}

function warning(check: string, message: string): Finding {
  return { check, state: 'warning', message }
}

function failed(check: string, message: string): Finding {
  return { check, state: 'failed', message }
}
