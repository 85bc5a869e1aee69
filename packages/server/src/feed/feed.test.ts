import { changesPath, parseChangesAnswer, problemCodeOf, parseProblem, type ChangesAnswer } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTimeoutMs, testDatabases, type TestDatabase } from '../database/test-databases.fixture.ts'
import { changeNote, createNote, noteHandlers, noteOp, removeNote } from '../notes.fixture.ts'
import { createSyncServer, type SyncServer } from '../sync-server.ts'
import { readChanges } from './read-feed.ts'

const owner = (tenant: string) => ({ tenant, user: 'ana', device: 'phone' })

for (const kind of testDatabases) {
  describe(`the feed on ${kind.name}`, () => {
    let opened: TestDatabase
    let sync: SyncServer
    beforeAll(async () => {
      opened = await kind.open()
      sync = createSyncServer({
        database: opened.database,
        handlers: noteHandlers,
        authenticate: (request) => {
          const tenant = request.headers.get('x-tenant')
          return tenant === null ? null : { tenant, user: 'ana', roles: [] }
        },
      })
    }, openTimeoutMs)
    afterAll(async () => {
      await sync.close()
      await opened.close()
    })

    let count = 0
    const put = (tenant: string, id: string, definition: { readonly type: string } = changeNote) => {
      count += 1
      return sync.apply(owner(tenant), [noteOp(`op-${count}`, definition, { id, add: 1 })])
    }
    const get = (tenant: string, query: string) =>
      sync.routes.request(`${changesPath}${query}`, { headers: { 'x-tenant': tenant } })
    const page = async (tenant: string, query = ''): Promise<ChangesAnswer> => {
      const response = await get(tenant, query)
      const answer = parseChangesAnswer(await response.json())
      if (answer === undefined) throw new Error(`no page of changes: ${response.status}`)
      return answer
    }

    test('pages are gapless, carry the state of each entity once, and say what was removed', async () => {
      expect(await page('north')).toEqual({ epoch: '', head: 0, from: 0, changes: [] })
      await put('north', 'a', createNote)
      await put('north', 'b', createNote)
      await put('north', 'a')
      await put('north', 'b', removeNote)
      const first = await page('north', '?limit=3')
      expect(first).toMatchObject({ head: 4, from: 0 })
      expect(first.changes).toEqual([
        { seq: 1, kind: 'note', id: 'a', version: 1, deleted: false },
        { seq: 2, kind: 'note', id: 'b', version: 1, deleted: false },
        { seq: 3, kind: 'note', id: 'a', version: 2, deleted: false, state: { id: 'a', count: 2 } },
      ])
      const second = await page('north', `?after=3&epoch=${first.epoch}`)
      expect(second.changes).toEqual([{ seq: 4, kind: 'note', id: 'b', version: 2, deleted: true }])
      expect(await page('north', '?after=4')).toEqual({ epoch: first.epoch, head: 4, from: 4, changes: [] })
    })

    test('I4 a tenant sees no change of another one', async () => {
      await put('north', 'secret', createNote)
      await put('south', 's', createNote)
      expect((await page('south')).changes.map(({ id }) => id)).toEqual(['s'])
    })

    test('a place of another history, or beyond its end, is answered from the start', async () => {
      await put('east', 'e', createNote)
      const { epoch } = await page('east')
      expect(await page('east', `?after=1&epoch=${epoch}`)).toMatchObject({ from: 1, changes: [] })
      expect(await page('east', '?after=1&epoch=another')).toMatchObject({ from: 0, changes: [{ id: 'e' }] })
      expect(await page('east', `?after=2&epoch=${epoch}`)).toMatchObject({ from: 0, changes: [{ id: 'e' }] })
    })

    test('a page ends before its states are too large, and always goes on', async () => {
      const text = 'x'.repeat(400_000)
      for (const id of ['1', '2', '3', '4']) {
        await sync.apply(owner('large'), [noteOp(`large-${id}`, createNote, { id, text })])
      }
      const sizes: number[] = []
      for (let after = 0, head = 4; after < head;) {
        const { changes, head: newest } = await page('large', `?after=${after}`)
        sizes.push(changes.length)
        after += changes.length
        head = newest
      }
      expect(sizes).toEqual([3, 1])
    })

    test('a query that cannot be read is refused, and so is who is not signed in', async () => {
      for (const query of ['?after=-1', '?after=1e3', '?after=x', '?limit=0', '?limit=501', '?epoch=%00', '?after=']) {
        const response = await get('north', query)
        expect(problemCodeOf(parseProblem(await response.json())), query).toBe('invalid-request')
      }
      expect((await sync.routes.request(changesPath)).status).toBe(401)
      expect((await sync.routes.request(changesPath, { method: 'DELETE' })).status).toBe(405)
    })

    test('a reader misses nothing and sees nothing twice while writers commit, meet and fail', async () => {
      const writers = 6
      const rounds = 12
      let isWriting = true
      const write = async (writer: number): Promise<void> => {
        for (let round = 0; round < rounds; round += 1) {
          const id = `w${writer}-${round}`
          // Each batch also touches what others touch, and every third one writes something that is refused.
          await sync.apply(owner('busy'), [
            noteOp(`${id}-own`, createNote, { id }),
            noteOp(`${id}-shared`, changeNote, { id: `shared-${round % 3}`, add: 1 }),
            ...(round % 3 === 0 ? [noteOp(`${id}-refused`, createNote, { id: 'shared-0' })] : []),
          ])
          // A transaction that takes numbers and gives them back.
          await opened.database
            .tx('busy', async ({ query }) => {
              await query('take', `update holdfast.feed_head set seq = seq + 3 where tenant = 'busy'`, [])
              throw new RangeError('changed its mind')
            })
            .catch((error: unknown) => expect(error).toBeInstanceOf(RangeError))
        }
      }
      const seen: string[] = []
      const read = async (): Promise<void> => {
        let after = 0
        for (;;) {
          const isLast = !isWriting
          const limit = 1 + (seen.length % 7)
          // parseChangesAnswer refuses a page whose numbers do not follow; this reads past the door, so it looks itself.
          const { changes, head, from } = await readChanges(opened.database, 'busy', { after, limit })
          expect(from).toBe(after)
          for (const { seq, id, version } of changes) {
            expect(seq).toBe(after + 1)
            after = seq
            seen.push(`${id} ${version}`)
          }
          if (isLast && after === head) return
        }
      }
      const reading = read()
      await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
      isWriting = false
      await reading
      const expected = [
        ...Array.from({ length: writers * rounds }, (_, n) => `w${Math.floor(n / rounds)}-${n % rounds} 1`),
        ...[0, 1, 2].flatMap((shared) =>
          Array.from({ length: (writers * rounds) / 3 }, (_, n) => `shared-${shared} ${n + 1}`),
        ),
      ]
      // A batch that changes an entity twice feeds it once, with its last version; here each batch does so once.
      expect(seen.toSorted()).toEqual(expected.toSorted())
    })
  })
}
