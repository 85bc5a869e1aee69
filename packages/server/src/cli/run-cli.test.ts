import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchPostgres, type LaunchedPostgres } from '../database/postgres-launcher.fixture.ts'
import { openPostgres } from '../database/postgres.ts'
import { idOf, noteHandlers, noteOp } from '../notes.fixture.ts'
import { createSyncServer } from '../sync-server.ts'
import { runCli } from './run-cli.ts'

let folder = ''
let postgres: LaunchedPostgres
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'))
  postgres = await launchPostgres()
})
afterAll(async () => {
  await postgres.stop()
  await rm(folder, { recursive: true })
})

/** Writes a configuration module and gives the option that names it. */
async function configure(name: string, body: string): Promise<readonly string[]> {
  const file = join(folder, `${name}.mjs`)
  await writeFile(file, `export default ${body}`)
  return ['--config', file]
}

async function call(argv: readonly string[], stopping = new AbortController().signal) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(argv, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    env: {},
    workingFolder: folder,
    stopping,
    version: '1.2.3',
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

const database = () => JSON.stringify({ url: postgres.url })

test('help lists the kit’s commands and the configuration’s, and says what one of them takes', async () => {
  const named = await configure(
    'help',
    `{ database: ${database()}, commands: { greet: { summary: 'say hello', usage: 'NAME', run: async () => 0 } } }`,
  )
  const all = await call([...named, '--help'])
  expect(all.code).toBe(0)
  for (const name of ['serve', 'worker', 'migrate', 'doctor', 'dead-letters', 'greet']) {
    expect(all.out).toMatch(new RegExp(`^ {2}${name} `, 'm'))
    const one = await call([...named, name, '--help'])
    expect(one.code).toBe(0)
    expect(one.out).toContain(`Usage: holdfast [--config FILE] ${name}`)
  }
  expect(await call(['--version'])).toEqual({ code: 0, out: '1.2.3', err: '' })
  expect((await call(['--help'])).out).toContain('No configuration was found here')
})

test('a command of the configuration gets what stands behind its name, and its number is the exit code', async () => {
  const named = await configure(
    'added',
    `{ database: ${database()}, commands: {
      echo: { summary: 'say it again', run: async (argv, io) => { io.out(argv.join('|')); return 1 } },
      fail: { summary: 'fail', run: async () => { throw new Error('the disk is full') } },
    } }`,
  )
  expect(await call([...named, 'echo', 'a', '--b', '--config'])).toEqual({ code: 1, out: 'a|--b|--config', err: '' })
  expect(await call([...named, 'fail'])).toEqual({ code: 1, out: '', err: 'holdfast: the disk is full' })
})

test('a call that cannot be understood is exit code 2 and says what was expected', async () => {
  const named = await configure('usage', `{ database: ${database()} }`)
  const wrong: readonly (readonly [readonly string[], string])[] = [
    [[...named, 'serev'], 'A command is expected: serve, worker'],
    [[...named], 'A command is expected, got none'],
    [[...named, 'serve', '--prot', '1'], '--prot'],
    [[...named, 'serve', '--port', '70000'], 'from 0 to 65535, got "70000"'],
    [[...named, 'migrate', 'now'], 'No further words are expected, got "now"'],
    [[...named, 'dead-letters'], '--tenant is expected'],
    [['--conf', 'x', 'serve'], 'got "--conf"'],
    [['--config'], 'followed by a file'],
    [['--config', 'nowhere.mjs', 'serve'], 'is not there'],
    [[...named, 'constructor'], 'Got "constructor"'],
  ]
  for (const [argv, sentence] of wrong) {
    const { code, err } = await call(argv)
    expect(err).toContain(sentence)
    expect(code, argv.join(' ')).toBe(2)
  }
})

test('every fault of a configuration is named at once, before anything is opened', async () => {
  const named = await configure(
    'faults',
    `{ database: { url: 'mysql://secret@x' }, port: '80', handlers: [], app: 1, worker: {}, webhooks: [], extra: 1, commands: { 'Bad Name': {}, half: { summary: 'x' } } }`,
  )
  const { code, err } = await call([...named, 'serve'])
  expect(code).toBe(1)
  for (const part of [
    'database.url',
    '"port" is expected',
    '"app" is expected to be a function',
    '"worker" is expected to be a function, got a value of type object',
    '"extra" is no setting',
    '"worker" and "jobs" or "webhooks" are both given',
    '"Bad Name"',
    'the command "half"',
    '"authenticate" is expected beside "handlers"',
  ]) {
    expect(err).toContain(part)
  }
  expect(err).not.toContain('secret')
  for (const [body, sentence] of [
    ['undefined', 'default export'],
    ['{}', 'got nothing'],
    ["{ database: { url: 'postgres://x/y', folder: 'z' } }", 'got both'],
    [`{ database: ${database()}, commands: { serve: { summary: 'mine', run: async () => 0 } } }`, 'the kit’s own'],
    ['(() => { throw new Error("DATABASE_URL is expected") })()', 'DATABASE_URL is expected'],
  ] as const) {
    const fault = await call([...(await configure(`fault-${sentence.length}`, body)), 'serve'])
    expect(fault.err.replaceAll("'", '’')).toContain(sentence)
    expect(fault.code).toBe(1)
  }
  expect((await call(['serve'])).err).toContain('A configuration is expected')
})

test('F086 migrate, doctor and dead-letters on a database: from nothing to a list without payloads', async () => {
  const named = await configure('work', `{ database: ${database()} }`)
  const before = await call([...named, 'doctor'])
  expect(before.code).toBe(1)
  expect(before.out).toMatch(/failed {2,}migrations .*holdfast migrate/)
  const nowhere = await configure('nowhere', `{ database: ${JSON.stringify({ folder: join(folder, 'none') })} }`)
  expect((await call([...nowhere, 'doctor'])).out).toMatch(/failed {2,}database .*There is none in .*holdfast migrate/)
  expect((await call([...named, 'migrate'])).out).toContain('as this release expects')
  const after = await call([...named, 'doctor', '--json'])
  expect(after.code).toBe(0)
  const findings = after.out.split('\n').map((line): unknown => JSON.parse(line))
  for (const check of ['node', 'disk', 'database', 'clock', 'migrations', 'row-level security']) {
    expect(findings).toContainEqual(expect.objectContaining({ check, state: 'ok' }))
  }

  const opened = await openPostgres({ url: postgres.url, log: () => undefined })
  let nowMs = Date.UTC(2026, 0, 1)
  const clock = () => (nowMs += 1000)
  const sync = createSyncServer({ database: opened, handlers: noteHandlers, authenticate: () => null, nowMs: clock })
  const device = '=1+1 phone\u001b[2J\u202e'
  const refuse = (tenant: string, user: string, id: string) =>
    sync.apply({ tenant, user, device }, [noteOp(id, { type: 'note.remove' }, { id: 'private words' })])
  await refuse('north', 'ana', 'r1')
  await refuse('north', 'ben', 'r2')
  await refuse('south', 'cleo', 'r3')
  await opened.close()

  const all = await call([...named, 'dead-letters', '--tenant', 'north'])
  expect(all.code).toBe(0)
  expect(all.out.split('\n').map((line) => line.split('\t')[1])).toEqual([idOf('r2'), idOf('r1')])
  expect(all.out).toContain('There is no such note.')
  expect(all.out).not.toContain('private words')
  // What a device says of itself neither moves the cursor, nor turns the text round, nor is a formula.
  expect(all.out).toContain("\t'=1+1 phone\u{FFFD}[2J\u{FFFD}\t")
  const bens = await call([...named, 'dead-letters', '--tenant=north', '--user', 'ben', '--json', '--limit', '1'])
  expect(JSON.parse(bens.out)).toMatchObject({ id: 'r2', user: 'ben', problem: 'urn:holdfast:problem:refused' })
  expect(bens.err).toContain('Only the newest 1 are shown')
})

test('serve answers until it is told to stop, then ends with 0; worker gets database and signal', async () => {
  const named = await configure(
    'serve',
    `{ database: ${database()}, port: 0,
       app: async ({ database }) => ({ fetch: async () => Response.json(await database.query('one', 'select 1 as one', [])) }),
       worker: async ({ database, stopping }) => {
         await database.query('one', 'select 1 as one', [])
         if (!stopping.aborted) throw new Error('not told to stop')
       } }`,
  )
  const stop = new AbortController()
  const heard: string[] = []
  const said: string[] = []
  let isSaid = (): void => undefined
  const listening = new Promise<void>((resolve) => {
    isSaid = resolve
  })
  const serving = runCli([...named, 'serve', '--metrics-port', '0'], {
    out: (line) => {
      said.push(line)
      if (said.length === 2) isSaid()
    },
    err: (line) => heard.push(line),
    env: {},
    workingFolder: folder,
    stopping: stop.signal,
    version: '1',
  })
  await listening
  const answer = await fetch(`http://localhost:${/port (\d+)/.exec(said[0] ?? '')?.[1]}/`)
  expect(await answer.json()).toEqual([{ one: 1 }])
  const metrics = await fetch(/http:\S+/.exec(said[1] ?? '')?.[0] ?? '')
  expect(await metrics.text()).toContain('holdfast_batch_operations_count 0')
  stop.abort()
  expect(await serving).toBe(0)
  expect(heard.map((line) => (JSON.parse(line) as { event: string }).event)).toContain('stopped')
  expect((await call([...named, 'worker'], AbortSignal.abort())).code).toBe(0)
  const jobs = await configure('jobs', `{ database: ${database()}, jobs: [{ type: 'j', work: async () => ({}) }] }`)
  expect(await call([...jobs, 'worker', '--attempts', '2'], AbortSignal.abort())).toMatchObject({ code: 0 })
  expect((await call([...jobs, 'worker', '--attempts', '0'])).code).toBe(2)
  const empty = await configure('empty', `{ database: ${database()} }`)
  expect((await call([...empty, 'serve'])).err).toContain('nothing to serve')
  expect((await call([...empty, 'worker'])).err).toContain('"jobs", "webhooks" or a function "worker"')
})

test('the installed door starts under any Node and passes the exit code on', async () => {
  const door = fileURLToPath(new URL('../../bin/holdfast.mjs', import.meta.url))
  const child = spawn(process.execPath, [door, 'serev'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => (said += String(chunk)))
  await once(child, 'close')
  expect(said).toContain('Got "serev"')
  expect(child.exitCode).toBe(2)
})
