/** Settings, events and forms, through their doors and through the batch door. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventKind, recordEvent, sample, samplingDefaults, samplingStart } from './analytics/operations.ts'
import { fieldsOf, formFieldsMax, submissionKind, submitForm } from './forms/operations.ts'
import { openPacks, type Packs } from './packs.fixture.ts'
import { preferencesKind, setPreferences } from './preferences/operations.ts'

let packs: Packs
beforeAll(async () => {
  packs = await openPacks()
}, 60_000)
afterAll(() => packs.close())

test('R125 a person’s settings have a door; the session says whose they are', async () => {
  const body = { id: 'p1', preferences: { theme: 'dark', sounds: false } }
  expect((await packs.ask('POST', '/api/sync/user', body)).status).toBe(201)
  expect(await packs.stateOf(preferencesKind, 'ana')).toMatchObject({ values: { theme: 'dark', sounds: false } })
  const forged = await packs.ask('POST', '/api/sync/user', { ...body, id: 'p2', userId: 'ben' })
  expect([forged.status, forged.code]).toEqual([422, 'refused'])
})

test('R125 the latest choice wins, whichever arrives last, and each setting for itself', async () => {
  const set = (id: string, preferences: Record<string, string | null>, ageMs: number) =>
    packs.send(setPreferences, id, { id, userId: 'ana', preferences }, { ageMs })
  await set('w1', { colour: 'new', size: 'big' }, 1_000)
  await set('w2', { colour: 'old', font: 'serif' }, 3_600_000)
  expect(await packs.stateOf(preferencesKind, 'ana')).toMatchObject({
    values: { colour: 'new', size: 'big', font: 'serif' },
  })
  await set('w3', { colour: null }, 0)
  expect(JSON.stringify(await packs.stateOf(preferencesKind, 'ana'))).not.toContain('"colour":"new"')
})

const eventOf = (id: string) => ({
  id,
  name: 'opened',
  timestamp: '2026-01-31T12:00:00Z',
  properties: { page: 'home' },
})

test('R144 events arrive in batches, each once, and one that cannot be read takes no other along', async () => {
  const events = [eventOf('e1'), { ...eventOf('e2'), name: '' }, eventOf('e3'), eventOf('e1'), 'x']
  const first = await packs.ask('POST', '/api/analytics/batch', { events })
  expect(first).toMatchObject({ status: 200, body: { accepted: 2 } })
  expect(first.body['failed']).toMatchObject([{ id: 'e2' }, { id: null }])
  expect(await packs.ask('POST', '/api/analytics/batch', { events: [eventOf('e1')] })).toMatchObject({
    body: { accepted: 1, failed: [] },
  })
  expect((await packs.sync.read('north', eventKind, ['e1'])).get('e1')?.version).toBe(1)
  expect((await packs.ask('POST', '/api/analytics/batch', {})).detail).toContain('events')
  const many = { events: Array.from({ length: 101 }, (_, nth) => eventOf(`m${nth}`)) }
  expect((await packs.ask('POST', '/api/analytics/batch', many)).code).toBe('too-large')
})

test('R144 events go last, a hundred at once, and hold nothing up', () => {
  const lane = recordEvent.lane(eventOf('e'))
  expect([lane.priority, lane.onDead]).toEqual(['low', 'skip'])
  expect(recordEvent.policyFor('low').batch.max).toBe(100)
})

test('under pressure one event in ten is kept, when full none is, and none goes uncounted', () => {
  const { pressureAt, fullAt, keepOneIn } = samplingDefaults
  expect(sample(samplingStart, pressureAt - 1)).toMatchObject({ kind: 'keep', weight: 1, dropped: 0 })
  expect(sample(samplingStart, pressureAt)).toMatchObject({ kind: 'skip' })
  expect(sample({ skipped: keepOneIn - 1, dropped: 3 }, pressureAt)).toEqual({
    kind: 'keep',
    weight: keepOneIn,
    dropped: 3,
    state: samplingStart,
  })
  expect(sample(samplingStart, fullAt)).toEqual({ kind: 'drop', state: { skipped: 0, dropped: 1 } })
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 * fullAt }), { maxLength: 100 }), (waits) => {
      let [state, counted] = [samplingStart, 0]
      for (const waiting of waits) {
        const sampled = sample(state, waiting)
        if (sampled.kind === 'keep') counted += sampled.weight + sampled.dropped
        ;({ state } = sampled)
      }
      expect(counted + state.skipped + state.dropped).toBe(waits.length)
    }),
  )
})

const formOf = (id: string) => ({
  id,
  fields: { name: 'Ada', colours: ['red', 'blue'], empty: '' },
  metadata: { formId: 'intake', type: 'form' as const },
})

test('R153 a form keeps its metadata, and fields of several values keep all of them', async () => {
  expect((await packs.ask('POST', '/api/forms', formOf('f1'))).status).toBe(201)
  expect((await packs.ask('POST', '/api/forms', formOf('f1'))).status).toBe(200)
  expect(await packs.stateOf(submissionKind, 'f1')).toEqual({ ...formOf('f1'), submittedBy: 'ana' })
  const odd = await packs.ask('POST', '/api/forms', { ...formOf('f2'), metadata: { formId: 'intake', type: 'order' } })
  expect(odd.detail).toContain('metadata.type')
  expect(submitForm.lane(formOf('f')).onDead).toBe('skip')
})

test('R153 names that stand several times become lists, and files stay out', () => {
  const data = new FormData()
  for (const [name, value] of [
    ['name', 'Ada'],
    ['colour', 'red'],
    ['colour', 'blue'],
    ['__proto__', 'x'],
  ] as const) {
    data.append(name, value)
  }
  data.append('photo', new Blob(['x']), 'x.png')
  const fields = fieldsOf(data)
  expect(Object.entries(fields)).toEqual([
    ['name', 'Ada'],
    ['colour', ['red', 'blue']],
    ['__proto__', 'x'],
  ])
  expect(Object.getPrototypeOf(fields)).toBe(Object.prototype)
  expect(formFieldsMax).toBe(500)
})
