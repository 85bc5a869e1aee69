// What every merge promises, over any data.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isEqualJson } from './json-equality.ts'
import { jsonFrom } from './json.fixture.ts'
import { canonicalText, isList, isRecord, type Json } from './json.ts'
import { counter, ranked, text, textSeparator } from './merge-rules.ts'
import { setById } from './merge-set.ts'
import { mergeThreeWay, nested, type MergeContext, type MergeRules } from './merge.ts'

const rules: MergeRules = {
  status: ranked(['low', 'middle', 'high']),
  notes: text(),
  items: setById('id', { label: text() }),
  site: nested({ notes: text() }),
}

const status = fc.constantFrom('low', 'middle', 'high')
const words = fc.constantFrom('', 'a', 'b', 'c', `a${textSeparator}b`)
const item = fc.oneof(fc.record({ id: fc.constantFrom('1', '2', '3'), label: words }), fc.constantFrom('x', 'y'))
const document = fc.record(
  {
    status,
    notes: words,
    items: fc.uniqueArray(item, { maxLength: 4, selector: (it) => (typeof it === 'string' ? it : it.id) }),
    site: fc.record({ notes: words, code: fc.integer({ min: 0, max: 3 }) }, { requiredKeys: [] }),
    free: fc.jsonValue({ maxDepth: 2 }).map((value) => jsonFrom(JSON.stringify(value))),
    constructor: fc.integer({ min: 0, max: 2 }),
  },
  { requiredKeys: ['status'] },
)
// fast-check makes objects without a prototype or with strange members; what is stored has been through JSON.
const doc = document.map((value) => jsonFrom(JSON.stringify(value)))
const times = fc.record({ mineAtMs: fc.integer({ min: 0, max: 2 }), theirsAtMs: fc.integer({ min: 0, max: 2 }) })
const runs = { numRuns: 400 }

function merge(base: Json | undefined, mine: Json, theirs: Json, context: MergeContext): Json {
  const merged = mergeThreeWay({ base, mine, theirs }, rules, context)
  if (merged.kind === 'unsettled' || merged.value === undefined) throw new Error(`unsettled: ${JSON.stringify(merged)}`)
  return merged.value
}

test('F091 a merge is the same each time, and changes nothing in place', () => {
  fc.assert(
    fc.property(doc, doc, doc, times, (base, mine, theirs, at) => {
      const before = JSON.stringify([base, mine, theirs])
      expect(merge(base, mine, theirs, at)).toEqual(merge(base, mine, theirs, at))
      expect(JSON.stringify([base, mine, theirs])).toBe(before)
    }),
    runs,
  )
})

test('F091 a side merged with itself or with its base is itself', () => {
  fc.assert(
    fc.property(doc, doc, times, (base, mine, at) => {
      expect(merge(base, mine, mine, at)).toEqual(mine)
      expect(merge(base, mine, base, at)).toEqual(mine)
      expect(merge(base, base, mine, at)).toEqual(mine)
    }),
    runs,
  )
})

test('F092 merging the same change again changes nothing', () => {
  fc.assert(
    fc.property(doc, doc, doc, times, (base, mine, theirs, at) => {
      const once = merge(base, mine, theirs, at)
      expect(merge(base, mine, once, at)).toEqual(once)
    }),
    runs,
  )
})

test('F092 what one side left alone, the other side decides', () => {
  fc.assert(
    fc.property(doc, doc, doc, times, (base, mine, theirs, at) => {
      const merged = merge(base, mine, theirs, at)
      for (const name of ['status', 'notes', 'items', 'site', 'free', 'constructor']) {
        const [b, m, t, came] = [base, mine, theirs, merged].map((side) => memberOf(side, name))
        if (isEqualJson(b, m)) expect(came).toEqual(t)
        else if (isEqualJson(b, t)) expect(came).toEqual(m)
      }
    }),
    runs,
  )
})

test('F092 no value is invented: every one comes from a side', () => {
  fc.assert(
    fc.property(fc.option(doc, { nil: undefined }), doc, doc, times, (base, mine, theirs, at) => {
      const known = new Set([...partsOf(mine), ...partsOf(theirs)])
      for (const part of partsOf(merge(base, mine, theirs, at))) expect(known).toContain(part)
    }),
    runs,
  )
})

test('F091 who merges from the other side comes to the same, but for the order in texts and lists', () => {
  fc.assert(
    fc.property(doc, doc, doc, times, (base, mine, theirs, at) => {
      const there = merge(base, theirs, mine, { mineAtMs: at.theirsAtMs, theirsAtMs: at.mineAtMs })
      expect(partsOf(merge(base, mine, theirs, at)).toSorted()).toEqual(partsOf(there).toSorted())
    }),
    runs,
  )
})

test('F091 three changes come to the same in whichever order they are grouped: texts, sets, states, counters', () => {
  const grouped: MergeRules = { ...rules, count: counter() }
  const change = fc.record({
    status,
    notes: words,
    items: fc.uniqueArray(fc.constantFrom('p', 'q', 'r', 's'), { maxLength: 4 }),
    count: fc.integer({ min: -5, max: 5 }),
  })
  fc.assert(
    fc.property(change, change, change, (a, b, c) => {
      const base = { status: 'none', notes: '', items: [], count: 0 }
      const at = { mineAtMs: 1, theirsAtMs: 1 }
      const both = (mine: Json, theirs: Json): Json => {
        const merged = mergeThreeWay({ base, mine, theirs }, grouped, at)
        return merged.kind === 'merged' ? (merged.value ?? null) : merged.fields.join()
      }
      expect(partsOf(both(a, both(b, c))).toSorted()).toEqual(partsOf(both(both(a, b), c)).toSorted())
    }),
    runs,
  )
})

test('a long text of many parts is merged at once, and each part stands once', () => {
  const long = Array.from({ length: 20_000 }, (_, nth) => `line ${nth % 100}`).join(textSeparator)
  const merged = merge(
    undefined,
    { status: 'low', notes: `${long}!` },
    { status: 'low', notes: long },
    { mineAtMs: 1, theirsAtMs: 2 },
  )
  const notes = memberOf(merged, 'notes')
  expect(typeof notes === 'string' && notes.split(textSeparator)).toHaveLength(101)
})

test('F074 keys that mean something to JavaScript are plain keys in a merge', () => {
  const hostile = jsonFrom('{"__proto__": {"isPolluted": true}, "constructor": {"prototype": {"isPolluted": true}}}')
  const merged = mergeThreeWay(
    { base: {}, mine: { site: hostile, items: [hostile] }, theirs: { site: { a: 1 }, items: [{ id: '__proto__' }] } },
    { items: setById('__proto__') },
    { mineAtMs: 2, theirsAtMs: 1 },
  )
  expect(merged.kind).toBe('merged')
  expect(memberOf({}, 'isPolluted')).toBeUndefined()
  expect(Reflect.get({}, 'isPolluted')).toBeUndefined()
  expect(Object.getPrototypeOf(merged.kind === 'merged' ? merged.value : {})).toBe(Object.prototype)
})

function memberOf(side: Json | undefined, name: string): Json | undefined {
  return isRecord(side) && Object.hasOwn(side, name) ? side[name] : undefined
}

/** The scalars of a value with the way to each; texts by their parts, items by what they are. */
function partsOf(value: Json, path = ''): readonly string[] {
  if (isList(value)) return value.flatMap((part) => partsOf(part, `${path}[${idOf(part)}]`))
  if (isRecord(value)) return Object.entries(value).flatMap(([name, part]) => partsOf(part, `${path}.${name}`))
  // What is left when nothing is left of a text is no value of its own.
  if (value === '') return []
  if (typeof value === 'string') return value.split(textSeparator).map((part) => `${path}=${part}`)
  return [`${path}=${canonicalText(value)}`]
}

function idOf(item: Json): string {
  return isRecord(item) && typeof item['id'] === 'string' ? item['id'] : ''
}
