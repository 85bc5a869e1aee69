// Builds Field Desk's pages when something that goes into them has changed, and not otherwise: `npm start` should cost
// its user nothing that an earlier start has already paid.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What a build is made from. The server of Field Desk is not built: Node runs its sources. */
const inputs = ['apps/field-desk/**/*', 'packages/*/src/**/*', 'packages/*/package.json', 'package-lock.json']
const notInputs = [/^apps\/field-desk\/(dist|server)\//, /\/node_modules\//, /\.(test|contract|fixture|browser)\.tsx?$/]

/** Where a build lies, and the note of what it was made from. */
const built = join(root, 'apps', 'field-desk', 'dist', 'index.html')
const stampFile = join(root, '.cache', 'app-build')

/** Builds the pages unless the last build was made from the same inputs. Answers whether it had to. */
export async function buildIfChanged(): Promise<boolean> {
  const stamp = await stampOfInputs()
  if (existsSync(built) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return false
  await build(stamp)
  return true
}

/** Builds the pages. */
export async function build(stamp?: string): Promise<void> {
  rmSync(stampFile, { force: true })
  const run = await appBuilder()
  await run()
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, stamp ?? (await stampOfInputs()))
}

async function stampOfInputs(): Promise<string> {
  const hash = createHash('sha256').update(process.version)
  const files: string[] = []
  for await (const entry of glob(inputs, { cwd: root, withFileTypes: true })) {
    if (entry.isFile()) files.push(join(entry.parentPath, entry.name).slice(root.length + 1))
  }
  for (const file of files.toSorted()) {
    if (notInputs.some((pattern) => pattern.test(file))) continue
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

/** Field Desk's own build function: it is loaded by address, as it belongs to another TypeScript project. */
async function appBuilder(): Promise<() => Promise<void>> {
  const address = new URL('../apps/field-desk/build.ts', import.meta.url).href
  const loaded: unknown = await import(address)
  const builder: unknown =
    typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, 'buildFieldDesk') : loaded
  if (typeof builder !== 'function') {
    throw new TypeError(`apps/field-desk/build.ts is expected to export buildFieldDesk, got ${typeof builder}`)
  }
  return async () => {
    await Promise.resolve(Reflect.apply(builder, undefined, []))
  }
}
