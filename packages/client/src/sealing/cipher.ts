/**
 * The cipher: text in, sealed text out. Each message has a random initial value of its own and is bound to the database,
 * the operation and the place in the entry that it was made for, so that nothing sealed can stand for anything else.
 *
 *   holdfast.sealed:1:<key>:<base64 of 12 bytes initial value, ciphertext, 16 bytes tag>
 */
import type { OperationId } from '@holdfast/core'
import type { KeyRing, SealingKey } from './key-ring.ts'

/**
 * What a sealed text is a part of: the names of type and lane, a whole operation, what was said of its delivery, or the
 * record of an attempt, which whatever replaces the operation inherits and which is therefore not bound to its id.
 */
export type SealedPart = 'head' | 'body' | 'state' | 'attempt'

/** Sealing for one write. */
export interface Seal {
  seal(part: SealedPart, id: OperationId, plain: string): Promise<string>
  /** Makes sure that the keys that this has sealed with are kept; see `KeyRing.keep`. Call it behind the commit. */
  keepKeys(): Promise<void>
}

/** Seals and opens texts of one identity. */
export interface Cipher {
  /** Begins a write. */
  begin(): Seal
  /** `undefined` when the key is missing, is another one, or the text was changed. */
  open(part: SealedPart, id: OperationId, sealed: string): Promise<string | undefined>
  close(): Promise<void>
}

/** What every sealed text begins with: the second part is the version of the form. */
export const sealedPrefix = 'holdfast.sealed:1:'

const ivBytes = 12

/** Makes the cipher of the database of this name. */
export function openCipher(database: string, ring: KeyRing): Cipher {
  const boundTo = (part: SealedPart, id: OperationId, key: string): Uint8Array<ArrayBuffer> =>
    new TextEncoder().encode([sealedPrefix, key, database, part, part === 'attempt' ? '' : id].join('\n'))
  const begin = (): Seal => {
    const used = new Map<string, SealingKey>()
    return {
      seal: async (part, id, plain) => {
        const current = await ring.current()
        used.set(current.id, current)
        const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
        const bytes = await crypto.subtle.encrypt(
          { name: 'AES-GCM', iv, additionalData: boundTo(part, id, current.id) },
          current.key,
          new TextEncoder().encode(plain),
        )
        const message = new Uint8Array(ivBytes + bytes.byteLength)
        message.set(iv)
        message.set(new Uint8Array(bytes), ivBytes)
        return `${sealedPrefix}${current.id}:${base64Of(message)}`
      },
      keepKeys: async () => {
        for (const key of used.values()) await ring.keep(key)
      },
    }
  }
  return {
    begin,
    open: async (part, id, sealed) => {
      const [keyId, text] = sealed.slice(sealedPrefix.length).split(':')
      if (!sealed.startsWith(sealedPrefix) || keyId === undefined || text === undefined) return undefined
      const key = await ring.find(keyId)
      if (key === undefined) return undefined
      try {
        const message = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
        const algorithm = {
          name: 'AES-GCM',
          iv: message.subarray(0, ivBytes),
          additionalData: boundTo(part, id, keyId),
        }
        return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, message.subarray(ivBytes)))
      } catch {
        // Neither changed text nor another key is told apart, and both leave the record where it is.
        return undefined
      }
    },
    close: () => ring.close(),
  }
}

/** In pieces: a call takes only so many arguments. */
function base64Of(bytes: Uint8Array): string {
  let text = ''
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192))
  }
  return btoa(text)
}
