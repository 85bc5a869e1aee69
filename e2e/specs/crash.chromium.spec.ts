/** Field Desk: the whole browser is killed while the server holds the first of three requests, or right after a sign-in. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fieldDeskSubject } from '../crash/field-desk-subject.ts'
import { crashRound, launch } from '../crash/round.ts'
import { killBrowser } from '../fixtures/browser-process.ts'
import { FieldDeskPage } from '../fixtures/field-desk-page.ts'
import { expect, test } from '../fixtures/test.ts'

const rounds = process.env['HOLDFAST_FULL'] === '1' ? 10 : 1

for (let round = 0; round < rounds; round += 1) {
  test(`F003 F001 kill -9 while the server holds the first of three requests: none lost, none doubled (${round})`, async ({
    mark,
    way,
    server,
  }) => {
    const result = await crashRound(fieldDeskSubject(way, server), 'before', `${mark} before`)
    expect(result).toEqual({ acknowledged: 3, lost: 0, doubled: 0 })
  })

  test(`F003 F012 kill -9 after the server did the first of three requests and before it answered: none lost, none doubled (${round})`, async ({
    mark,
    way,
    server,
  }) => {
    const result = await crashRound(fieldDeskSubject(way, server), 'after', `${mark} after`)
    expect(result).toEqual({ acknowledged: 3, lost: 0, doubled: 0 })
  })
}

test('F003 kill -9 right after the sign-in: with no server, the app opens the outbox of the person who had signed in', async ({
  mark,
  way,
  truth,
}) => {
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-profile-'))
  try {
    const first = await launch(profile)
    const before = new FieldDeskPage(await first.newPage(), way.url)
    await before.signIn('ana@north.example')
    await before.workerReady()
    await way.down()
    const id = await before.placeOrder(`${mark} 1`)
    await killBrowser(profile)
    await first.close().catch(() => undefined)

    const second = await launch(profile)
    const after = new FieldDeskPage(await second.newPage(), way.url)
    await after.open()
    expect(await after.asksToSignIn()).toBe(false)
    await expect.poll(() => after.toneOf(id)).not.toBe('server')
    await way.up()
    await after.syncNow()
    if (await after.isSignedOut()) await after.signIn('ana@north.example', '/sign-in')
    await expect.poll(truth).toMatchObject([{ id }])
    await second.close()
  } finally {
    await killBrowser(profile)
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
})
