/**
 * The keys of one identity, in the registry: AES-GCM with 256 bits, not extractable. The last one seals, all of them
 * open. A key is deleted only with the work it has sealed (`shredKeys`), never because of its age.
 *
 *   sealing ── its messages are used up ──▶ opening only
 *      └──── the work was erased ──▶ retiring ── still no entry ──▶ deleted
 *                                       └── a tab that stayed open has sealed with it ──▶ sealing
 *
 * An entry is acknowledged only after its key was seen in the registry behind the commit, and put back if it was not
 * there. Shredding looks for entries once more behind the retirement. So no order of the two can leave an acknowledged
 * entry without its key.
 */
import { isRecord } from '@holdfast/core'
import type { Clock } from '../environment.ts'
import { openRegistryRecords } from '../store/indexeddb-registry.ts'
import { countWork } from '../store/kept-work.ts'
import { databaseName, type Session } from '../store/registry.ts'

/** A key with its name. */
export interface SealingKey {
  readonly id: string
  readonly key: CryptoKey
}

/** The keys of one identity. */
export interface KeyRing {
  /** The key to seal one more message with. */
  current(): Promise<SealingKey>
  /** The key of this name; `undefined` when it is lost. */
  find(id: string): Promise<CryptoKey | undefined>
  /** Makes sure that a key that has sealed is kept. Call it when what it has sealed is written, before saying so. */
  keep(key: SealingKey): Promise<void>
  close(): Promise<void>
}

/** What the registry holds of a key. */
interface KeyRecord extends SealingKey {
  /** Messages that it may have sealed so far. */
  readonly used: number
  readonly isRetiring: boolean
}

/** Random initial values of 96 bits may meet by chance: a key seals at most 2^32 messages (NIST SP 800-38D, 8.3). */
const messagesMax = 2 ** 32

/** Messages that a handle sets aside for itself at once: a count for each would be a write for each. */
const messagesAtOnce = 2 ** 20

/** Opens the keys of an identity. */
export async function openKeyRing(application: string, session: Session, clock?: Clock): Promise<KeyRing> {
  const records = await openRegistryRecords(application, clock)
  const name = recordOf(application, session)
  const known = new Map<string, CryptoKey>()
  let left = 0
  let isReserving = false
  let reserving: Promise<SealingKey> | undefined
  const reserve = async (): Promise<SealingKey> => {
    // Made before it is known to be needed: nothing may be awaited inside the transaction.
    const fresh: KeyRecord = { ...(await makeKey()), used: messagesAtOnce, isRetiring: false }
    const keys = await records.change(name, (value) => {
      const before = parseKeys(value)
      const last = before.at(-1)
      if (last === undefined || last.isRetiring || last.used + messagesAtOnce > messagesMax) return [...before, fresh]
      return [...before.slice(0, -1), { ...last, used: last.used + messagesAtOnce }]
    })
    left = messagesAtOnce
    const { id, key } = keys.at(-1) ?? fresh
    return { id, key }
  }
  return {
    current: async () => {
      // Calls that meet share a reservation; one that fails is not shared any further.
      if (!isReserving && left <= 0) {
        isReserving = true
        reserving = reserve().finally(() => {
          isReserving = false
        })
      }
      const key = await reserving
      left -= 1
      if (key === undefined) throw new RangeError('a reservation is made before it is used')
      known.set(key.id, key.key)
      return key
    },
    find: async (id) => {
      const key = known.get(id) ?? parseKeys(await records.get(name)).find((other) => other.id === id)?.key
      if (key !== undefined) known.set(id, key)
      return key
    },
    keep: async ({ id, key }) => {
      const kept = parseKeys(await records.get(name)).find((other) => other.id === id)
      if (kept !== undefined && !kept.isRetiring) return
      await records.change(name, (value) => [
        { id, key, used: messagesMax, isRetiring: false },
        ...parseKeys(value).filter((other) => other.id !== id),
      ])
      // It opens what it has sealed, and seals nothing more.
      left = 0
    },
    close: () => records.close(),
  }
}

/**
 * Deletes the keys of an identity whose work was erased: what is left of it on the disk cannot be opened any more. Keys
 * with which somebody has sealed an entry since stay.
 */
export async function shredKeys(application: string, session: Session): Promise<void> {
  const records = await openRegistryRecords(application)
  const name = recordOf(application, session)
  const mark = (isRetiring: boolean): Promise<unknown> =>
    records.change(name, (value) => {
      const keys = parseKeys(value)
      return keys.length === 0 ? value : keys.map((key) => ({ ...key, isRetiring }))
    })
  try {
    if (parseKeys(await records.get(name)).length === 0) return
    await mark(true)
    const count = await countWork(databaseName(application, session))
    if (count !== undefined && count > 0) await mark(false)
    else await records.change(name, (value) => parseKeys(value).filter(({ isRetiring }) => !isRetiring))
  } finally {
    await records.close()
  }
}

async function makeKey(): Promise<SealingKey> {
  const id = [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  return { id, key }
}

function recordOf(application: string, session: Session): string {
  return `keys:${databaseName(application, session)}`
}

function parseKeys(value: unknown): readonly KeyRecord[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown) => {
    if (!isRecord(item)) return []
    const { id, key, used, isRetiring } = item
    if (typeof id !== 'string' || !(key instanceof CryptoKey)) return []
    return [{ id, key, used: typeof used === 'number' ? used : messagesMax, isRetiring: isRetiring === true }]
  })
}
