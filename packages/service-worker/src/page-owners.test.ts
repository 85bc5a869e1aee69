import { identityHeader, identityStamp, parseProblem, problemCodeOf } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { addNote } from './note.fixture.ts'
import { intercept } from './routes.ts'
import { ana, ben, setStage, type Stage } from './stage.fixture.ts'

const routes = { intercept: intercept({ 'POST /api/notes': addNote }) }
const note = (text: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify({ text }),
  headers: { 'Content-Type': 'application/json', ...headers },
})

/** What is stored on the device, by person. */
async function storedBy({ openPage, server }: Stage): Promise<readonly string[]> {
  const stored: string[] = server.applied.map(({ user }) => user)
  for (const session of [ana, ben]) {
    const page = await openPage(session)
    for (const _ of await page.entries()) stored.push(session.user)
    await page.close()
  }
  return stored
}

async function expectRefused(response: Response | undefined): Promise<void> {
  expect(response?.status).toBe(403)
  const said = parseProblem(await response?.json())
  expect(problemCodeOf(said)).toBe('wrong-identity')
  expect(said?.title).toContain('Not saved')
  expect(said?.detail).toContain('Reload the page')
}

describe('F055 a page that was opened by somebody else', () => {
  test("I5 a plain write of ana's open page after ben signed in is refused, and stored for nobody", async () => {
    const stage = await setStage(routes)
    await stage.scope.load('hers')
    await stage.signIn(ben)
    await expectRefused(await stage.scope.request('/api/notes', note('from ana'), 'hers'))
    expect(await storedBy(stage)).toEqual([])
    await stage.scope.load('his')
    expect((await stage.scope.request('/api/notes', note('from ben'), 'his'))?.status).toBe(200)
    expect(await storedBy(stage)).toEqual(['ben'])
  })

  test('is still known to be hers by a worker that was started anew', async () => {
    const stage = await setStage(routes)
    await stage.scope.load('hers')
    await stage.signIn(ben)
    await expectRefused(await stage.restartWorker().request('/api/notes', note('from ana'), 'hers'))
  })

  test('is hers as well when it was open before there was a worker, or when only its first write shows it', async () => {
    const stage = await setStage(routes)
    await stage.scope.activate()
    await stage.scope.request('/api/notes', note('from ana'), 'unseen')
    await stage.signIn(ben)
    await expectRefused(await stage.scope.request('/api/notes', note('from ana'), 'page'))
    await expectRefused(await stage.scope.request('/api/notes', note('from ana'), 'unseen'))
  })

  test('stays hers when a newer worker takes over', async () => {
    const stage = await setStage(routes)
    await stage.scope.load('page')
    await stage.signIn(ben)
    const newer = stage.restartWorker()
    await newer.activate()
    await expectRefused(await newer.request('/api/notes', note('from ana'), 'page'))
  })

  test('so is a worker that the page has started', async () => {
    const stage = await setStage(routes)
    await stage.scope.load('hers')
    await stage.scope.startWorker('her worker', 'hers')
    await stage.signIn(ben)
    await expectRefused(await stage.scope.request('/api/notes', note('from ana'), 'her worker'))
  })

  test('becomes his once it says that somebody else is signed in, also for a write that comes right behind', async () => {
    const stage = await setStage(routes)
    await stage.scope.load('shared')
    await stage.signIn(ben)
    const told = stage.scope.message({ type: 'identity-changed' }, undefined, 'shared')
    const written = stage.scope.request('/api/notes', note('from ben'), 'shared')
    await told
    expect((await written)?.status).toBe(200)
    expect(await storedBy(stage)).toEqual(['ben'])
  })
})

test('I5 a stamp decides before anything that the worker remembers, and one that fits nobody is refused', async () => {
  const stage = await setStage(routes)
  await stage.scope.load('hers')
  const stamped = (session: { tenant: string; user: string }) =>
    note('stamped', { [identityHeader]: identityStamp(session) })
  expect((await stage.scope.request('/api/notes', stamped(ana), 'hers'))?.status).toBe(200)
  await stage.signIn(ben)
  expect((await stage.scope.request('/api/notes', stamped(ben), 'hers'))?.status).toBe(200)
  await expectRefused(await stage.scope.request('/api/notes', stamped(ana), 'hers'))
  await expectRefused(await stage.scope.request('/api/notes', note('x', { [identityHeader]: 'north' }), 'hers'))
  expect(await storedBy(stage)).toEqual(['ana', 'ben'])
})

test("I5 what goes to the network because nobody is signed in carries its page's stamp, for the server to refuse", async () => {
  const stage = await setStage(routes)
  await stage.scope.load('hers')
  await stage.signIn(undefined)
  expect((await stage.scope.request('/api/notes', note('from ana'), 'hers'))?.status).toBe(299)
  expect(stage.scope.lastStamp).toBe('north/ana')
  await stage.scope.request('/api/notes', note('from somebody'), 'never seen')
  expect(stage.scope.lastStamp).toBeNull()
})

test('I13 pages that are gone are forgotten, and open ones are not', async () => {
  const stage = await setStage(routes)
  await stage.scope.load('still open')
  for (let number = 0; number < 100; number += 1) {
    await stage.scope.load(`gone ${number}`)
    stage.scope.open.delete(`gone ${number}`)
  }
  expect(stage.kept.size).toBeLessThan(70)
  await stage.signIn(ben)
  await expectRefused(await stage.restartWorker().request('/api/notes', note('from ana'), 'still open'))
})

test('a cache that fails takes nothing from anybody: the write is stored for whoever is signed in', async () => {
  const stage = await setStage(routes)
  Object.defineProperty(stage.scope, 'caches', { value: { open: () => Promise.reject(new Error('no caches')) } })
  await stage.scope.load('hers')
  expect((await stage.scope.request('/api/notes', note('from ana'), 'hers'))?.status).toBe(200)
})
