import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hunt } from './hunt.ts'
import { mutantPage } from './mutant-page.ts'
import { mutants } from './mutants.ts'

const caught = mutants.filter(({ survivesBecause }) => survivesBecause === undefined)

test.each(caught)('the mutant "$name" breaks $keeps and is caught', { timeout: 300_000 }, async (mutant) => {
  expect(await hunt(mutant)).toBeDefined()
})

test('there are thirty mutants and more, and of twenty at most one survives', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(30)
  expect(caught.length / mutants.length).toBeGreaterThanOrEqual(0.95)
})

// The formatter aligns the columns of the page, so only words are compared.
const words = (text: string): readonly string[] => text.split(/[\s|-]+/)

test('MUTANTS.md lists these mutants and no others', () => {
  const page = readFileSync(new URL('../MUTANTS.md', import.meta.url), 'utf8')
  expect(words(page), 'run npm run simulate -- --mutants, which writes the page').toEqual(words(mutantPage(mutants)))
})
