/**
 * `node --conditions=holdfast-source bench/src/server/main.ts [--rounds N] [--streams N]`
 *
 * What one server process on one PostgreSQL holds, both and the load on this machine: operations a second over HTTP beside
 * the bare writes of the same rows, interleaved; pages of the feed; from a commit to the event on a stream; memory per idle
 * stream. PostgreSQL writes through to the disk. The table goes to stdout.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { batchPath, changesPath, eventsPath, parseChangesAnswer } from '@holdfast/core'
import { openPostgres } from '@holdfast/server/postgres'
import { launchPostgres } from '../../../packages/server/src/database/postgres-launcher.fixture.ts'

/** The same rows, as bare inserts in one transaction: no claims, no versions, no feed. */
const bareSql = `
with given as (select g.id, g.state from json_to_recordset($2::text::json) as g (id text, state jsonb)),
l as (
  insert into holdfast.ledger (tenant, id, user_id, device, type, hash, code, outcome, at)
  select $1, g.id, 'u', 'd', 'thing.put', repeat('0', 64), 'applied', '{"outcome":"applied"}', now() from given g
)
insert into holdfast.entities (tenant, kind, id, version, state, last_modified)
select $1, 'bare', g.id, 1, g.state, now() from given g`

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, streams: { type: 'string', default: '5000' } },
})
const rounds = Number(values.rounds)
const streamsMax = Number(values.streams)
const roundMs = 3_000
const senders = 8
const text = 'x'.repeat(300)

await using postgres = await launchPostgres({ isSynced: true })
const database = await openPostgres({ url: postgres.url, log: () => undefined })
const child = spawn(
  process.execPath,
  ['--conditions=holdfast-source', '--expose-gc', join(import.meta.dirname, 'server-process.ts'), postgres.url],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const port = await new Promise<number>((resolve) => {
  createInterface({ input: child.stdout }).once('line', (line) => resolve(Number(line)))
})
const agent = new Agent({ keepAlive: true, maxSockets: senders })
let serial = 0

try {
  for (const size of [1, 10, 100]) await compare(size)
  await pages()
  await latency()
  await idleStreams()
} finally {
  child.kill('SIGTERM')
  await once(child, 'exit')
  await database.close()
}

function ask(path: string, session: string, options: { body?: string; agent?: Agent } = {}): ClientRequest {
  const headers = {
    'x-session': session,
    ...(options.body !== undefined && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(options.body),
    }),
  }
  const method = options.body === undefined ? 'GET' : 'POST'
  const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: options.agent ?? agent })
  asked.end(options.body)
  return asked
}

function responseOf(asked: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    asked.once('response', resolve)
    asked.once('error', reject)
  })
}

async function answerOf(asked: ClientRequest): Promise<string> {
  const response = await responseOf(asked)
  let body = ''
  response.setEncoding('utf8').on('data', (chunk) => (body += String(chunk)))
  await once(response, 'end')
  if (response.statusCode !== 200) throw new Error(`200 expected, ${response.statusCode} came: ${body}`)
  return body
}

function batch(tenant: string, size: number): string {
  const operations = Array.from({ length: size }, () => {
    serial += 1
    const id = `b${process.pid}-${serial}`
    return {
      id,
      type: 'thing.put',
      version: 1,
      lane: `thing:${id}`,
      entity: { kind: 'thing', id },
      payload: { id, text },
      ageMs: 0,
    }
  })
  return JSON.stringify({
    protocol: 1,
    tenant,
    user: 'u',
    device: 'd',
    sequence: 1,
    pending: size,
    oldestAgeMs: 0,
    operations,
  })
}

async function rate(work: (sender: number) => Promise<number>): Promise<number> {
  const end = performance.now() + roundMs
  let done = 0
  const start = performance.now()
  await Promise.all(
    Array.from({ length: senders }, async (_, sender) => {
      while (performance.now() < end) done += await work(sender)
    }),
  )
  return (done * 1000) / (performance.now() - start)
}

async function compare(size: number): Promise<void> {
  const [ours, bare]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    ours.push(
      await rate(async (sender) => {
        await answerOf(ask(batchPath, `t${sender}/u`, { body: batch(`t${sender}`, size) }))
        return size
      }),
    )
    bare.push(
      await rate(async (sender) => {
        const rows = Array.from({ length: size }, () => {
          serial += 1
          return { id: `r${serial}`, state: { id: `r${serial}`, text } }
        })
        await database.tx(`t${sender}`, ({ query }) => query('bare', bareSql, [`t${sender}`, JSON.stringify(rows)]))
        return size
      }),
    )
  }
  const [one, other] = [median(ours), median(bare)]
  console.log(
    `batch of ${size}: ${one.toFixed(0)} operations/s over HTTP, bare writes ${other.toFixed(0)}/s, ratio ${(one / other).toFixed(2)}`,
  )
}

async function pages(): Promise<void> {
  let after = 0
  const perSecond = await rate(async () => {
    return (
      parseChangesAnswer(
        JSON.parse(await answerOf(ask(`${changesPath}?after=${(after += 100) % 1000}&limit=100`, 't0/u'))),
      )?.changes.length ?? 0
    )
  })
  console.log(`feed: ${perSecond.toFixed(0)} changes/s in pages of 100`)
}

async function latency(): Promise<void> {
  const asked = ask(eventsPath, 'latency/u', { agent: new Agent() })
  const stream = await responseOf(asked)
  let heard = (): void => undefined
  stream.on('data', (chunk) => {
    if (String(chunk).includes('event: head')) heard()
  })
  const times: number[] = []
  for (let n = 0; n < 100; n += 1) {
    const moved = new Promise<void>((resolve) => {
      heard = resolve
    })
    await answerOf(ask(batchPath, 'latency/u', { body: batch('latency', 1) }))
    const answered = performance.now()
    await moved
    times.push(performance.now() - answered)
  }
  asked.destroy()
  times.sort((a, b) => a - b)
  console.log(
    `from the answer to the event: median ${median(times).toFixed(1)} ms, 99th ${(times[98] ?? 0).toFixed(1)} ms`,
  )
}

async function idleStreams(): Promise<void> {
  const before = memoryBytes()
  const open: ClientRequest[] = []
  for (let n = 0; n < streamsMax; n += 100) {
    const more = Array.from({ length: 100 }, (_, i) =>
      ask(eventsPath, `t${(n + i) % 50}/u${n + i}`, { agent: new Agent() }),
    )
    await Promise.all(more.map((asked) => once(asked, 'response')))
    open.push(...more)
  }
  const perStream = (memoryBytes() - before) / streamsMax
  console.log(`${streamsMax} idle streams: ${(perStream / 1024).toFixed(1)} kB of the server's memory each`)
  for (const asked of open) asked.destroy()
}

function memoryBytes(): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
