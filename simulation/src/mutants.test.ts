import { expect, test } from 'vitest'
import { hunt } from './hunt.ts'
import { mutants } from './mutants.ts'

const caught = mutants.filter(({ survivesBecause }) => survivesBecause === undefined)

test.each(caught)('the mutant "$name" breaks $keeps and is caught', { timeout: 300_000 }, async (mutant) => {
  expect(await hunt(mutant)).toBeDefined()
})
