import type { QueuedOperation } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countMarked, isMarked, roomForMarks, setMark } from './marks.ts'
import {
  countOf,
  cutIntoSegments,
  entryAt,
  openSegment,
  packSegment,
  placeholderKey,
  segmentEntriesMax,
  segmentKey,
  segmentSizeMax,
  sequenceOf,
} from './segment.ts'
import { queuedOperation } from './store.fixture.ts'

/** The record of a group that fits into one segment. */
const packed = (group: readonly QueuedOperation[]): string =>
  cutIntoSegments(group, 'medium').map(packSegment).join('more than one')

describe('keys', () => {
  test('say sequence and count, and order by sequence', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 42 }),
        fc.integer({ min: 1, max: segmentEntriesMax }),
        (sequence, count) => {
          const key = segmentKey(sequence, count)
          expect([sequenceOf(key), countOf(key)]).toEqual([sequence, count])
          expect(sequenceOf(placeholderKey(sequence))).toBe(sequence)
          expect(countOf(placeholderKey(sequence))).toBe(0)
          expect(key).toBeLessThan(placeholderKey(sequence))
          expect(placeholderKey(sequence)).toBeLessThan(segmentKey(sequence + 1, 1))
          expect(Number.isSafeInteger(placeholderKey(sequence))).toBe(true)
        },
      ),
    )
  })
})

describe('segments', () => {
  test('a group is cut into segments within both limits, in order, and as few as that allows in a row', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 300 }), (sizes) => {
        const group = sizes.map((size, index) => queuedOperation(`id-${index}`, { size }))
        const segments = cutIntoSegments(group, 'medium')
        expect(segments.flat().map(({ queued }) => queued)).toEqual(group)
        expect(segments.flat().map(({ nth }) => nth)).toEqual(group.map((_, nth) => nth))
        expect(cutIntoSegments(group, 'high')).toEqual([])
        for (const [nth, segment] of segments.entries()) {
          const bytesOf = (items: typeof segment): number =>
            items.reduce((sum, { queued }) => sum + JSON.stringify(queued.operation).length, 0)
          expect(segment.length).toBeGreaterThan(0)
          expect(segment.length).toBeLessThanOrEqual(segmentEntriesMax)
          expect(segment.length === 1 || bytesOf(segment) <= segmentSizeMax).toBe(true)
          const next = segments[nth + 1]
          if (next === undefined) continue
          const withNext = [...segment, ...next.slice(0, 1)]
          expect(withNext.length > segmentEntriesMax || bytesOf(withNext) > segmentSizeMax).toBe(true)
        }
      }),
      { numRuns: 25 },
    )
  })

  test('entries come back from a record as they went in, whatever text is in them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ text: fc.string({ unit: 'binary' }), isSkip: fc.boolean() }), { minLength: 1 }),
        (items) => {
          const group = items.map(({ text, isSkip }, index) => {
            const queued = queuedOperation(`id-${index}`, { onDead: isSkip ? 'skip' : 'block' })
            return { ...queued, operation: { ...queued.operation, payload: { text, line: 'a\nb\r\u2028' } } }
          })
          const key = segmentKey(3, group.length)
          const segment = openSegment('medium', key, packed(group))
          const read = group.map((_, index) => (segment === undefined ? undefined : entryAt(segment, index)))
          expect(read.map((entry) => entry?.operation)).toEqual(group.map(({ operation }) => operation))
          expect(read.map((entry) => entry?.onDead)).toEqual(group.map(({ onDead }) => onDead))
        },
      ),
      // A whole array is compared each time: more would only be slow.
      { numRuns: 40 },
    )
  })

  test('F046 what is no record of this key is damaged, and nothing throws', () => {
    const key = segmentKey(1, 2)
    const good = packed([queuedOperation('a'), queuedOperation('b')])
    for (const record of [
      undefined,
      null,
      7,
      {},
      '',
      '\n\n',
      good.slice(0, 10),
      `${good}\n{}`,
      good.replace('\n', ''),
    ]) {
      expect(openSegment('medium', key, record)).toBeUndefined()
    }
    const cut = openSegment('medium', key, good.slice(0, -3))
    expect(cut === undefined ? undefined : [entryAt(cut, 0)?.operation.id, entryAt(cut, 1), entryAt(cut, 2)]).toEqual([
      'a',
      undefined,
      undefined,
    ])
  })
})

test('marks are a set of indexes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(segmentEntriesMax - 1)), (indexes) => {
      const [first, ...others] = indexes
      const before = roomForMarks(segmentEntriesMax)
      if (first !== undefined) setMark(before, first)
      const marks = roomForMarks(segmentEntriesMax, before)
      for (const index of others) setMark(marks, index)
      setMark(marks, segmentEntriesMax)
      const expected = new Set(indexes)
      expect(countMarked(marks)).toBe(expected.size)
      expect(countMarked(before)).toBe(first === undefined ? 0 : 1)
      for (let index = 0; index < segmentEntriesMax; index += 1)
        expect(isMarked(marks, index)).toBe(expected.has(index))
    }),
  )
})
