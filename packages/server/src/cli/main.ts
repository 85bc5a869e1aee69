/** The process behind `holdfast`: output, signals, exit code. Everything else is in run-cli.ts. */
import { readFileSync } from 'node:fs'
import { runCli } from './run-cli.ts'

export { UsageError, type Command, type CommandIo } from './command.ts'
export {
  defineConfig,
  type Configuration,
  type DatabaseLocation,
  type ServedApp,
  type ServiceContext,
} from './configuration.ts'
export { readOptions, wholeNumber, type Options } from './options.ts'
export { runCli, type Surroundings } from './run-cli.ts'

/**
 * Runs a call and ends the process with its exit code. The first SIGTERM, SIGINT or SIGHUP asks for an end in good
 * order, the second one ends at once.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const stop = new AbortController()
  let signals = 0
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      signals += 1
      stop.abort()
      if (signals > 1) process.exit(1)
    })
  }
  const code = await runCli(argv, {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    env: process.env,
    workingFolder: process.cwd(),
    stopping: stop.signal,
    version: releaseOf(new URL('../../package.json', import.meta.url)),
  })
  // Output to a pipe is written later: it must be out before the end.
  process.exitCode = code
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
  )
  process.exit(code)
}

function releaseOf(manifest: URL): string {
  const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  const version: unknown = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'version') : undefined
  return typeof version === 'string' ? version : 'unknown'
}
