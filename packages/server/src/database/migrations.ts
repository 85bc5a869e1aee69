/**
 * Migrations: numbered, forward only, run at start in one transaction under an advisory lock, so that any number of
 * processes may start at once and one of them does the work.
 */
import { ServerError } from '../error.ts'
import { ledgerMigration } from './migrations/0001-ledger.ts'
import { jobsMigration } from './migrations/0002-jobs.ts'
import { refusedMigration } from './migrations/0003-refused.ts'
import { stoppedTypesMigration } from './migrations/0004-stopped-types.ts'
import { retentionMigration } from './migrations/0005-retention.ts'
import { uploadsMigration } from './migrations/0006-uploads.ts'
import type { Row } from './database.ts'

/** What a migration runs on: one connection, inside a transaction, as the owner of the tables. */
export interface MigrationConnection {
  /** Runs any number of statements. */
  readonly run: (text: string) => Promise<void>
  readonly query: (text: string) => Promise<readonly Row[]>
}

/** One step. Its number is its place in the list, from 1. */
export interface Migration {
  readonly name: string
  readonly sql: string
}

// All steps in order; a step that has been released never changes.
const migrations: readonly Migration[] = [
  { name: 'ledger', sql: ledgerMigration },
  { name: 'jobs', sql: jobsMigration },
  { name: 'refused', sql: refusedMigration },
  { name: 'stopped-types', sql: stoppedTypesMigration },
  { name: 'retention', sql: retentionMigration },
  { name: 'uploads', sql: uploadsMigration },
]

/** The number of the last migration that this release knows. */
export const migrationsKnown: number = migrations.length

/** "hold" in ASCII and 1: the key of the advisory lock, unlikely to be anybody else's. */
const lockKey = '1752132708, 1'

/**
 * Brings the database to this release, and returns how many steps that took. To be called inside a transaction.
 *
 * @throws ServerError `newer-database` when it was migrated by a newer release
 */
export async function migrate(
  connection: MigrationConnection,
  steps: readonly Migration[] = migrations,
): Promise<number> {
  await connection.query(`select pg_advisory_xact_lock(${lockKey})`)
  await connection.run(`
    create schema if not exists holdfast;
    create table if not exists holdfast.migrations (number integer primary key, name text not null, at timestamptz not null default now());
  `)
  const [row] = await connection.query('select coalesce(max(number), 0)::integer as done from holdfast.migrations')
  const done = typeof row?.['done'] === 'number' ? row['done'] : 0
  if (done > steps.length) {
    throw new ServerError(
      'newer-database',
      `The database is at migration ${done}, this release knows ${steps.length}; start the newer release.`,
    )
  }
  for (const [index, step] of steps.entries()) {
    if (index < done) continue
    await connection.run(step.sql)
    await connection.run(`insert into holdfast.migrations (number, name) values (${index + 1}, '${step.name}')`)
  }
  return steps.length - done
}
