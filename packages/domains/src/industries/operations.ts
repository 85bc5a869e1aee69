/** The operations of the industries, one type for each, made from its row: shared by page, service worker and server. */
import {
  defineLane,
  defineOperation,
  isRecord,
  type AnyOperationDefinition,
  type JsonObject,
  type Lane,
  type OperationDefinition,
} from '@holdfast/core'
import * as v from 'valibot'
import { anyObject } from '../schema-parts.ts'
import {
  findMissingField,
  industries,
  industryNames,
  isCritical,
  type Industry,
  type IndustryName,
} from './industries.ts'

export {
  findMissingField,
  industries,
  industryHeaders,
  industryNames,
  industryOf,
  isCritical,
  type Industry,
  type IndustryName,
} from './industries.ts'

/** A record of work: what its industry requires, and whatever else it says. */
export type WorkRecord = JsonObject & { readonly id: string }

/** The kind of entity that a piece of work is. */
export const workKind = 'work'

/** The operation of each industry. */
export const workOperations: { readonly [Name in IndustryName]: OperationDefinition<WorkRecord> } = {
  hs: operationOf(industries.hs),
  rest: operationOf(industries.rest),
  auto: operationOf(industries.auto),
  ret: operationOf(industries.ret),
}

/** All operations of the pack. */
export const industryOperations: readonly AnyOperationDefinition[] = industryNames.map((name) => workOperations[name])

function operationOf(industry: Industry): OperationDefinition<WorkRecord> {
  const { name, priority, batch, idField } = industry
  const usual = defineLane(`work-${name}`, { priority })
  const critical = defineLane(`work-${name}-critical`, { priority: 'high' })
  return defineOperation({
    type: `industries.${name}`,
    version: 1,
    payload: schemaOf(industry),
    lane: (record): Lane => (isCritical(industry, record) ? critical : usual)(workIdOf(record, idField)),
    entity: (record) => ({ kind: workKind, id: `${name}:${workIdOf(record, idField)}` }),
    policy: { batch, conflict: 'merge' },
  })
}

function schemaOf(industry: Industry): v.GenericSchema<WorkRecord> {
  return v.pipe(
    v.custom<WorkRecord>(isRecord, 'must be an object'),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      const record = dataset.value
      const missing = findMissingField(industry, record)
      if (missing !== undefined) addIssue({ message: `${missing}: is required for ${industry.title.toLowerCase()}` })
      if (typeof record['id'] !== 'string' || !/^[\w.:-]{1,64}$/.test(record['id'])) {
        addIssue({ message: 'id: must be 1 to 64 characters of A-Z a-z 0-9 _ . : -' })
      }
      const work = record[industry.idField]
      if (missing === undefined && (typeof work !== 'string' || !/^[\w.:-]{1,64}$/.test(work))) {
        addIssue({ message: `${industry.idField}: must be 1 to 64 characters of A-Z a-z 0-9 _ . : -` })
      }
      if (!v.is(anyObject(20_000), record)) addIssue({ message: 'must have at most 20000 characters of JSON' })
    }),
  )
}

/** The schema has refused every record whose work has no such name. */
function workIdOf(record: WorkRecord, idField: string): string {
  const id = record[idField]
  return typeof id === 'string' ? id : ''
}
