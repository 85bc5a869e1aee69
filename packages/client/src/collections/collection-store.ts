/**
 * Where collections are kept on the device: rows as the feed gave them, and how far the feed was read. A copy of what
 * the server has: losing it costs a download and never a write.
 */
import type { Json } from '@holdfast/core'

/** One entity as the feed gave it. */
export interface KeptRow {
  readonly kind: string
  readonly id: string
  readonly version: number
  readonly state: Json
}

/** How far the feed was read. */
export interface FeedMark {
  readonly epoch: string
  /** The number of the last change that is kept. */
  readonly after: number
  /** True once the feed was read to its head. */
  readonly isComplete: boolean
  /** The collections' versions when this was written. */
  readonly versions: Readonly<Record<string, number>>
}

/** What a page of the feed changes. Written whole or not at all. */
export interface PageWrite {
  /** What the page goes on from; where the store stands elsewhere by now, somebody else was quicker. */
  readonly from: Pick<FeedMark, 'epoch' | 'after'>
  readonly mark: FeedMark
  /** True: everything that was kept is dropped first. */
  readonly isAnew: boolean
  readonly puts: readonly KeptRow[]
  readonly removes: readonly Pick<KeptRow, 'kind' | 'id'>[]
}

/** A store of collections. */
export interface CollectionStore {
  readMark(): Promise<FeedMark | undefined>
  readKind(kind: string): Promise<readonly KeptRow[]>
  readRows(keys: readonly Pick<KeptRow, 'kind' | 'id'>[]): Promise<readonly (KeptRow | undefined)[]>
  /** Returns false, with nothing written, when the store does not stand at `from`. */
  write(page: PageWrite): Promise<boolean>
  close(): Promise<void>
}

/** The mark of a store that has read nothing. */
export const noMark: FeedMark = { epoch: '', after: 0, isComplete: false, versions: {} }

/** True when a page goes on from where a store stands. */
export function goesOn(mark: FeedMark | undefined, { from, isAnew }: PageWrite): boolean {
  const { epoch, after } = mark ?? noMark
  return isAnew || (epoch === from.epoch && after === from.after)
}
