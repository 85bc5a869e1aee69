/** The rules for fields that both sides changed: ranked states, texts, counters, money, a function of one's own. */
import type { Json } from './json.ts'
import type { Merged, MergeRule, MergeSides } from './merge.ts'

/** Stands between two texts that were both kept. */
export const textSeparator = '\n\n--- also written ---\n'

/** What a rule says when it cannot: a person must. */
const unsettled: Merged = { kind: 'unsettled', fields: [''] }

/**
 * A state out of a list, lowest first: of two changes the higher one stands. A value that is not in the list gives way
 * to one that is; two of them are for a person. Whoever alone changes the state sets it freely, downwards as well.
 *
 * @example
 * ranked(['cancelled', 'created', 'pending', 'assigned', 'in_progress', 'completed'])
 */
export function ranked(lowestFirst: readonly string[]): MergeRule {
  const rankOf = (value: Json | undefined): number => (typeof value === 'string' ? lowestFirst.indexOf(value) : -1)
  return ({ mine, theirs }) => {
    const difference = rankOf(mine) - rankOf(theirs)
    if (difference === 0) return unsettled
    return { kind: 'merged', value: difference > 0 ? mine : theirs }
  }
}

/**
 * A text: both sides stand one after the other, theirs first, with {@link textSeparator} between them. A part that stands
 * there already is not repeated, so merging again changes nothing; a part that one side took away is gone, unless the
 * other has written it anew.
 */
export function text(): MergeRule {
  return ({ base, mine, theirs }) => {
    const [before, ours, others] = [partsOf(base), partsOf(mine), partsOf(theirs)]
    if (ours === undefined || others === undefined) return unsettled
    const isKept = (part: string, elsewhere: ReadonlySet<string>): boolean =>
      elsewhere.has(part) || before?.has(part) !== true
    const kept = [
      ...[...others].filter((part) => isKept(part, ours)),
      ...[...ours].filter((part) => !others.has(part) && isKept(part, others)),
    ]
    if (kept.length > 0) return { kind: 'merged', value: kept.join(textSeparator) }
    // Nothing is left of it: as nothing as one of the sides made it.
    const nothings = [mine, theirs].filter((side) => side === null || side === undefined)
    if (mine === '' || theirs === '' || nothings.length === 0) return { kind: 'merged', value: '' }
    return { kind: 'merged', value: nothings.includes(null) ? null : undefined }
  }
}

/** The parts of a text; none of what is empty or absent, `undefined` for what is no text. */
function partsOf(value: Json | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || value === null || value === '') return new Set()
  return typeof value === 'string' ? new Set(value.split(textSeparator)) : undefined
}

/**
 * A whole number that people count up and down: what each side added is added to what both started from. Not for money,
 * and unsettled where the base was not kept or a sum is no longer exact. Safe only because an operation is applied once.
 */
export function counter(): MergeRule {
  const add: MergeRule = ({ base = 0, mine = 0, theirs = 0 }, { hasBase }) => {
    if (!hasBase || !isWhole(base) || !isWhole(mine) || !isWhole(theirs)) return unsettled
    const sum = theirs + (mine - base)
    return isWhole(sum) ? { kind: 'merged', value: sum } : unsettled
  }
  return Object.assign(add, { addsUp: true })
}

/** An amount of money: two different changes are always for a person. */
export function money(): MergeRule {
  return manually()
}

/** A field of which two different changes are always for a person. */
export function manually(): MergeRule {
  return () => unsettled
}

/**
 * A rule of one's own. The function must be pure; it gives the value, `null` or any other JSON, or `undefined` when it
 * cannot say: then a person must.
 */
export function custom(merge: (sides: MergeSides) => Json | undefined): MergeRule {
  return (sides) => {
    const value = merge(sides)
    return value === undefined ? unsettled : { kind: 'merged', value }
  }
}

function isWhole(value: Json): value is number {
  return Number.isSafeInteger(value)
}
