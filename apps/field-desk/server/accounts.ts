/** Accounts: who may sign in. What the login needs of them, however they are stored (account-store.ts). */

/** A person's account in a company. */
export interface Account {
  readonly tenant: string
  readonly user: string
  readonly name: string
  readonly company: string
}

/** An account with what its password is checked against. */
export interface AccountWithPassword extends Account {
  readonly passwordHash: string
}

/** Where accounts are kept. */
export interface Accounts {
  /** Finds an account over all tenants: before the sign-in nobody's tenant is known. The address in lower case. */
  readonly findByEmail: (email: string) => Promise<AccountWithPassword | undefined>
  /** Reads the account that a session names, within its tenant. */
  readonly get: (tenant: string, user: string) => Promise<Account | undefined>
}
