import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** What the example leaves to its reader: an operation, an order, a test runner. */
const prelude = `
import assert from 'node:assert/strict'
import { defineLane, defineOperation } from '@holdfast/core'
const payload = { '~standard': { version: 1, vendor: 'readme', validate: (value) => ({ value }) } }
const lane = defineLane('order')
const placeOrder = defineOperation({ type: 'pos.order', version: 1, payload, lane: ({ id }) => lane(id) })
const order = { id: 'o-1' }
const expect = (value) => ({ toHaveLength: (length) => assert.equal(value.length, length) })
const test = async (name, work) => { await work(); console.log('passed: ' + name) }
`

it('the example of the README on testing runs, and what it claims holds', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const example = readme.split('## Testing an app with it')[1]?.split('```ts\n')[1]?.split('```')[0] ?? ''
  const run = ['--conditions=holdfast-source', '--input-type=module-typescript', '--eval', prelude + example]
  const { stdout } = await promisify(execFile)(process.execPath, run, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  })
  expect(stdout).toBe('passed: an order that is placed offline is applied once, in spite of a lost answer\n')
})
