/**
 * Where drafts are kept: what somebody has typed and not sent. One for each form in each tab, so that two tabs on one
 * form never overwrite each other. Kept by person, like the outbox, in a database of its own.
 */
import { isRecord, parseOperationId, type OperationId } from '@holdfast/core'
import { browserClock } from '../environment-browser.ts'
import { Connection } from '../store/indexeddb-connection.ts'
import { inReading, inTransaction, resultOf } from '../store/indexeddb-request.ts'
import { databaseName, type Session } from '../store/registry.ts'
import type { FieldValue, FormFields } from './form-fields.ts'

/** One draft. */
export interface Draft {
  readonly formId: string
  /** The id under which it will be sent: if the outbox knows it, it was sent. */
  readonly submissionId: OperationId
  readonly fields: FormFields
  /** Device clock, ms since 1970. */
  readonly savedAtMs: number
}

/** A store of drafts. */
export interface DraftStore {
  /** Drafts of a form, newest first. */
  list(formId: string): Promise<readonly Draft[]>
  save(draft: Draft): Promise<void>
  remove(submissionId: OperationId): Promise<void>
  close(): Promise<void>
}

/** Drafts of one form beyond these are the oldest ones' end: a form that is opened and left every day must not fill a device. */
const draftsPerFormMax = 20

const storeName = 'drafts'

/**
 * Opens the drafts of one person.
 *
 * @throws SyncError `storage`, `blocked` or `quota`, at the call that meets it
 */
export function openDraftStore(application: string, session: Session): DraftStore {
  const connection = new Connection({
    name: `${databaseName(application, session)}:drafts`,
    version: 1,
    clock: browserClock,
    upgrade: (database) => {
      database.createObjectStore(storeName, { keyPath: 'submissionId' }).createIndex('formId', 'formId')
    },
  })
  const draftsIn = async (transaction: IDBTransaction, formId: string): Promise<readonly Draft[]> => {
    const found: readonly unknown[] = await resultOf(transaction.objectStore(storeName).index('formId').getAll(formId))
    return found.flatMap((value) => parseDraft(value) ?? []).toSorted((left, right) => right.savedAtMs - left.savedAtMs)
  }
  return {
    list: (formId) =>
      connection.run((database) => inReading(database, [storeName], (transaction) => draftsIn(transaction, formId))),
    save: (draft) =>
      connection.run((database) =>
        inTransaction(database, [storeName], 'relaxed', async (transaction) => {
          const drafts = transaction.objectStore(storeName)
          await resultOf(drafts.put(draft))
          const all = await draftsIn(transaction, draft.formId)
          for (const { submissionId } of all.slice(draftsPerFormMax)) drafts.delete(submissionId)
        }),
      ),
    remove: (submissionId) =>
      connection.run((database) =>
        inTransaction(database, [storeName], 'relaxed', async (transaction) => {
          await resultOf(transaction.objectStore(storeName).delete(submissionId))
        }),
      ),
    close: () => connection.close(),
  }
}

function parseDraft(value: unknown): Draft | undefined {
  if (!isRecord(value) || !isRecord(value['fields'])) return undefined
  const { formId, savedAtMs } = value
  const submissionId = parseOperationId(value['submissionId'])
  if (typeof formId !== 'string' || typeof savedAtMs !== 'number' || submissionId === undefined) return undefined
  const fields: [string, FieldValue][] = []
  for (const [name, field] of Object.entries(value['fields'])) {
    if (typeof field === 'string') fields.push([name, field])
    else if (Array.isArray(field)) {
      const texts: readonly unknown[] = field
      fields.push([name, texts.filter((text) => typeof text === 'string')])
    }
  }
  return { formId, submissionId, savedAtMs, fields: Object.fromEntries(fields) }
}
