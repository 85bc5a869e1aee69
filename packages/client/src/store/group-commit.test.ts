import { describe, expect, test } from 'vitest'
import { SyncError, type QueuedOperation } from '@holdfast/core'
import { openGroupCommit, type CommitListener } from './group-commit.ts'
import { openMemoryStore } from './memory-store.ts'
import { segmentEntriesMax, segmentSizeMax } from './segment.ts'
import { idsOf, queuedOperation, readWholeLog } from './store.fixture.ts'
import { idOf, type LiveEntry, type Store, type StoredEntry } from './store.ts'

/** A store that notes each group and refuses those that a test wants refused. */
function watched(refuse: (group: readonly QueuedOperation[]) => Error | undefined = () => undefined): {
  readonly store: Store
  readonly groups: string[][]
} {
  const inner = openMemoryStore()
  const groups: string[][] = []
  const append = async (group: readonly QueuedOperation[]): Promise<readonly LiveEntry[]> => {
    groups.push(group.map(({ operation }) => operation.id))
    const error = refuse(group)
    if (error !== undefined) throw error
    return inner.append(group)
  }
  return { store: { ...inner, append }, groups }
}

const many = (count: number, size = 4): QueuedOperation[] =>
  Array.from({ length: count }, (_, index) => queuedOperation(`id-${index}`, { size }))

const deaf: CommitListener = { onStored: () => {}, onKnown: () => {} }

const outcomeOf = (work: Promise<StoredEntry>): Promise<string> =>
  work.then(idOf, (error: unknown) => (error instanceof SyncError ? error.code : String(error)))

describe('group commit', () => {
  test('calls made in a row share transactions of eight segments each, in the order of the calls', async () => {
    const { store, groups } = watched()
    const log = openGroupCommit(store, deaf)
    const count = 8 * segmentEntriesMax + 300
    const entries = await Promise.all(many(count).map((queued) => log.append(queued)))
    const ids = many(count).map(({ operation }) => operation.id)
    expect(idsOf(entries)).toEqual(ids)
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(ids)
    expect(groups.map((group) => group.length)).toEqual([8 * segmentEntriesMax, 300])
  })

  test('what is asked for while a transaction is open goes into the next one', async () => {
    const { store, groups } = watched()
    const log = openGroupCommit(store, deaf)
    const first = log.append(queuedOperation('first'))
    await Promise.resolve()
    await Promise.resolve()
    const rest = ['a', 'b', 'c'].map((id) => log.append(queuedOperation(id)))
    await Promise.all([first, ...rest])
    expect(groups).toEqual([['first'], ['a', 'b', 'c']])
  })

  test('a group is no larger than eight segments', async () => {
    const { store, groups } = watched()
    const log = openGroupCommit(store, deaf)
    const size = segmentSizeMax - 400
    const calls = Array.from({ length: 10 }, (_, nth) => log.append(queuedOperation(`large-${nth}`, { size })))
    await Promise.all(calls)
    expect(groups.map((group) => group.length)).toEqual([8, 2])
  })

  test('F037 a full disk is told to every caller of the group, after one try', async () => {
    let isFull = true
    const { store, groups } = watched(() => (isFull ? new SyncError('quota', 'full') : undefined))
    const log = openGroupCommit(store, deaf)
    const outcomes = await Promise.all(many(5).map((queued) => outcomeOf(log.append(queued))))
    expect(outcomes).toEqual(['quota', 'quota', 'quota', 'quota', 'quota'])
    expect(groups).toHaveLength(1)
    isFull = false
    expect(await outcomeOf(log.append(queuedOperation('later')))).toBe('later')
  })

  test('F037 what finds no room as a group is tried by segments, each of them once', async () => {
    const { store, groups } = watched((group) =>
      group.length > 44 ? new SyncError('quota', 'room for little') : undefined,
    )
    const log = openGroupCommit(store, deaf)
    const outcomes = await Promise.all(many(300).map((queued) => outcomeOf(log.append(queued))))
    expect(groups.map((group) => group.length)).toEqual([300, segmentEntriesMax, segmentEntriesMax, 44])
    expect(outcomes.map((outcome) => outcome === 'quota')).toEqual(many(300).map((_, nth) => nth < 256))
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(outcomes.slice(256))
  })

  test('F037 a large entry that finds no room does not fail the small ones around it', async () => {
    const { store } = watched((group) =>
      group.some(({ operation }) => operation.id === 'large') ? new SyncError('quota', 'full') : undefined,
    )
    const log = openGroupCommit(store, deaf)
    const queued = [queuedOperation('a'), queuedOperation('large', { size: segmentSizeMax }), queuedOperation('b')]
    expect(await Promise.all(queued.map((entry) => outcomeOf(log.append(entry))))).toEqual(['a', 'quota', 'b'])
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['a', 'b'])
  })

  test.each([new SyncError('too-large', 'too large'), new RangeError('cannot be cloned')])(
    'one entry that cannot be stored (%s) does not fail its companions, nor change their order',
    async (error) => {
      const { store } = watched((group) => (group.some(({ operation }) => operation.id === 'id-2') ? error : undefined))
      const log = openGroupCommit(store, deaf)
      const outcomes = await Promise.all(
        [...many(5), queuedOperation('next')].map((queued) => outcomeOf(log.append(queued))),
      )
      const refused = error instanceof SyncError ? error.code : String(error)
      expect(outcomes).toEqual(['id-0', 'id-1', refused, 'id-3', 'id-4', 'next'])
      expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['id-0', 'id-1', 'id-3', 'id-4', 'next'])
    },
  )

  test('idle waits for everything that was asked for, and for nothing else', async () => {
    const { store } = watched()
    const log = openGroupCommit(store, deaf)
    await log.idle()
    const stored: string[] = []
    for (const queued of many(200)) void log.append(queued).then((entry) => stored.push(idOf(entry)))
    await log.idle()
    expect(stored).toHaveLength(200)
  })

  test('there is room until two groups wait, and again once they get their turn', async () => {
    const gate = Promise.withResolvers<void>()
    const { store } = watched()
    const log = openGroupCommit(
      {
        ...store,
        append: async (group) => {
          await gate.promise
          return store.append(group)
        },
      },
      deaf,
    )
    const heard: string[] = []
    const first = log.append(queuedOperation('first'))
    await log.room()
    const rest = many(16 * segmentEntriesMax).map((queued) => log.append(queued))
    const room = log.room().then(() => heard.push('room'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toEqual([])
    gate.resolve()
    await first
    await room
    expect(heard).toEqual(['room'])
    await Promise.all(rest)
  })

  test('an id that the caller chose is stored once, at its place in the order of the calls', async () => {
    const { store } = watched()
    await store.append([queuedOperation('known')])
    const heard: string[] = []
    const log = openGroupCommit(store, {
      onStored: (entries) => heard.push(`stored ${idsOf(entries).join(' ')}`),
      onKnown: (entry) => heard.push(`known ${idOf(entry)}`),
    })
    const isOnce = true
    const calls = [
      log.append(queuedOperation('before')),
      log.append(queuedOperation('own'), { isOnce }),
      log.append(queuedOperation('known'), { isOnce }),
      log.append(queuedOperation('own'), { isOnce }),
      log.append(queuedOperation('after')),
    ]
    expect(idsOf(await Promise.all(calls))).toEqual(['before', 'own', 'known', 'own', 'after'])
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['known', 'before', 'own', 'after'])
    expect(heard).toEqual(['stored before', 'stored own', 'known known', 'known own', 'stored after'])
  })
})
