/** The key that signs sessions: made at the first start, kept in the data folder, readable by its owner alone. */
import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const keyBytes = 32

/**
 * Reads the session key, or makes it.
 *
 * @throws Error when there is a file but it holds no key: signing with a broken key would sign everybody out
 */
export async function readOrMakeKey(dataFolder: string): Promise<Uint8Array> {
  const file = join(dataFolder, 'session.key')
  await mkdir(dataFolder, { recursive: true })
  // A link is refused when the name is taken, and appears with its whole content: of two starts at once, both use one key.
  const made = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  await writeFile(made, `${randomBytes(keyBytes).toString('base64url')}\n`, { mode: 0o600 })
  try {
    await link(made, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(made)
  }
  const key = Buffer.from((await readFile(file, 'utf8')).trim(), 'base64url')
  if (key.length !== keyBytes) {
    throw new Error(
      `${file} is expected to hold ${keyBytes} bytes in base64url, got ${key.length}. Restore it, or remove it: then everybody signs in again.`,
    )
  }
  await chmod(file, 0o600)
  return key
}
