/**
 * `holdfast dead-letters`: the operations of a tenant that the server has refused and nothing has replaced. Shows who,
 * what type and why; never a payload.
 */
import { isRecord } from '@holdfast/core'
import type { Database, Row } from '../../database/database.ts'
import { UsageError, type Command } from '../command.ts'
import { readOptions, wholeNumber } from '../options.ts'

const limitDefault = 100
const limitMax = 10_000

// Uses ledger_refused.
const listSql = `
select l.id, l.type, l.user_id, l.device, l.outcome, to_char(l.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at
from holdfast.ledger l
where l.tenant = $1 and l.code = 'rejected' and l.successor is null and ($2::text is null or l.user_id = $2::text)
order by l.at desc, l.id
limit $3::integer`

/** The command. */
export const deadLettersCommand: Command = {
  summary: 'list the refused operations of a tenant, newest first',
  usage: '--tenant TENANT [--user USER] [--limit N] [--json]',
  help: 'They wait on the device that made them for a person to edit, retry or discard them. Payloads are not shown.',
  run: async (argv, { out, err, openDatabase }) => {
    const options = readOptions(argv, { tenant: 'text', user: 'text', limit: 'text', json: 'switch' })
    const tenant = options.text('tenant')
    if (tenant === undefined || tenant === '') throw new UsageError('--tenant is expected: whose operations to list.')
    const limitText = options.text('limit')
    const limit = limitText === undefined ? limitDefault : wholeNumber('limit', limitText, 1, limitMax)
    const letters = await listDeadLetters(await openDatabase(), tenant, { user: options.text('user'), limit })
    for (const letter of letters) out(options.isOn('json') ? JSON.stringify(letter) : lineOf(letter))
    if (letters.length === 0) err(`No refused operation of tenant "${printable(tenant)}".`)
    if (letters.length === limit) err(`Only the newest ${limit} are shown; --limit shows more.`)
    return 0
  },
}

/** A refused operation. */
interface DeadLetter {
  readonly at: string
  readonly id: string
  readonly type: string
  readonly user: string
  readonly device: string
  /** The problem's type and detail. */
  readonly problem: string
  readonly detail: string
}

async function listDeadLetters(
  database: Database,
  tenant: string,
  { user, limit }: { readonly user: string | undefined; readonly limit: number },
): Promise<readonly DeadLetter[]> {
  const rows = await database.tx(tenant, ({ query }) =>
    query('holdfast-dead-letters', listSql, [tenant, user ?? null, limit]),
  )
  return rows.map(letterOf)
}

function letterOf(row: Row): DeadLetter {
  const outcome = isRecord(row['outcome']) ? row['outcome'] : {}
  const problem = isRecord(outcome['problem']) ? outcome['problem'] : {}
  return {
    at: textOf(row['at']),
    id: textOf(row['id']),
    type: textOf(row['type']),
    user: textOf(row['user_id']),
    device: textOf(row['device']),
    problem: textOf(problem['type']),
    detail: textOf(problem['detail'] ?? problem['title']),
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function lineOf({ at, id, type, user, device, problem, detail }: DeadLetter): string {
  return [at, id, type, user, device, problem, detail].map(printable).join('\t')
}

/**
 * Names come from devices: none may move the cursor, start a line of its own or hide what follows, nor be taken for a
 * formula by a sheet that the list is pasted into.
 */
function printable(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
  return /^[=+\-@]/.test(plain) ? `'${plain}` : plain
}
