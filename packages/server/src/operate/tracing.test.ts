import { ROOT_CONTEXT, trace, type Context, type Span, type SpanOptions, type Tracer } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { changeNote, idOf, noteOp } from '../notes.fixture.ts'
import { traceOperations } from './tracing.ts'

/** A tracer that writes down what it is asked for. */
function recorder() {
  const spans: {
    name: string
    options: SpanOptions | undefined
    parent: unknown
    status?: unknown
    endMs?: unknown
  }[] = []
  const tracer: Tracer = {
    startSpan: (name: string, options?: SpanOptions, context: Context = ROOT_CONTEXT): Span => {
      const span: (typeof spans)[number] = { name, options, parent: trace.getSpanContext(context) }
      spans.push(span)
      const made = trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 })
      made.setStatus = (status) => {
        span.status = status
        return made
      }
      made.end = (endMs) => {
        span.endMs = endMs
      }
      return made
    },
    startActiveSpan: () => {
      throw new Error('a batch has no one active span')
    },
  }
  return { tracer, spans }
}

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

test('an operation’s own trace goes on, with its outcome; one without a trace has no span', () => {
  const { tracer, spans } = recorder()
  const operations = [
    noteOp('one', changeNote, { id: 'a' }, { traceparent: `00-${traceId}-${spanId}-01`, ageMs: 259_200_000 }),
    noteOp('two', changeNote, { id: 'b' }),
    noteOp('three', changeNote, { id: 'c' }, { traceparent: `01-${traceId}-${spanId}-00-more` }),
  ]
  traceOperations(tracer).applied?.({
    tenant: 'north',
    operations,
    outcomes: [
      { id: idOf('one'), outcome: 'applied' },
      { id: idOf('two'), outcome: 'applied' },
      { id: idOf('three'), outcome: 'deferred' },
    ],
    startedAtMs: 1000,
    endedAtMs: 1005,
    typeOf: ({ type }) => type,
  })
  expect(spans).toMatchObject([
    {
      options: {
        startTime: 1000,
        attributes: {
          'holdfast.operation.type': 'note.change',
          'holdfast.outcome': 'applied',
          'holdfast.batch.size': 3,
        },
      },
      parent: { traceId, spanId, traceFlags: 1, isRemote: true },
      endMs: 1005,
    },
    { parent: { traceId, spanId, traceFlags: 0 }, status: { code: 2 } },
  ])
})

test('what is no traceparent makes no span', () => {
  const { tracer, spans } = recorder()
  const wrong = [
    '',
    'x',
    `00-${traceId}-${spanId}`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\n`,
  ]
  traceOperations(tracer).applied?.({
    tenant: 'north',
    operations: wrong.map((traceparent, n) => noteOp(`n${n}`, changeNote, { id: 'a' }, { traceparent })),
    outcomes: [],
    startedAtMs: 0,
    endedAtMs: 0,
    typeOf: ({ type }) => type,
  })
  expect(spans).toEqual([])
})
