// The door of the npm scripts, tried as npm uses it: as a process. Only what it says before it sets anything up: a test must not
// touch the packages that it runs on.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

const door = fileURLToPath(new URL('run.mjs', import.meta.url))

test('names its jobs when asked for another', () => {
  const { status, stderr } = spawnSync(process.execPath, [door, 'deploy'], { encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toContain('start, test, test:full, simulate, kills, peers, ocr:score, bench')
  expect(stderr).toContain('Got: deploy')
})
