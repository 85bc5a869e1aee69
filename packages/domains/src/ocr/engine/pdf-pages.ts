/** The pages of a PDF as pictures, rendered by PDFium in WebAssembly: a hostile file stays within its memory. */
import { loadPackage } from './load-package.ts'
import { OcrError } from './ocr-engine.ts'
import { type OpenedPage, type PageLimits, tooManyPages } from './page-limits.ts'

/** Text of 8 points is 22 pixels high at this resolution, which the recogniser reads well. */
const pixelsPerPoint = 200 / 72

/** Renders page after page. Throws `encrypted`, `damaged`, `too-many-pages`. */
export async function* pdfPages(bytes: Uint8Array, limits: PageLimits): AsyncGenerator<OpenedPage> {
  const { PDFiumLibrary } = await loadPackage('@hyzyla/pdfium', () => import('@hyzyla/pdfium'))
  const library = await PDFiumLibrary.init()
  try {
    const document = await library.loadDocument(bytes).catch((cause: unknown) => {
      throw isAboutPassword(cause)
        ? new OcrError(
            'encrypted',
            'A PDF without a password was expected, this one asks for one. Save a copy without it.',
            { cause },
          )
        : new OcrError('damaged', 'A whole PDF was expected, this one is cut off or broken. Send it again.', { cause })
    })
    try {
      const pages = document.getPageCount()
      if (pages > limits.pagesMax) throw tooManyPages(pages, limits.pagesMax)
      for (let index = 0; index < pages; index++) {
        const page = document.getPage(index)
        const { originalWidth, originalHeight } = page.getOriginalSize()
        const side = Math.max(originalWidth, originalHeight, 1)
        // A page may claim to be a kilometre wide: it is drawn as large as a page may be, and no larger.
        const scale = Math.min(pixelsPerPoint, limits.sideMax / side)
        const { width, height, data } = await page.render({
          scale,
          colorSpace: 'BGRA',
          render: async (drawn) => Promise.resolve(drawn.data),
        })
        const rgb = new Uint8Array(width * height * 3)
        for (let at = 0; at < width * height; at++) {
          // The renderer has already put red first.
          rgb[at * 3] = data[at * 4] ?? 0
          rgb[at * 3 + 1] = data[at * 4 + 1] ?? 0
          rgb[at * 3 + 2] = data[at * 4 + 2] ?? 0
        }
        yield { picture: { width, height, data: rgb }, scale: 1 }
      }
    } finally {
      document.destroy()
    }
  } finally {
    library.destroy()
  }
}

function isAboutPassword(cause: unknown): boolean {
  return cause instanceof Error && /password|security/i.test(cause.message)
}
