import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineLane } from './lane.ts'
import { defineOperation, type AnyOperationDefinition } from './operation.ts'

const noteLane = defineLane('note')
const Note = z.object({ subjectId: z.string(), text: z.string() })
const define = (type: string, version = 1): AnyOperationDefinition =>
  defineOperation({ type, version, payload: Note, lane: (note) => noteLane(note.subjectId) })

describe('defineOperation', () => {
  it('gives the policy of each priority, completed', () => {
    const definition = define('note.add')
    expect(definition.lane({ subjectId: '7', text: '' }).key).toBe('note:7')
    expect(definition.policyFor('high').retry).toMatchObject({ attemptsMax: 8 })
    expect(definition.policyFor('low').retry).toMatchObject({ attemptsMax: 3 })
  })

  it.each(['pos.order', 'photo.job', 'job_update', 'a', 'field-jobs.status2'])('takes the type %s', (type) => {
    expect(define(type).type).toBe(type)
  })

  it.each(['', 'Pos', 'a..b', '.a', 'a.', 'a b', '1a', 'a'.repeat(101), '__proto__'])('refuses the type %j', (type) => {
    expect(() => define(type)).toThrow(expect.objectContaining({ code: 'invalid-definition' }))
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses the version %d', (version) => {
    expect(() => define('note.add', version)).toThrow(expect.objectContaining({ code: 'invalid-definition' }))
  })

  it('refuses a policy that is not usable when it is defined, not when it is used', () => {
    const options = { type: 'a', version: 1, payload: Note, lane: () => noteLane('1'), policy: { batch: { max: 0 } } }
    expect(() => defineOperation(options)).toThrow(expect.objectContaining({ code: 'invalid-definition' }))
  })
})
