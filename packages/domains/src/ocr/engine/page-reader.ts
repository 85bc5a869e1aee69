/** The inner port: what reads one decoded page. The two local engines differ in this alone. */
import type { Page } from './ocr-engine.ts'
import type { Picture } from './picture.ts'

/** Reads pages. */
export type PageReader = {
  readonly name: string
  readonly version: string
  /** Reads a page. `check` throws when there is no more time; it is called between steps. */
  read(picture: Picture, check: () => void): Promise<Page>
  close(): Promise<void>
}
