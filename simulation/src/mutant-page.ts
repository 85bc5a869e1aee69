/** MUTANTS.md: the deliberate bugs as a page for people, made from the list that is hunted, so that it cannot go stale. */
import type { NamedMutant } from './mutant.ts'

/** The page. */
export function mutantPage(mutants: readonly NamedMutant[]): string {
  const row = ({ name, keeps }: NamedMutant): string => `| ${name} | ${keeps} |`
  return [
    '# Mutants',
    '',
    'Bugs of the kind that a queue, a store or an endpoint is really written with, put in on purpose. A test hunts each of them with seed after seed; a mutant is caught when a run breaks one of the promises that it is known to break. This page is written by `npm run simulate -- --mutants`, which also says by which seed each was caught, and a test compares it with the list.',
    '',
    `${mutants.length} mutants, all of them caught.`,
    '',
    '| the bug | breaks |',
    '| --- | --- |',
    ...mutants.map(row),
    '',
  ].join('\n')
}
