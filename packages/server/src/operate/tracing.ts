/**
 * Tracing: an observer that makes a span for each operation that came with a `traceparent`. The trace that began with a
 * person's act on a device, maybe days ago and offline, goes on here.
 *
 * Only the API of OpenTelemetry is used; without an SDK in the process the spans are nothing and cost nothing.
 */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  isSpanContextValid,
  trace,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api'
import type { Observer } from './observer.ts'

const tracerName = '@holdfast/server'

/** Makes the observer; by default with the tracer of whatever SDK is registered. */
export function traceOperations(tracer: Tracer = trace.getTracer(tracerName)): Observer {
  return {
    applied: ({ operations, outcomes, startedAtMs, endedAtMs, typeOf }) => {
      const byId = new Map(outcomes.map((outcome) => [outcome.id, outcome.outcome]))
      for (const operation of operations) {
        const parent = parseTraceparent(operation.traceparent)
        if (parent === undefined) continue
        const outcome = byId.get(operation.id) ?? 'unknown'
        const span = tracer.startSpan(
          'holdfast apply',
          {
            kind: SpanKind.CONSUMER,
            startTime: startedAtMs,
            attributes: {
              'holdfast.operation.id': operation.id,
              'holdfast.operation.type': typeOf(operation),
              'holdfast.operation.age_ms': operation.ageMs,
              'holdfast.outcome': outcome,
              'holdfast.batch.size': operations.length,
            },
          },
          trace.setSpanContext(ROOT_CONTEXT, parent),
        )
        if (outcome === 'rejected' || outcome === 'deferred') span.setStatus({ code: SpanStatusCode.ERROR })
        span.end(endedAtMs)
      }
    },
  }
}

/**
 * Reads a `traceparent` of W3C Trace Context; `undefined` when it is none. A version newer than ours is read as far as
 * we know it, as the recommendation asks.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
function parseTraceparent(text: string | undefined): SpanContext | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(text ?? '')
  if (match === null) return undefined
  const [, version, traceId = '', spanId = '', flags = '00', more] = match
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return isSpanContextValid(context) ? context : undefined
}
