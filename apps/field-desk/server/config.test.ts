import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

it('has a default for everything', () => {
  expect(readConfig({})).toEqual({
    config: { port: 3000, dataFolder: resolve('.data'), databaseUrl: undefined, isReading: true },
  })
})

it('takes what the environment says', () => {
  const databaseUrl = 'postgres://app:secret@db.example:5432/desk'
  expect(
    readConfig({ PORT: '0', HOLDFAST_DATA: '/var/desk', DATABASE_URL: databaseUrl, OCR_ENABLED: 'false' }),
  ).toEqual({
    config: { port: 0, dataFolder: '/var/desk', databaseUrl, isReading: false },
  })
})

it('takes an empty setting for an absent one', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: ' ' })).toEqual(readConfig({}))
})

describe('a PORT that is none is named', () => {
  it.each(['http', '-1', '65536', '80.5', '0x50', '1e3', '999999'])('%s', (port) => {
    expect(readConfig({ PORT: port })).toEqual({ faults: [expect.stringContaining(`got "${port}"`)] })
  })
})

it('never repeats a DATABASE_URL, which may hold a password', () => {
  const reading = readConfig({ DATABASE_URL: 'mysql://app:secret@db/desk', PORT: 'x' })
  expect(reading).toEqual({ faults: [expect.stringContaining('PORT'), expect.stringContaining('DATABASE_URL')] })
  expect(JSON.stringify(reading)).not.toContain('secret')
})

it('R034 an OCR_ENABLED that is neither true nor false is named', () => {
  expect(readConfig({ OCR_ENABLED: 'off' })).toEqual({ faults: [expect.stringContaining('OCR_ENABLED')] })
})
