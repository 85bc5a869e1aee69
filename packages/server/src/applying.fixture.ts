/** What the tests of the apply path share: a server on a database, and ways to send, read and look inside. */
import { problemCodeOf, type OperationOutcome, type WireOperation } from '@holdfast/core'
import type { Row } from './database/database.ts'
import type { TestDatabase, TestDatabaseKind } from './database/test-databases.fixture.ts'
import type { Entity } from './handler.ts'
import { noteHandlers } from './notes.fixture.ts'
import { createSyncServer } from './sync-server.ts'

/** A server on a database of its own. */
export interface Applying extends TestDatabase {
  readonly apply: (
    tenant: string,
    operations: readonly WireOperation[],
    user?: string,
  ) => Promise<readonly OperationOutcome[]>
  readonly note: (tenant: string, id: string) => Promise<Entity | undefined>
  /** All rows of a table that the tenant sees. */
  readonly rows: (tenant: string, table: string, order: string) => Promise<readonly Row[]>
  readonly feedOf: (tenant: string) => Promise<readonly Row[]>
}

/** Opens a database and puts a server of notes on it. */
export async function openApplying({ open }: TestDatabaseKind): Promise<Applying> {
  const opened = await open()
  const { database } = opened
  const sync = createSyncServer({ database, handlers: noteHandlers, authenticate: () => null })
  return {
    ...opened,
    apply: (tenant, operations, user = 'ana') => sync.apply({ tenant, user, device: 'phone' }, operations),
    note: async (tenant, id) => (await sync.read(tenant, 'note', [id])).get(id),
    rows: (tenant, table, order) =>
      database.tx(tenant, ({ query }) =>
        query(`all-${table}`, `select t.* from holdfast.${table} t order by ${order}`, []),
      ),
    feedOf: (tenant) =>
      database.tx(tenant, ({ query }) =>
        query(
          'feed-of',
          'select f.seq::float8 as seq, f.id, f.version, f.deleted from holdfast.feed f order by f.seq',
          [],
        ),
      ),
  }
}

/** The kinds of outcomes, in their order. */
export const kinds = (outcomes: readonly OperationOutcome[]): readonly string[] =>
  outcomes.map(({ outcome }) => outcome)

/** The problem code in an outcome, or in what it is a duplicate of. */
export function codeOf(outcome: OperationOutcome | undefined): string | undefined {
  if (outcome === undefined || outcome.outcome === 'applied') return undefined
  if (outcome.outcome !== 'duplicate') return problemCodeOf(outcome.problem)
  return outcome.first.outcome === 'applied' ? undefined : problemCodeOf(outcome.first.problem)
}
