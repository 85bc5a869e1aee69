import { readFileSync } from 'node:fs'
import { isRecord } from '@holdfast/core'
import { expect, test, vi } from 'vitest'
import { run } from './run.ts'

vi.setConfig({ testTimeout: 60_000 })

interface Regression {
  readonly seed: number
  readonly isEveryoneLeader: boolean
  readonly shows: string
}

const file: unknown = JSON.parse(readFileSync(new URL('../seeds/regressions.json', import.meta.url), 'utf8'))

function parseRegressions(value: unknown): readonly Regression[] {
  if (!Array.isArray(value)) throw new TypeError('seeds/regressions.json holds a list')
  return value.map((item: unknown) => {
    if (!isRecord(item) || typeof item['seed'] !== 'number' || typeof item['shows'] !== 'string') {
      throw new TypeError('a regression has a seed and says what it shows')
    }
    return { seed: item['seed'], isEveryoneLeader: item['everyoneLeads'] === true, shows: item['shows'] }
  })
}

test.each(parseRegressions(file))('seed $seed stays clean: $shows', async ({ seed, isEveryoneLeader }) => {
  expect((await run(seed, { isEveryoneLeader })).violations).toEqual([])
})
