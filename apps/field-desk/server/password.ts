/**
 * Passwords: hashed with scrypt, compared in constant time. Checking costs the same whether the account exists or not,
 * so that the time of an answer does not tell who has one.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
 */
import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'

// 16 MB and about 30 ms: what a small server can afford for each of a few sign-ins at once.
const cost = { N: 2 ** 14, r: 8, p: 2 } as const
const saltBytes = 16
const hashBytes = 32

/** Longest password that is looked at, in characters. */
export const passwordMax = 200

/** Hashes a password: `scrypt$N$r$p$salt$hash`, salt and hash in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await derive(password, salt, hashBytes, cost)
  const { N, r, p } = cost
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** Whether a password is the one that was hashed. With no hash the same work is done and the answer is false. */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const parsed = parseHash(stored ?? '')
  const { salt, hash, options } = parsed ?? {
    salt: Buffer.alloc(saltBytes),
    hash: Buffer.alloc(hashBytes),
    options: cost,
  }
  const derived = await derive(password, salt, hash.length, options)
  return timingSafeEqual(derived, hash) && parsed !== undefined
}

function parseHash(text: string): { salt: Buffer; hash: Buffer; options: ScryptOptions } | undefined {
  const [kind, N, r, p, salt = '', hash = ''] = text.split('$')
  const options = { N: Number(N), r: Number(r), p: Number(p) }
  const isUsable =
    kind === 'scrypt' && Object.values(options).every((value) => Number.isSafeInteger(value) && value > 0)
  if (!isUsable || hash === '') return undefined
  return { salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url'), options }
}

/** The work is done on another thread: the server goes on answering. */
function derive(password: string, salt: Buffer, length: number, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, length, { ...options, maxmem: 64 * 1024 * 1024 }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}
