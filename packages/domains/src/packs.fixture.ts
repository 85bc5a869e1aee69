/** A server with every pack on a database of its own, and ways to ask its doors and its batch door's rules. */
import {
  isJson,
  isRecord,
  parseOperationId,
  parseProblem,
  problemCodeOf,
  type AnyOperationDefinition,
  type Json,
  type OperationDefinition,
  type OperationOutcome,
  type WireOperation,
} from '@holdfast/core'
import { createSyncServer, openJobs, wireOperationOf, type JobDone, type SyncServer } from '@holdfast/server'
import { Hono } from 'hono'
import { testDatabases, type TestDatabaseKind } from '../../server/src/database/test-databases.fixture.ts'
import { analyticsDoors, analyticsHandlers } from './analytics/handlers.ts'
import { analyticsOperations } from './analytics/operations.ts'
import { invoiceJobs, jobDoors, jobHandlers } from './field-jobs/handlers.ts'
import { jobOperations } from './field-jobs/operations.ts'
import { formDoors, formHandlers } from './forms/handlers.ts'
import { formOperations } from './forms/operations.ts'
import { industryDoors, industryHandlers } from './industries/handlers.ts'
import { industryOperations } from './industries/operations.ts'
import {
  paymentDoors,
  paymentHandlers,
  paymentJobs,
  simulatedProcessor,
  type SimulatedProcessor,
} from './payments/handlers.ts'
import { paymentOperations } from './payments/operations.ts'
import { posDoors, posHandlers } from './pos/handlers.ts'
import { posOperations } from './pos/operations.ts'
import { preferencesDoors, preferencesHandlers } from './preferences/handlers.ts'
import { preferencesOperations } from './preferences/operations.ts'
import { recordDoors, recordHandlers } from './records/handlers.ts'
import { recordOperations } from './records/operations.ts'

/** Every operation that a client may send. */
export const allOperations: readonly AnyOperationDefinition[] = [
  ...posOperations,
  ...paymentOperations,
  ...jobOperations,
  ...industryOperations,
  ...recordOperations,
  ...preferencesOperations,
  ...analyticsOperations,
  ...formOperations,
]

/** What a door answered. */
export interface Answer {
  readonly status: number
  readonly body: { readonly [name: string]: unknown }
  readonly code: string | undefined
  readonly detail: string | undefined
}

/** A server with every pack. */
export interface Packs {
  readonly sync: SyncServer
  readonly processor: SimulatedProcessor
  /** Sends a body to a door. */
  readonly ask: (
    method: string,
    path: string,
    body: unknown,
    more?: { readonly as?: string; readonly headers?: Record<string, string> },
  ) => Promise<Answer>
  /** Applies one operation as the batch door would. */
  readonly send: <Payload extends object>(
    definition: OperationDefinition<Payload>,
    id: string,
    payload: Payload,
    more?: Partial<WireOperation>,
    user?: string,
  ) => Promise<OperationOutcome>
  /** Works once at the first job of an operation, as a worker would. */
  readonly work: (operation: string) => Promise<JobDone>
  readonly stateOf: (kind: string, id: string) => Promise<Json | undefined>
  readonly close: () => Promise<void>
}

/** Opens a server, on PGlite unless told otherwise. `north` has invoices for its completed jobs. */
export async function openPacks(kind: TestDatabaseKind | undefined = testDatabases[0]): Promise<Packs> {
  if (kind === undefined) throw new Error('no database')
  const { database, close } = await kind.open()
  const processor = simulatedProcessor()
  const sync = createSyncServer({
    operations: allOperations,
    database,
    handlers: [
      ...posHandlers,
      ...paymentHandlers,
      ...jobHandlers({ hasInvoices: (tenant) => tenant === 'north' }),
      ...industryHandlers,
      ...recordHandlers,
      ...preferencesHandlers,
      ...analyticsHandlers,
      ...formHandlers,
    ],
    authenticate: (request) => {
      const [user, tenant] = (request.headers.get('x-test-session') ?? '').split('@')
      return user === undefined || tenant === undefined ? null : { tenant, user, roles: [] }
    },
  })
  const workers = [...paymentJobs(sync, processor), ...invoiceJobs(sync)]
  const app = new Hono()
    .route('/', preferencesDoors(sync))
    .route('/', sync.routes)
    .route('/', posDoors(sync))
    .route('/', paymentDoors(sync, processor))
    .route('/', jobDoors(sync))
    .route('/', industryDoors(sync))
    .route('/', recordDoors(sync))
    .route('/', analyticsDoors(sync))
    .route('/', formDoors(sync))
  return {
    sync,
    processor,
    close,
    ask: async (method, path, body, { as = 'ana@north', headers = {} } = {}) => {
      const response = await app.request(`http://desk.example${path}`, {
        method,
        body: JSON.stringify(body),
        headers: { 'x-test-session': as, 'content-type': 'application/json', ...headers },
      })
      const answer: unknown = await response.json()
      const problem = parseProblem(answer)
      return {
        status: response.status,
        body: isRecord(answer) ? answer : {},
        code: problemCodeOf(problem),
        detail: problem?.detail,
      }
    },
    send: async (definition, id, payload, more = {}, user = 'ana') => {
      const operationId = parseOperationId(id)
      if (operationId === undefined || !isJson(payload)) throw new TypeError('not an operation')
      const wire = wireOperationOf(definition, payload, payload, { id: operationId })
      const [outcome] = await sync.apply({ tenant: 'north', user, device: 'phone' }, [{ ...wire, ...more }])
      if (outcome === undefined) throw new Error('no outcome')
      return outcome
    },
    work: async (operation) => {
      const [job] = await openJobs(database).read('north', [operation])
      const handler = workers.find(({ type }) => type === job?.type)
      if (job === undefined || handler === undefined) throw new Error(`no job of ${operation}`)
      const { id, user, type, payload } = job
      const attempt = { tenant: 'north', id, operation, user, type, payload, attempt: 1 }
      return handler.work(attempt, { signal: new AbortController().signal, deadlineMs: 1_000 })
    },
    stateOf: async (kind, id) => (await sync.read('north', kind, [id])).get(id)?.state,
  }
}
