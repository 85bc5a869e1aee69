/**
 * Confirming keys behind a commit. What is committed cannot be taken back by then: somebody who leads may have sent it.
 * So a confirmation that fails is tried again, and an error of its own says that the write stands.
 */
import { SyncError } from '@holdfast/core'
import type { Seal } from './cipher.ts'

/** Tries of a confirmation; each of them opens a registry anew that was lost. */
const triesMax = 3

/**
 * Confirms that the keys of a write that is committed are kept.
 *
 * @throws SyncError `unconfirmed`
 */
export async function confirmKeys(seal: Seal): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await seal.keepKeys()
      return
    } catch (cause) {
      if (tries < triesMax) continue
      throw new SyncError(
        'unconfirmed',
        'This was stored, but whether its key is kept could not be confirmed, so that it may become unreadable. Look for it among the entries before entering it again: it may be sent.',
        { cause },
      )
    }
  }
}
