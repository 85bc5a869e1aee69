/** Accounts: who may sign in. What the login needs of them, however they are stored (account-store.ts). */
import type { Row } from '@holdfast/server'

/** A person's account in a company. */
export interface Account {
  readonly tenant: string
  readonly user: string
  readonly name: string
  readonly company: string
  /** What the person may do, such as `manager`. */
  readonly roles: readonly string[]
}

/** An account with what its password is checked against. */
export interface AccountWithPassword extends Account {
  readonly passwordHash: string
}

/** Where accounts are kept. */
export interface Accounts {
  /** Finds an account over all tenants: before the sign-in nobody's tenant is known. The address in lower case. */
  readonly findByEmail: (email: string) => Promise<AccountWithPassword | undefined>
}

/** Reads the columns tenant, user_id, name, company and roles. */
export function parseAccount(row: Row): Account {
  const roles = textOf(row, 'roles').split(',')
  return {
    tenant: textOf(row, 'tenant'),
    user: textOf(row, 'user_id'),
    name: textOf(row, 'name'),
    company: textOf(row, 'company'),
    roles: roles.filter((role) => role !== ''),
  }
}

/** Reads a column of text. */
export function textOf(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`${column} is expected to be text, got ${typeof value}`)
  return value
}
