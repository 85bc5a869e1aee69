/** What the context that reads the feed tells the others: which rows a page has changed. They read them from the store. */
import { isRecord } from '@holdfast/core'
import type { KeptRow } from './collection-store.ts'
import type { PageNews } from './feed-reader.ts'

type RowKey = Pick<KeptRow, 'kind' | 'id'>

/** Where a page has ended. */
export interface PageEnd {
  readonly after: number
  readonly isComplete: boolean
  /** When the server was asked, ms since 1970; `undefined` when that is not known. */
  readonly askedAtMs: number | undefined
}

/** News of a page as it is told: rows by their keys. */
export interface PageMessage extends Omit<PageNews, 'puts' | 'removes'> {
  readonly after: number
  readonly isComplete: boolean
  readonly puts: readonly RowKey[]
  readonly removes: readonly RowKey[]
}

/** News of a page, to be told. */
export function encodePageNews({ puts, ...news }: PageNews): unknown {
  return { ...news, kind: 'page', puts: puts.map(({ kind, id }) => ({ kind, id })) }
}

/** What was told; `undefined` for anything else. */
export function parsePageNews(value: unknown): PageMessage | undefined {
  if (!isRecord(value) || value['kind'] !== 'page' || !isRecord(value['mark'])) return undefined
  const { isAnew, askedAtMs, from, puts, removes } = value
  const { epoch, after, isComplete } = value['mark']
  if (typeof epoch !== 'string' || typeof after !== 'number' || typeof isComplete !== 'boolean') return undefined
  if (typeof askedAtMs !== 'number' || typeof from !== 'number' || typeof isAnew !== 'boolean') return undefined
  const mark = { epoch, after, isComplete, versions: {} }
  return { mark, after, isComplete, isAnew, askedAtMs, from, puts: keysOf(puts), removes: keysOf(removes) }
}

function keysOf(value: unknown): readonly RowKey[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((key: unknown) => {
    if (!isRecord(key)) return []
    const { kind, id } = key
    return typeof kind === 'string' && typeof id === 'string' ? [{ kind, id }] : []
  })
}
