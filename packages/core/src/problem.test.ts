import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProblem, problem, problemCodeOf, problemStatus, problemTypePrefix } from './problem.ts'

describe('problem', () => {
  it('makes a document that reads back as itself, with its code', () => {
    const made = problem('refused', 'Not in stock', { detail: 'Try another.', pointer: '/items/0' })
    expect(made).toEqual({
      type: `${problemTypePrefix}refused`,
      title: 'Not in stock',
      status: 422,
      detail: 'Try another.',
      pointer: '/items/0',
    })
    expect(parseProblem(JSON.parse(JSON.stringify(made)))).toEqual(made)
    expect(problemCodeOf(made)).toBe('refused')
  })

  it('has a 4xx or 5xx status for every code', () => {
    for (const status of Object.values(problemStatus)) expect(status >= 400 && status < 600).toBe(true)
  })
})

describe('problemCodeOf', () => {
  it.each([
    'about:blank',
    'https://example.org/conflict',
    `${problemTypePrefix}nonsense`,
    `${problemTypePrefix}toString`,
  ])('knows no code of %s', (type) => {
    expect(problemCodeOf({ type, title: '', status: 400 })).toBeUndefined()
  })
})

describe('parseProblem', () => {
  it.each([null, [], 'x', 1, {}, { type: 1 }, { type: 'x'.repeat(201) }, { title: 'no type' }])(
    'refuses %j',
    (value) => {
      expect(parseProblem(value)).toBeUndefined()
    },
  )

  it('F020 a type that is half a character, standing in for the title, reads back as what was read', () => {
    const once = parseProblem({ type: '\ud800' })
    expect(once?.title).toBe('\ufffd')
    expect(parseProblem(once)).toEqual(once)
  })

  it('never throws, keeps only its own members, and cuts text to what can be stored', () => {
    const keys = fc.constantFrom('type', 'title', 'status', 'detail', 'pointer', '__proto__')
    fc.assert(
      fc.property(fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }))), (value) => {
        const parsed = parseProblem(value)
        if (parsed === undefined) return true
        const { type, title, status, detail = '', pointer = '', ...rest } = parsed
        expect(Object.keys(rest)).toEqual([])
        return typeof type === 'string' && Number.isInteger(status) && (title + detail + pointer).isWellFormed()
      }),
    )
    const parsed = parseProblem({ type: 'a', title: '\u{1F600}'.repeat(2000), detail: 'd'.repeat(3000) })
    expect(parsed?.title).toHaveLength(2000)
    expect(parsed?.detail).toHaveLength(2000)
    expect(parseProblem({ type: 'a', title: `a${'\u{1F600}'.repeat(2000)}` })?.title.isWellFormed()).toBe(true)
  })
})
