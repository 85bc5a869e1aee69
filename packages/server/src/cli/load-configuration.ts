/** Finds and loads the configuration module: the file that was named, else `holdfast.config.*` in the working folder. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from './command.ts'
import { parseConfiguration, type Configuration } from './configuration.ts'

/** The names that are looked for, in this order. */
const configurationNames: readonly string[] = ['holdfast.config.ts', 'holdfast.config.js', 'holdfast.config.mjs']

/**
 * Loads the configuration; `undefined` when none was named and the folder has none.
 *
 * @throws UsageError when the named file is not there; Error when the module cannot be loaded or has faults
 */
export async function loadConfiguration(
  workingFolder: string,
  named: string | undefined,
): Promise<Configuration | undefined> {
  const file = fileOf(workingFolder, named)
  if (file === undefined) return undefined
  const parsed = parseConfiguration(await importDefault(file))
  if ('configuration' in parsed) return parsed.configuration
  throw new Error(
    `The configuration ${file} cannot be used:\n${parsed.faults.map((fault) => `  - ${fault}`).join('\n')}`,
  )
}

function fileOf(workingFolder: string, named: string | undefined): string | undefined {
  if (named === undefined) {
    return configurationNames.map((name) => join(workingFolder, name)).find((path) => existsSync(path))
  }
  const file = resolve(workingFolder, named)
  if (!existsSync(file)) throw new UsageError(`--config is expected to name a file, and ${file} is not there.`)
  return file
}

async function importDefault(file: string): Promise<unknown> {
  try {
    const module: unknown = await import(pathToFileURL(file).href)
    return typeof module === 'object' && module !== null ? Reflect.get(module, 'default') : undefined
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    const came = error instanceof Error ? error.message : String(error)
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw new Error(
        `This Node (${process.versions.node}) does not read TypeScript: use Node 22.18 or newer, or write the configuration in JavaScript (holdfast.config.js).`,
        { cause: error },
      )
    }
    throw new Error(`The configuration ${file} could not be loaded. What came: ${came}`, { cause: error })
  }
}
