import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describeIssues, type Schema } from './schema.ts'

describe('describeIssues', () => {
  it('names each place and what was expected, and not the offending value', () => {
    const schema: Schema<{ items: { price: number }[] }> = z.object({ items: z.array(z.object({ price: z.number() })) })
    const result = schema['~standard'].validate({ items: [{ price: 'secret-4111' }] })
    if (result instanceof Promise || result.issues === undefined) throw new Error('expected issues at once')
    const text = describeIssues(result.issues)
    expect(text).toMatch(/^items\.0\.price: /)
    expect(text).not.toContain('4111')
  })

  it('shows five issues and counts the rest', () => {
    const issues = Array.from({ length: 7 }, (_, index) => ({ message: `m${index}` }))
    expect(describeIssues(issues)).toBe('m0; m1; m2; m3; m4; and 2 more')
    expect(describeIssues([])).toBe('')
  })

  it('reads both kinds of path step that Standard Schema allows', () => {
    expect(describeIssues([{ message: 'bad', path: ['a', { key: 0 }, Symbol('s')] }])).toBe('a.0.Symbol(s): bad')
  })
})
