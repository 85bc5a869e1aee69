export type { Collection, Item } from './collection.ts'
export type { CollectionStore, FeedMark, KeptRow, PageWrite } from './collection-store.ts'
export {
  defineCollection,
  optimistic,
  type CollectionDefinition,
  type CollectionOptions,
  type Overlay,
  type OverlayContext,
} from './define-collection.ts'
export { feedSource, type FeedPlace, type FeedSource, type FeedSourceOptions } from './feed-source.ts'
export { collectionDisk, openMemoryCollectionStore, type CollectionDisk } from './memory-collection-store.ts'
export {
  openCollections,
  type AnyCollectionDefinition,
  type Collections,
  type CollectionsOptions,
  type CollectionsStatus,
} from './open-collections.ts'
