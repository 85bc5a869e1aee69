/** The outbox of this app, opened the same way by pages and service worker. */
import { batchTransport, openOutbox, type Outbox, type Session } from '@holdfast/client'
import { batchPath } from '@holdfast/core'
import { applicationName } from './application.ts'
import { operations } from './operations.ts'

/** Opens a person's outbox. */
export function openDeskOutbox({ tenant, user }: Session): Promise<Outbox> {
  const transport = batchTransport({ url: batchPath })
  return openOutbox({ name: applicationName, operations, session: { tenant, user }, transport })
}
