/** Mutants of the store: what is written too late, by half, or not at all. */
import type { HeldState } from '@holdfast/core'
import type { Store, Transport } from '@holdfast/client'
import type { LogPage } from '../../packages/client/src/store/store.ts'
import type { Mutant, NamedMutant } from './mutant.ts'

/** Marks a batch as applied on the disk before it is sent. */
function deletingFirst(transport: Transport, store: () => Store | undefined): Transport {
  return {
    ...transport,
    send: async (batch, signal) => {
      for (const { id } of batch.operations) {
        const entry = await store()?.find(id)
        if (entry === undefined) continue
        const change = (): { state: { kind: 'applied'; applied: { outcome: 'applied' } } } => ({
          state: { kind: 'applied', applied: { outcome: 'applied' } },
        })
        await store()?.update([{ entry, change }], { durability: 'relaxed', nowMs: 0 })
      }
      return transport.send(batch, signal)
    },
  }
}

function deleteBeforeSend(): Mutant {
  const stores = new Map<unknown, Store>()
  return {
    store: (store, queue) => {
      stores.set(queue, store)
      return store
    },
    transport: (transport, queue) => deletingFirst(transport, () => stores.get(queue)),
  }
}

/** A store that does not read entries of a kind. */
function forgettingHeld(forgotten: HeldState['kind']): Mutant {
  return {
    store: (store) => ({
      ...store,
      readHeld: (kind, options) => (kind === forgotten ? Promise.resolve([]) : store.readHeld(kind, options)),
    }),
  }
}

/** Mutants of the store. */
export const storeMutants: readonly NamedMutant[] = [
  { name: 'delete before send', keeps: 'I1', mutant: deleteBeforeSend() },
  {
    name: 'acknowledge before complete',
    keeps: 'I1',
    mutant: {
      store: (store) => ({
        ...store,
        append: (group) => {
          void store.append(group).catch(() => [])
          return Promise.resolve(
            group.map((queued) => ({
              ...queued,
              position: { priority: queued.priority, segment: 0, index: 0 },
              size: 1,
              state: { kind: 'queued' },
              attempts: [],
            })),
          )
        },
      }),
    },
  },
  {
    name: 'forget what is held',
    keeps: 'I11',
    mutant: { store: (store) => ({ ...store, readHeld: () => Promise.resolve([]) }) },
  },
  {
    name: 'drop dead letters',
    keeps: 'I8',
    mutant: {
      store: (store) => ({
        ...store,
        update: (requests, options) =>
          store.update(
            requests.map(({ entry, change }) => ({
              entry,
              change: (current) => {
                const next = change(current)
                if (next?.state.kind !== 'dead' || !('operation' in current)) return next
                return {
                  ...next,
                  state: { kind: 'discarded', cause: 'person', by: current.operation.id, isCertain: true },
                }
              },
            })),
            options,
          ),
      }),
    },
  },
  {
    name: 'no fencing',
    keeps: 'I2',
    mutant: {
      store: (store) => ({
        ...store,
        update: (requests, { epoch: _, ...options }) => store.update(requests, options),
      }),
    },
  },
  { name: 'store without waiting for the platter', keeps: 'I1', mutant: { appends: 'relaxed' } },
  {
    name: 'confirm an act without waiting for the platter',
    keeps: 'I1',
    mutant: {
      store: (store) => ({
        ...store,
        update: (requests, options) => store.update(requests, { ...options, durability: 'relaxed' }),
      }),
    },
  },
  {
    name: 'never mark what was applied',
    keeps: 'I10 I11',
    mutant: {
      store: (store) => ({
        ...store,
        update: (requests, options) =>
          store.update(
            requests.map(({ entry, change }) => ({
              entry,
              change: (current) => {
                const next = change(current)
                return next?.state.kind === 'applied' ? undefined : next
              },
            })),
            options,
          ),
      }),
    },
  },
  {
    name: 'write half of what an answer changes',
    keeps: 'I3 I11 I12',
    mutant: {
      store: (store) => ({
        ...store,
        update: async (requests, options) => {
          const half = Math.ceil(requests.length / 2)
          const reports = await store.update(requests.slice(0, half), options)
          return [...reports, ...requests.slice(half).map(({ entry }) => ({ entry, isChanged: true }))]
        },
      }),
    },
  },
  {
    name: 'discard without telling anybody',
    keeps: 'I2 I11 I12',
    mutant: {
      store: (store) => ({
        ...store,
        update: (requests, options) =>
          store.update(
            requests.map(({ entry, change }) => ({
              entry,
              change: (current) => {
                const next = change(current)
                if (next?.state.kind !== 'discarded' || next.state.cause !== 'person') return next
                return { state: { ...next.state, isCertain: true } }
              },
            })),
            options,
          ),
      }),
    },
  },
  {
    name: 'forget dead letters when starting',
    keeps: 'I3 I8 I11',
    mutant: forgettingHeld('dead'),
  },
  {
    name: 'forget conflicts when starting',
    keeps: 'I3 I9 I11',
    mutant: forgettingHeld('conflicted'),
  },
  {
    name: 'lose the last entry of a page',
    keeps: 'I3 I11',
    mutant: {
      store: (store) => {
        const cut = (page: LogPage): LogPage =>
          page.entries.length > 1 ? { ...page, entries: page.entries.slice(0, -1) } : page
        return {
          ...store,
          readLog: async (...request) => cut(await store.readLog(...request)),
          readLogs: async (...request) => {
            const view = await store.readLogs(...request)
            return { ...view, pages: new Map([...view.pages].map(([priority, page]) => [priority, cut(page)])) }
          },
        }
      },
    },
  },
  {
    name: 'count nothing',
    keeps: 'I12',
    mutant: {
      store: (store) => ({
        ...store,
        counts: () => Promise.resolve({ queued: 0, waiting: 0, conflicted: 0, dead: 0 }),
      }),
    },
  },
  {
    name: 'clean up what is old, settled or not',
    keeps: 'I1',
    mutant: {
      store: (store, { disk }) => ({
        ...store,
        beat: async (epoch, nowMs) => {
          const isOurs = await store.beat(epoch, nowMs)
          for (const log of Object.values(disk.live.log)) {
            for (const [key, entries] of log.segments) {
              if (entries.every(({ operation }) => operation.createdAtMs < nowMs - 600_000)) log.segments.delete(key)
            }
          }
          return isOurs
        },
      }),
    },
  },
  {
    name: 'let an edit of a queued entry overtake what is queued before it',
    keeps: 'I3',
    mutant: {
      store: (store) => ({
        ...store,
        readHeld: async (kind, options) => {
          const page = await store.readHeld(kind, options)
          return page.map((entry) =>
            entry.state.kind === 'waiting' ? { ...entry, state: { ...entry.state, isInLine: false } } : entry,
          )
        },
      }),
    },
  },
]
