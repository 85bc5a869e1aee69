/** References as a page meets them: what is stored and sent, and what is refused before anything is. */
import { defineLane, defineOperation, isRecord, ref, type OperationDefinition, type Reference } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { openOutboxWith } from './open-outbox.ts'
import type { Outbox } from './outbox.ts'
import { openMemoryRegistry } from './store/memory-registry.ts'
import { memoryDisk, openMemoryStore, type MemoryDisk } from './store/memory-store.ts'
import { testId } from './store/store.fixture.ts'
import { World } from './world.fixture.ts'

interface Line {
  readonly own: string
  readonly orderId: string
  readonly parts?: readonly { readonly of: string }[]
}

const lineLane = defineLane('line')
const isLine = (value: unknown): value is Line =>
  isRecord(value) && typeof value['own'] === 'string' && typeof value['orderId'] === 'string'

function define(type: string, options: Partial<OperationDefinition<Line>> = {}): OperationDefinition<Line> {
  return defineOperation({
    type,
    version: 1,
    payload: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => (isLine(value) ? { value } : { issues: [{ message: 'expected a line' }] }),
      },
    },
    lane: ({ own }: Line) => lineLane(own),
    entity: ({ own }: Line) => ({ kind: 'line', id: own }),
    ...options,
  })
}
const changing = (change: (line: Line) => unknown, isLate = false): Partial<OperationDefinition<Line>> => ({
  payload: {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const made = isLine(value) ? change(value) : undefined
        const result = isLine(made) ? { value: made } : { issues: [{ message: 'expected a line' }] }
        return isLate ? Promise.resolve(result) : result
      },
    },
  },
})

const line = define('line')
const late = define(
  'line-late',
  changing((value) => value, true),
)
const onOrder = define('line-on-order', { entity: ({ orderId }: Line) => ({ kind: 'order', id: orderId }) })
const inOrderLane = define('line-in-lane', { lane: ({ orderId }: Line) => lineLane(orderId) })
const shouting = define(
  'line-shouting',
  changing((value) => ({ ...value, orderId: value.orderId.toUpperCase() })),
)
const joining = define(
  'line-joining',
  changing((value) => ({ ...value, orderId: `no. ${value.orderId}` })),
)
const dropping = define(
  'line-dropping',
  changing((value) => ({ ...value, orderId: '' })),
)
const operations = [line, late, onOrder, inOrderLane, shouting, joining, dropping]

function open(world: World, disk: MemoryDisk = memoryDisk()): Promise<Outbox> {
  const environment = world.environment()
  return openOutboxWith(
    {
      environment,
      openStore: () => Promise.resolve(openMemoryStore(disk)),
      openRegistry: () => Promise.resolve(openMemoryRegistry(environment.random)),
    },
    { name: 'test', operations, session: { tenant: 'north', user: 'ana' }, transport: world.server.transport() },
  )
}

const parentOf = async (outbox: Outbox): Promise<Reference> =>
  ref(await outbox.enqueue(line, { own: 'parent', orderId: 'x' }), 'order')

describe('a payload with references', () => {
  test.each([line, late])(
    'R065 F052 of type $type is stored and sent as it is, after what it refers to',
    async (type) => {
      const world = new World()
      const outbox = await open(world)
      const order = await parentOf(outbox)
      const payload = { own: 'child', orderId: order, parts: [{ of: order }, { of: 'known' }] }
      const child = await outbox.enqueue(type, payload)
      expect(child.payload).toEqual(payload)
      await world.advance(1000)
      const [parent, sent] = world.server.effects
      expect(sent).toMatchObject({ payload, after: [order.operation], lane: 'line:child' })
      expect(sent?.after).toEqual([parent?.id])
      expect(await child.settled).toMatchObject({ kind: 'applied' })
      await outbox.close()
    },
  )

  test('R065 F012 is the same at every send, and after a reload', async () => {
    const world = new World()
    const disk = memoryDisk()
    const isChild = ({ lane }: { readonly lane: string }): boolean => lane === 'line:child'
    let lost = 0
    world.server.misbehave = (batch) => (batch.operations.some(isChild) && (lost += 1) < 4 ? 'lose-answer' : undefined)
    const first = await open(world, disk)
    await first.enqueue(line, { own: 'child', orderId: await parentOf(first) })
    await world.advance(2000)
    await first.close()
    const second = await open(world, disk)
    await world.advance(300_000)
    const sends = world.server.requests.flatMap((request) => request.operations.filter(isChild))
    expect(sends.length).toBeGreaterThan(1)
    expect(new Set(sends.map(({ payload }) => JSON.stringify(payload)))).toHaveProperty('size', 1)
    await second.close()
  })

  test('names no entity that depends on an id which only the server will know', async () => {
    const world = new World()
    const outbox = await open(world)
    const order = await parentOf(outbox)
    await outbox.enqueue(onOrder, { own: 'a', orderId: order })
    await outbox.enqueue(onOrder, { own: 'b', orderId: 'known' })
    await world.advance(1000)
    expect(world.server.effects.map(({ entity }) => entity?.id)).toEqual(['parent', undefined, 'known'])
    await outbox.close()
  })
})

describe('a reference is refused before anything is stored', () => {
  const refused = async (
    enqueue: (outbox: Outbox, order: Reference) => Promise<unknown>,
    code: string,
    hint: string,
  ): Promise<void> => {
    const world = new World()
    world.server.misbehave = () => 'lose-request'
    const outbox = await open(world)
    const order = await parentOf(outbox)
    const error: unknown = await enqueue(outbox, order).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ code })
    expect(String(error)).toContain(hint)
    expect(await outbox.entries()).toHaveLength(1)
    await outbox.close()
  }

  test('R065 when what it names is not stored here, unless the caller vouches for it', async () => {
    const stranger = ref(testId('stranger'), 'order')
    await refused(
      (outbox) => outbox.enqueue(line, { own: 'c', orderId: stranger }),
      'unknown-entry',
      'Enqueue it first',
    )
    const world = new World()
    const outbox = await open(world)
    const child = await outbox.enqueue(line, { own: 'c', orderId: stranger }, { after: [stranger.operation] })
    expect(child.state.kind).toBe('queued')
    await outbox.close()
  })

  test('when the lane depends on it', () =>
    refused((outbox, order) => outbox.enqueue(inOrderLane, { own: 'c', orderId: order }), 'invalid-payload', 'lane'))

  test.each([shouting, joining, dropping])('when the schema of $type would not keep it', (type) =>
    refused((outbox, order) => outbox.enqueue(type, { own: 'c', orderId: order }), 'invalid-payload', 'reference'),
  )

  test('when it is marked as one and is none', () =>
    refused(
      (outbox) => {
        const odd = { own: 'c', orderId: 'x', parts: [{ of: 'y', $holdfast: 1 }] }
        return outbox.enqueue(line, odd)
      },
      'invalid-payload',
      'no reference',
    ))

  test('when the operation would come after itself, or after too many', async () => {
    const own = testId('own')
    await refused(
      (outbox) => outbox.enqueue(line, { own: 'c', orderId: ref(own, 'order') }, { id: own }),
      'invalid-payload',
      'itself',
    )
    const many = Array.from({ length: 101 }, (_, index) => testId(`op-${index}`))
    await refused(
      (outbox) => outbox.enqueue(line, { own: 'c', orderId: 'x' }, { after: many }),
      'invalid-payload',
      'at most 100',
    )
  })
})
