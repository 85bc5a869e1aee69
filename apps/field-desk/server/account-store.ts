/** Accounts in the database (tables.ts). */
import type { Database } from '@holdfast/server'
import { parseAccount, textOf, type Account, type Accounts } from './accounts.ts'
import { hashPassword } from './password.ts'

// Uses the unique index on email.
const byEmailSql = `
select tenant, user_id, name, company, roles, password_hash from field_desk.accounts where email = $1`

const addSql = `
insert into field_desk.accounts (tenant, user_id, email, name, company, roles, password_hash)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`

const emailsSql = `select email from field_desk.accounts`

/** An account for trying things out. */
export interface DemoAccount extends Account {
  readonly email: string
}

/** Two people of one company and one of another: enough to see that companies never see one another. */
export const demoAccounts: readonly DemoAccount[] = [
  {
    tenant: 'north',
    user: 'ana',
    email: 'ana@north.example',
    name: 'Ana',
    company: 'North',
    roles: ['manager', 'staff'],
  },
  { tenant: 'north', user: 'ben', email: 'ben@north.example', name: 'Ben', company: 'North', roles: ['staff'] },
  {
    tenant: 'south',
    user: 'cleo',
    email: 'cleo@south.example',
    name: 'Cleo',
    company: 'South',
    roles: ['manager', 'staff'],
  },
]

/** The password of all demo accounts. It protects nothing, and the start says so. */
export const demoPassword = 'demo'

/** Opens the accounts. The tables must be there (tables.ts). */
export function openAccounts(database: Database): Accounts {
  return {
    findByEmail: async (email) => {
      const [row] = await database.query('account-by-email', byEmailSql, [email])
      return row === undefined ? undefined : { ...parseAccount(row), passwordHash: textOf(row, 'password_hash') }
    },
  }
}

/** Adds the demo accounts that are missing. */
export async function addDemoAccounts(database: Database): Promise<void> {
  const rows = await database.query('account-emails', emailsSql, [])
  const known = new Set(rows.map((row) => textOf(row, 'email')))
  for (const account of demoAccounts.filter(({ email }) => !known.has(email))) {
    const { tenant, user, email, name, company, roles } = account
    const who = [tenant, user, email, name, company, roles.join(',')]
    await database.query('add-account', addSql, [...who, await hashPassword(demoPassword)])
  }
}
