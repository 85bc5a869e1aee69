import 'fake-indexeddb/auto'
import { parseOperationId } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { openIndexedDbCollectionStore } from './collections/indexeddb-collection-store.ts'
import { noMark } from './collections/collection-store.ts'
import { openDraftStore } from './drafts/index.ts'
import { currentIdentity, knownIdentities, setCurrentIdentity } from './identity.ts'
import { addNote, note, textsOf } from './note.fixture.ts'
import { openOutboxWith } from './open-outbox.ts'
import type { Outbox } from './outbox.ts'
import { removeFromDevice, signOut } from './sign-out.ts'
import { openIndexedDbRegistry } from './store/indexeddb-registry.ts'
import { openIndexedDbStore } from './store/indexeddb-store.ts'
import { databaseName, type Session } from './store/registry.ts'
import { World } from './world.fixture.ts'

const ana: Session = { tenant: 'north', user: 'ana' }
const ben: Session = { tenant: 'north', user: 'ben' }

/** A device on which ana is signed in, with a server that is away until it is told to answer. */
async function deviceOf() {
  const application = crypto.randomUUID()
  const world = new World()
  const environment = world.environment()
  const goAway = (): void => {
    world.server.misbehave = () => 'lose-request'
    world.server.probe = 'red'
  }
  const answer = (): void => {
    world.server.misbehave = () => undefined
    world.server.probe = 'green'
  }
  goAway()
  const open = (session: Session): Promise<Outbox> =>
    openOutboxWith(
      {
        environment,
        openStore: (name) => openIndexedDbStore(name),
        openRegistry: (name) => openIndexedDbRegistry(name, environment.random),
      },
      { name: application, operations: [addNote], session, transport: world.server.transport() },
    )
  await setCurrentIdentity(application, ana)
  const outbox = await open(ana)
  const pendingOf = async (session: Session): Promise<number | undefined> =>
    (await knownIdentities(application)).find(({ user }) => user === session.user)?.pending
  return { application, world, open, outbox, answer, goAway, pendingOf }
}

async function addThree(outbox: Outbox): Promise<void> {
  for (const text of ['one', 'two', 'three']) await outbox.enqueue(addNote, note(text))
}

test('F055 keeping sealed is the default: nothing is lost, nobody is signed in, and the next person sees the count alone', async () => {
  const { application, outbox, open, pendingOf } = await deviceOf()
  await addThree(outbox)
  expect(await signOut(application, outbox)).toEqual({ kind: 'signed-out', sealed: 3, unconfirmed: 0 })
  expect(await currentIdentity(application)).toBeUndefined()
  await expect(outbox.enqueue(addNote, note('late'))).rejects.toMatchObject({ code: 'closed' })
  expect(await pendingOf(ana)).toBe(3)
  const again = await open(ana)
  expect((await again.entries()).map(({ payload }) => payload)).toEqual([note('one'), note('two'), note('three')])
  await again.close()
})

test('F055 signing out of one tab does not sign out the person who came after', async () => {
  const { application, outbox } = await deviceOf()
  await setCurrentIdentity(application, ben)
  await signOut(application, outbox)
  expect(await currentIdentity(application)).toEqual(ben)
})

test('F001 the count of somebody who was killed right after an entry was stored is that of the store', async () => {
  const { outbox, pendingOf } = await deviceOf()
  await addThree(outbox)
  // Nothing was closed, and no time has passed in which anybody could have written a count.
  expect(await pendingOf(ana)).toBe(3)
  await outbox.close()
})

describe('flush first', () => {
  test('signs out once everything is on the server', async () => {
    const { application, outbox, world, answer } = await deviceOf()
    await addThree(outbox)
    answer()
    expect(await signOut(application, outbox, { how: 'flush-first' })).toEqual({
      kind: 'signed-out',
      sealed: 0,
      unconfirmed: 0,
    })
    expect(world.server.effects).toHaveLength(3)
    expect(await currentIdentity(application)).toBeUndefined()
  })

  test('says what and how many could not be sent, and the person is still signed in', async () => {
    const { application, outbox } = await deviceOf()
    await addThree(outbox)
    const answer = await signOut(application, outbox, { how: 'flush-first' })
    expect(answer).toMatchObject({ kind: 'not-sent', count: 3 })
    expect(answer.kind === 'not-sent' && answer.entries.map(({ payload }) => payload)).toContainEqual(note('two'))
    expect(await currentIdentity(application)).toEqual(ana)
    await outbox.enqueue(addNote, note('four'))
    await outbox.close()
  })

  test('ends at its time limit while the server says nothing at all', async () => {
    const { application, outbox, world } = await deviceOf()
    await outbox.enqueue(addNote, note('one'))
    const limit = new AbortController()
    world.server.misbehave = () => {
      limit.abort()
      return 'lose-request'
    }
    const answer = await signOut(application, outbox, { how: 'flush-first', signal: limit.signal })
    expect(answer).toMatchObject({ kind: 'not-sent', count: 1 })
    await outbox.close()
  })
})

describe('discard', () => {
  test('I8 with another number than there is, nothing is discarded and the right number is told', async () => {
    const { application, outbox } = await deviceOf()
    await addThree(outbox)
    expect(await signOut(application, outbox, { how: 'discard', count: 2 })).toEqual({ kind: 'other-count', count: 3 })
    expect(await currentIdentity(application)).toEqual(ana)
    expect((await outbox.entries()).map(({ state }) => state.kind)).toEqual(['queued', 'queued', 'queued'])
    await outbox.close()
  })

  test('tells the server, leaves nothing on the device, and forgets the person', async () => {
    const { application, outbox, world, answer, pendingOf, open } = await deviceOf()
    await addThree(outbox)
    answer()
    world.server.misbehave = (batch) =>
      batch.operations.some(({ cancel }) => cancel === undefined) ? 'lose-request' : undefined
    expect(await signOut(application, outbox, { how: 'discard', count: 3 })).toEqual({
      kind: 'signed-out',
      sealed: 0,
      unconfirmed: 0,
    })
    expect(world.server.effects).toEqual([])
    expect(world.server.ledger.size).toBe(6)
    expect(await pendingOf(ana)).toBeUndefined()
    const again = await open(ana)
    expect(await again.entries()).toEqual([])
    expect(await again.entries({ state: 'discarded' })).toEqual([])
    await again.close()
  })

  test('without a server it works as well, and says how many the server has not confirmed', async () => {
    const { application, outbox, open } = await deviceOf()
    await addThree(outbox)
    expect(await signOut(application, outbox, { how: 'discard', count: 3 })).toEqual({
      kind: 'signed-out',
      sealed: 0,
      unconfirmed: 3,
    })
    const again = await open(ana)
    expect(await again.entries()).toEqual([])
    await again.close()
  })

  test('I1 what another tab stores meanwhile was not among the entries that were named: it stays', async () => {
    const { application, outbox, world, open } = await deviceOf()
    const other = await open(ana)
    await addThree(outbox)
    let added: Promise<unknown> | undefined
    world.server.misbehave = () => {
      added ??= other.enqueue(addNote, note('from the other tab'))
      return 'lose-request'
    }
    world.server.probe = 'green'
    const answer = await signOut(application, outbox, { how: 'discard', count: 3 })
    await added
    expect(answer.kind).toBe('other-count')
    expect(await currentIdentity(application)).toEqual(ana)
    const left = (await outbox.entries()).filter(({ isCancel }) => !isCancel)
    expect(left.map(({ payload }) => payload)).toEqual([note('from the other tab')])
    await Promise.all([outbox.close(), other.close()])
  })

  test('I1 what a tab that stayed open stores after it is a new entry, and is not taken for an old one', async () => {
    const { application, outbox, world, open, answer } = await deviceOf()
    const other = await open(ana)
    await addThree(outbox)
    await signOut(application, outbox, { how: 'discard', count: 3 })
    answer()
    const entry = await other.enqueue(addNote, note('new'))
    await world.advance(60_000)
    await other.drain()
    expect((await other.entry(entry.id))?.state.kind).toBe('applied')
    expect(textsOf(world)).toEqual(['new'])
    await other.close()
  })
})

describe('removing the work of somebody who is not signed in', () => {
  test('I8 names the number: with another one nothing is removed', async () => {
    const { application, outbox, pendingOf, open } = await deviceOf()
    await addThree(outbox)
    await signOut(application, outbox)
    await setCurrentIdentity(application, ben)
    expect(await removeFromDevice(application, ana, { count: 1 })).toEqual({ kind: 'other-count', count: 3 })
    expect(await pendingOf(ana)).toBe(3)
    expect(await removeFromDevice(application, ana, { count: 3 })).toEqual({ kind: 'removed' })
    expect(await pendingOf(ana)).toBeUndefined()
    const again = await open(ana)
    expect(await again.entries()).toEqual([])
    await again.close()
  })

  test('is not for whoever is signed in', async () => {
    const { application, outbox } = await deviceOf()
    await expect(removeFromDevice(application, ana, { count: 0 })).rejects.toMatchObject({ code: 'illegal-act' })
    await outbox.close()
  })

  test('of somebody who never had an outbox here makes no database', async () => {
    const { application, outbox } = await deviceOf()
    expect(await removeFromDevice(application, ben, { count: 0 })).toEqual({ kind: 'removed' })
    expect((await indexedDB.databases()).filter(({ name }) => name?.includes('ben'))).toEqual([])
    await outbox.close()
  })
})

test('F085 who discards leaves nothing to read behind, neither what was typed nor what was shown', async () => {
  const { application, outbox } = await deviceOf()
  const rowsName = `${databaseName(application, ana)}:collections`
  const submissionId = parseOperationId('0192f000-0000-7000-8000-000000000001')
  if (submissionId === undefined) throw new Error('an id was expected')
  const drafts = openDraftStore(application, ana)
  await drafts.save({ formId: 'f', submissionId, fields: { note: 'private words' }, savedAtMs: 1 })
  await drafts.close()
  const rows = openIndexedDbCollectionStore(rowsName)
  const puts = [{ kind: 'note', id: 'n', version: 1, state: 'private rows' }]
  await rows.write({ from: noMark, mark: { ...noMark, after: 1 }, isAnew: true, puts, removes: [] })
  await rows.close()
  expect(await signOut(application, outbox, { how: 'discard', count: 0 })).toMatchObject({ kind: 'signed-out' })
  const [draftsAgain, rowsAgain] = [openDraftStore(application, ana), openIndexedDbCollectionStore(rowsName)]
  expect([await draftsAgain.list('f'), await rowsAgain.readKind('note')]).toEqual([[], []])
  await draftsAgain.close()
  await rowsAgain.close()
})
