/** Field Desk: the whole browser is killed while the server holds the first of three requests. */
import { fieldDeskSubject } from '../crash/field-desk-subject.ts'
import { crashRound } from '../crash/round.ts'
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
