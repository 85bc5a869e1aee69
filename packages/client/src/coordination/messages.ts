/** What tabs and workers of one outbox tell one another. Every message is parsed; anything else is not ours and is dropped. */
import { isRecord, parseOperationId, priorities, type OperationId, type Priority } from '@holdfast/core'
import type { DrainReport } from '../drain-report.ts'
import { parsePause } from '../pause.ts'
import type { Connectivity, SyncStatus } from '../status.ts'

/** The part of the status that the leader knows and the others show. */
export type SharedStatus = Pick<
  SyncStatus,
  | 'counts'
  | 'sendingIds'
  | 'progress'
  | 'connectivity'
  | 'circuit'
  | 'authentication'
  | 'paused'
  | 'warning'
  | 'nextAttemptAtMs'
  | 'acknowledgedAtMs'
>

/** A message between contexts. */
export type Message =
  /** The sender is new here; whoever leads may say how things stand. */
  | { readonly kind: 'joined' }
  /** So many entries, of these priorities, were stored by the sender. */
  | { readonly kind: 'stored'; readonly priorities: readonly Priority[]; readonly count: number }
  /** A person changed entries in the sender's context. */
  | { readonly kind: 'acted' }
  /** Somebody has paused or resumed something. */
  | { readonly kind: 'paused' }
  /** Entries were settled. */
  | { readonly kind: 'settled'; readonly ids: readonly OperationId[] }
  /** The leader's view of the status. */
  | { readonly kind: 'status'; readonly status: SharedStatus }
  /** The sender leads now; whoever waits for a drain may ask again. */
  | { readonly kind: 'leading' }
  /** Asks the leader for a drain. */
  | {
      readonly kind: 'drain'
      readonly request: string
      readonly types?: readonly string[]
      readonly isAutomatic?: boolean
    }
  /** The leader's answer to that. */
  | { readonly kind: 'drained'; readonly request: string; readonly report: DrainReport }
  /** The person has signed in. */
  | { readonly kind: 'authenticated' }

/** Puts a message into its envelope. */
export function encodeMessage(message: Message): unknown {
  return { holdfast: 1, ...message }
}

/** Reads a message; `undefined` for anything that is not one of ours. */
export function parseMessage(value: unknown): Message | undefined {
  if (!isRecord(value) || value['holdfast'] !== 1) return undefined
  switch (value['kind']) {
    case 'stored': {
      const { priorities: named, count } = value
      if (!isTextList(named) || !isNumber(count) || count < 0) return undefined
      return { kind: 'stored', priorities: priorities.filter((priority) => named.includes(priority)), count }
    }
    case 'joined':
    case 'acted':
    case 'paused':
    case 'leading':
    case 'authenticated':
      return { kind: value['kind'] }
    case 'settled': {
      const ids = parseIds(value['ids'])
      return ids === undefined ? undefined : { kind: 'settled', ids }
    }
    case 'status': {
      const status = parseSharedStatus(value['status'])
      return status === undefined ? undefined : { kind: 'status', status }
    }
    case 'drain': {
      const { request, types, isAutomatic } = value
      if (typeof request !== 'string') return undefined
      return {
        kind: 'drain',
        request,
        ...(isTextList(types) && { types }),
        ...(isAutomatic === true && { isAutomatic }),
      }
    }
    case 'drained': {
      const { request, report } = value
      return typeof request === 'string' && isReport(report) ? { kind: 'drained', request, report } : undefined
    }
    default:
      return undefined
  }
}

const connectivities: readonly Connectivity[] = ['unknown', 'online', 'offline', 'server-unreachable', 'captive']

const circuits = ['closed', 'open', 'half-open'] as const

function parseSharedStatus(value: unknown): SharedStatus | undefined {
  if (!isRecord(value) || !isRecord(value['counts']) || !isRecord(value['progress'])) return undefined
  const { queued, waiting, conflicted, dead } = value['counts']
  const { done, total } = value['progress']
  const { nextAttemptAtMs, acknowledgedAtMs, authentication } = value
  const sendingIds = parseIds(value['sendingIds'])
  const connectivity = connectivities.find((kind) => kind === value['connectivity'])
  if (!isNumber(queued) || !isNumber(waiting) || !isNumber(conflicted) || !isNumber(dead)) return undefined
  if (!isNumber(done) || !isNumber(total)) return undefined
  if (sendingIds === undefined || connectivity === undefined) return undefined
  if (authentication !== 'ok' && authentication !== 'required' && authentication !== 'other') return undefined
  return {
    counts: { queued, waiting, conflicted, dead },
    progress: { done, total },
    sendingIds,
    connectivity,
    // A leader of an earlier release says nothing of it.
    circuit: circuits.find((kind) => kind === value['circuit']) ?? 'closed',
    authentication,
    paused: parsePause(value['paused']),
    warning: value['warning'] === 'overdue' ? 'overdue' : undefined,
    nextAttemptAtMs: isNumber(nextAttemptAtMs) ? nextAttemptAtMs : undefined,
    acknowledgedAtMs: isNumber(acknowledgedAtMs) ? acknowledgedAtMs : undefined,
  }
}

/** Most ids in a list: several times what one write settles. */
const idsMax = 10_000

function parseIds(value: unknown): readonly OperationId[] | undefined {
  if (!Array.isArray(value) || value.length > idsMax) return undefined
  const ids = value.map(parseOperationId)
  return ids.every((id) => id !== undefined) ? ids : undefined
}

function isReport(value: unknown): value is DrainReport {
  return (
    isRecord(value) &&
    Object.values(value).every(
      (report) =>
        isRecord(report) &&
        Array.isArray(report['synced']) &&
        Array.isArray(report['failed']) &&
        Array.isArray(report['errors']) &&
        isNumber(report['remaining']),
    )
  )
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
