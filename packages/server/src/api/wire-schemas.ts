/** JSON Schemas of what travels: the same shapes that core's protocol parses. A test holds the two together. */
import { batchOperationsMax, changesPageMax, earlierMax, laneKeyMax, parentsMax, protocolVersion } from '@holdfast/core'
import type { JsonSchema } from './route-table.ts'

const shortText = { type: 'string', minLength: 1, maxLength: 200 }
const count = { type: 'integer', minimum: 0 }
const id = { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,128}$' }
const ids = (most: number): JsonSchema => ({ type: 'array', maxItems: most, items: id })

/** A reference to one of {@link wireSchemas}. */
export function schemaRef(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

/** The schemas by name. */
export const wireSchemas: Readonly<Record<string, JsonSchema>> = {
  Problem: {
    type: 'object',
    description: 'RFC 9457. Decide by `type` alone.',
    required: ['type', 'title', 'status'],
    properties: {
      type: { type: 'string', pattern: '^urn:holdfast:problem:' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      pointer: { type: 'string' },
    },
  },
  Operation: {
    type: 'object',
    required: ['id', 'type', 'version', 'lane', 'payload', 'ageMs'],
    properties: {
      id: { ...id, description: 'Made by the device, once; the same at every send.' },
      type: shortText,
      version: { type: 'integer', minimum: 1 },
      lane: { ...shortText, maxLength: laneKeyMax },
      payload: { description: 'As the type asks; see the operations of this description.' },
      ageMs: count,
      entity: { type: 'object', required: ['kind', 'id'], properties: { kind: shortText, id: shortText } },
      base: {
        oneOf: [
          { type: 'object', required: ['version'], properties: { version: count, state: {} } },
          { type: 'object', required: ['after'], properties: { after: id } },
        ],
      },
      after: ids(parentsMax),
      supersedes: id,
      resolves: id,
      cancel: id,
      earlier: ids(earlierMax),
      traceparent: shortText,
    },
  },
  BatchRequest: {
    type: 'object',
    required: ['protocol', 'tenant', 'user', 'device', 'sequence', 'pending', 'oldestAgeMs', 'operations'],
    properties: {
      protocol: { const: protocolVersion },
      tenant: { ...shortText, description: 'Asserted, never believed: the session decides.' },
      user: { ...shortText, description: 'Asserted, never believed: the session decides.' },
      device: shortText,
      sequence: count,
      pending: count,
      oldestAgeMs: count,
      operations: { type: 'array', minItems: 1, maxItems: batchOperationsMax, items: schemaRef('Operation') },
    },
  },
  Outcome: {
    type: 'object',
    required: ['id', 'outcome'],
    properties: {
      id,
      outcome: { enum: ['applied', 'duplicate', 'conflict', 'rejected', 'deferred'] },
      version: count,
      ids: { type: 'object', additionalProperties: { type: 'string' } },
      result: {},
      conflictResolved: { type: 'boolean' },
      first: { description: 'Of a duplicate: the outcome that was answered first.' },
      of: id,
      current: {},
      conflictFields: { type: 'array', items: { type: 'string' } },
      retryAfterMs: count,
      problem: schemaRef('Problem'),
    },
  },
  BatchAnswer: {
    type: 'object',
    required: ['outcomes'],
    properties: { outcomes: { type: 'array', items: schemaRef('Outcome') } },
  },
  ChangesAnswer: {
    type: 'object',
    required: ['epoch', 'head', 'from', 'changes'],
    properties: {
      epoch: { type: 'string', description: 'Another one: the server was restored; read from the start.' },
      head: count,
      from: { ...count, description: 'Not what was asked for: that place is none of this history.' },
      changes: {
        type: 'array',
        maxItems: changesPageMax,
        items: {
          type: 'object',
          required: ['seq', 'kind', 'id', 'version', 'deleted'],
          properties: {
            seq: { type: 'integer', minimum: 1 },
            kind: { type: 'string' },
            id: { type: 'string' },
            version: count,
            deleted: { type: 'boolean' },
            state: { description: 'At the latest change of an entity.' },
          },
        },
      },
    },
  },
  HealthAnswer: {
    type: 'object',
    required: ['holdfast', 'session'],
    properties: {
      holdfast: { const: protocolVersion },
      session: {
        oneOf: [
          { type: 'null' },
          {
            type: 'object',
            required: ['tenant', 'user'],
            properties: { tenant: { type: 'string' }, user: { type: 'string' } },
          },
        ],
      },
    },
  },
}
