import { describe, expect, it } from 'vitest'
import { advanceCircuit, circuitTable, failuresOf, type Circuit, type CircuitEvent } from './circuit.ts'

const nowMs = 1_000_000
const states: readonly Circuit[] = [
  { kind: 'closed' },
  { kind: 'open', failures: 2, notBeforeMs: nowMs + 500, delayMs: 1000, isAsked: false },
  { kind: 'open', failures: 2, notBeforeMs: nowMs + 500, delayMs: 1000, isAsked: true },
  { kind: 'open', failures: 1, notBeforeMs: nowMs, delayMs: 1000, isAsked: true },
  { kind: 'half-open', failures: 2 },
]
const events: readonly CircuitEvent[] = [
  { kind: 'failed', delayMs: 2000, isAsked: false },
  { kind: 'paused', delayMs: 2000 },
  { kind: 'passed' },
  { kind: 'wished' },
  { kind: 'progress' },
]

describe('the circuit', () => {
  it.each(events)('after $kind is in the states of its table, and in each of them', (event) => {
    for (const kind of ['closed', 'open', 'half-open'] as const) {
      const from = states.filter((state) => state.kind === kind)
      const reached = new Set(from.map((state) => advanceCircuit(state, event, nowMs).kind))
      expect([...reached].toSorted(), kind).toEqual([...circuitTable[kind][event.kind]].toSorted())
    }
  })

  it('I10 counts failures in a row, and only those', () => {
    let circuit: Circuit = { kind: 'closed' }
    const after = (event: CircuitEvent): number => failuresOf((circuit = advanceCircuit(circuit, event, nowMs)))
    const failed: CircuitEvent = { kind: 'failed', delayMs: 0, isAsked: false }
    const counts = [failed, { kind: 'passed' }, failed, { kind: 'paused', delayMs: 0 }, { kind: 'passed' }] as const
    expect(counts.map(after)).toEqual([1, 1, 2, 2, 2])
    expect(after({ kind: 'progress' })).toBe(0)
  })

  it('F023 a wait that the server has named is not lifted by a wish, only by time', () => {
    const asked = advanceCircuit({ kind: 'closed' }, { kind: 'failed', delayMs: 5000, isAsked: true }, nowMs)
    expect(advanceCircuit(asked, { kind: 'wished' }, nowMs + 4999)).toBe(asked)
    expect(advanceCircuit(asked, { kind: 'passed' }, nowMs + 4999)).toBe(asked)
    expect(advanceCircuit(asked, { kind: 'passed' }, nowMs + 5000).kind).toBe('half-open')
  })

  it('F034 a clock that was set back a day does not keep it open for a day', () => {
    const open = advanceCircuit({ kind: 'closed' }, { kind: 'failed', delayMs: 5000, isAsked: true }, nowMs)
    expect(advanceCircuit(open, { kind: 'passed' }, nowMs - 86_400_000).kind).toBe('half-open')
  })
})
