import { isRecord, parseBatchRequest, parseChangesAnswer, parseWireOperation, type Json } from '@holdfast/core'
import { expect, test } from 'vitest'
import type { Database } from '../database/database.ts'
import { changeNote, noteHandlers, noteOp } from '../notes.fixture.ts'
import { createSyncServer } from '../sync-server.ts'
import { apiDescription } from './description-doors.ts'
import { describeApi } from './openapi.ts'
import { wireSchemas } from './wire-schemas.ts'

/** Nobody is signed in here, so nothing asks it. */
const unasked = () => Promise.reject(new Error('nothing is expected to be asked'))
const database: Database = {
  tx: unasked,
  query: unasked,
  listen: unasked,
  close: unasked,
  [Symbol.asyncDispose]: unasked,
}
const sync = createSyncServer({ database, handlers: noteHandlers, authenticate: () => null })

/** A type whose validator can say its schema, and whose name would break a page. */
const spoken = {
  ...changeNote,
  type: '<script>alert(1)</script>',
  payload: {
    '~standard': {
      ...changeNote.payload['~standard'],
      jsonSchema: { input: ({ target }: { target: string }) => ({ type: 'object', $comment: target }) },
    },
  },
}
const doors = apiDescription({
  title: 'Notes & more',
  version: '7',
  routes: sync.api,
  operations: [changeNote, spoken],
})

test('every route that is mounted is described, and what is described answers', async () => {
  const description: unknown = await (await doors.request('/openapi.json')).json()
  const paths = isRecord(description) && isRecord(description['paths']) ? description['paths'] : {}
  const mounted = sync.routes.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(':id', '{id}')}`)
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(isRecord(methods) ? methods : {}).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(described.toSorted()).toEqual(mounted.toSorted())
  for (const route of described) {
    const [method = '', template = ''] = route.split(' ')
    const path = template.replace('{id}', 'x')
    const { status } = await sync.routes.request(path, { method })
    expect([200, 401], route).toContain(status)
    expect((await sync.routes.request(path, { method: 'PATCH' })).headers.get('allow')).toContain(method)
  }
})

test('every reference in the description leads somewhere', () => {
  const document = describeApi({ title: 't', version: '1', routes: sync.api, operations: [spoken] })
  const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name)
  expect(names.length).toBeGreaterThan(5)
  for (const name of names) expect(Object.keys(wireSchemas)).toContain(name)
})

test('a payload shows the schema that its validator says', () => {
  const document = describeApi({ title: 't', version: '1', routes: [], operations: [changeNote, spoken] })
  expect(document).toMatchObject({
    components: {
      schemas: {
        'Payload.note.change': { title: 'note.change, version 2' },
        [`Payload.${spoken.type}`]: { type: 'object', $comment: 'draft-2020-12' },
      },
    },
  })
})

test('what the schemas require is what the parsers ask for', () => {
  const operation = { ...noteOp('one', changeNote, { id: 'a' }) }
  const batch = { protocol: 1, tenant: 't', user: 'u', device: 'd', sequence: 0, pending: 1, oldestAgeMs: 0 }
  const change = { seq: 1, kind: 'note', id: 'a', version: 1, deleted: false }
  const cases: readonly (readonly [string, { readonly [name: string]: unknown }, (value: unknown) => boolean])[] = [
    ['Operation', operation, (value) => parseWireOperation(value, '').fault === undefined],
    ['BatchRequest', { ...batch, operations: [operation] }, (value) => parseBatchRequest(value).fault === undefined],
    [
      'ChangesAnswer',
      { epoch: 'e', head: 1, from: 0, changes: [change] },
      (value) => parseChangesAnswer(value) !== undefined,
    ],
  ]
  for (const [name, whole, isTaken] of cases) {
    const schema = wireSchemas[name] ?? {}
    const required: Json = schema['required'] ?? []
    expect(isTaken(whole), name).toBe(true)
    for (const [property] of Object.entries(whole)) {
      const { [property]: _, ...without } = whole
      const isRequired = Array.isArray(required) && required.includes(property)
      expect(isTaken(without), `${name} without ${property}`).toBe(!isRequired)
    }
  }
})

test('F082 the page escapes what it shows and has no script', async () => {
  const page = await (await doors.request('/openapi')).text()
  expect(page).toContain('Notes &amp; more, version 7')
  expect(page).toContain('&lt;script&gt;')
  expect(page).not.toContain('<script')
  expect((await doors.request('/openapi', { method: 'POST' })).status).toBe(405)
})
