/** Who works here: as the server's session door says it, and as this device remembers it. Never a token. */
import { isRecord } from '@holdfast/core'

/** A person in a company. */
export interface Identity {
  readonly tenant: string
  readonly user: string
  readonly name: string
  readonly company: string
}

/** Reads an identity; `undefined` for anything else. */
export function parseIdentity(value: unknown): Identity | undefined {
  if (!isRecord(value)) return undefined
  const { tenant, user, name, company } = value
  if (typeof tenant !== 'string' || typeof user !== 'string') return undefined
  if (typeof name !== 'string' || typeof company !== 'string') return undefined
  return { tenant, user, name, company }
}

/** True when both are the same person of the same company. */
export function isSamePerson(
  left: Pick<Identity, 'tenant' | 'user'>,
  right: Pick<Identity, 'tenant' | 'user'>,
): boolean {
  return left.tenant === right.tenant && left.user === right.user
}

/** A key for what belongs to one person; parts are encoded, so that no name can reach into another's. */
export function personKey({ tenant, user }: Pick<Identity, 'tenant' | 'user'>): string {
  return `${encodeURIComponent(tenant)}/${encodeURIComponent(user)}`
}
