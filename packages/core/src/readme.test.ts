import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import * as core from './index.ts'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))
const readme = (): Promise<string> => readFile(new URL('../README.md', import.meta.url), 'utf8')
const blockOf = (text: string, language: string): string => text.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? ''

it('R126 the example of the README runs and prints what it says', async () => {
  const text = await readme()
  const run = ['--conditions=holdfast-source', '--input-type=module-typescript', '--eval', blockOf(text, 'ts')]
  const { stdout } = await promisify(execFile)(process.execPath, run, { cwd: packageFolder })
  expect(stdout).toBe(blockOf(text, 'text'))
})

it('R127 the README names every export, and none that is not there', async () => {
  const table = (await readme()).split('## Exports')[1]?.split('## Example')[0] ?? ''
  const named = new Set([...table.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
  const source = await readFile(new URL('index.ts', import.meta.url), 'utf8')
  const lists = [...source.matchAll(/export \{([^}]*)\}/g)].map(([, list = '']) => list)
  const exported = new Set(
    [...lists.join(',').matchAll(/\w+/g)].map(([name]) => name).filter((name) => name !== 'type'),
  )
  expect([...named].toSorted()).toEqual([...exported].toSorted())
  for (const name of Object.keys(core)) expect(exported).toContain(name)
})
