/**
 * Encryption at rest, for `openOutbox({ encryption: encryptAtRest() })`. A door of its own, so that apps without it
 * carry none of its code. What it protects, and what it does not, is in docs/security.md.
 */
import { SyncError } from '@holdfast/core'
import type { EncryptedStoreOptions } from '../open-outbox.ts'
import type { Store } from '../store/store.ts'
import { openCipher } from './cipher.ts'
import { openKeyRing } from './key-ring.ts'
import { openSealedStore } from './sealed-store.ts'

/** How new entries are written. */
export interface EncryptionOptions {
  /**
   * `plain` encrypts nothing new and still reads what is encrypted: the way back, to be kept for as long as databases
   * exist that were opened with encryption. Default `sealed`.
   */
  readonly writes?: 'sealed' | 'plain'
}

/**
 * Encrypts payloads, types, lanes, answers and problems with AES-GCM, under a key per person that cannot be extracted
 * and is deleted when their work is discarded. Ids, times, counts, positions, attempts and kinds of states stay plain.
 *
 * An outbox that was used without it is taken over: what it holds stays readable and is encrypted when it changes.
 *
 * @throws SyncError `storage`, when opening, where there is no WebCrypto (a page that is not served securely)
 * @example const outbox = await openOutbox({ ...options, encryption: encryptAtRest() })
 */
export function encryptAtRest({ writes = 'sealed' }: EncryptionOptions = {}): (
  options: EncryptedStoreOptions,
) => Promise<Store> {
  return async ({ application, session, name, clock, onFault, open }) => {
    if (!('subtle' in crypto)) {
      throw new SyncError('storage', 'There is no WebCrypto here: serve the page by HTTPS. Nothing was opened.')
    }
    const store = await open()
    try {
      return openSealedStore(store, {
        cipher: openCipher(name, await openKeyRing(application, session, clock)),
        writes,
        onFault,
      })
    } catch (error) {
      await store.close()
      throw error
    }
  }
}
