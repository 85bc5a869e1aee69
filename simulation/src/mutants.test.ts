import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hunt } from './hunt.ts'
import { mutantPage } from './mutant-page.ts'
import { mutants } from './mutants.ts'

test.each(mutants)('the mutant "$name" breaks $keeps and is caught', { timeout: 300_000 }, async (mutant) => {
  expect(await hunt(mutant)).toBeDefined()
})

test('there are thirty mutants and more', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(30)
})

// The formatter aligns the columns of the page, so only words are compared.
const words = (text: string): readonly string[] => text.split(/[\s|-]+/)

test('MUTANTS.md lists these mutants and no others', () => {
  const page = readFileSync(new URL('../MUTANTS.md', import.meta.url), 'utf8')
  expect(words(page), 'run npm run simulate -- --mutants, which writes the page').toEqual(words(mutantPage(mutants)))
})
