/** Tells a file's kind by its first bytes: names and headers are claims. */
import { OcrError } from './ocr-engine.ts'

/** The kinds of files that can be read. */
export type FileKind = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'pdf'

const mimes: Readonly<Record<FileKind, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  tiff: 'image/tiff',
  avif: 'image/avif',
  pdf: 'application/pdf',
}

const known = 'JPEG, PNG, WebP, GIF, TIFF, AVIF or PDF'

/** Says what the file is. Throws `empty`, or `unsupported` for anything else, SVG included, and for a false claim. */
export function fileKind(bytes: Uint8Array, mime?: string): FileKind {
  if (bytes.length === 0)
    throw new OcrError('empty', `A file of kind ${known} was expected, it has no bytes. Send it again.`)
  const kind = sniff(bytes)
  if (kind === undefined) {
    throw new OcrError('unsupported', `A file of kind ${known} was expected, it begins like none. Save it as JPEG.`)
  }
  // A general type claims nothing.
  const claim = mime?.split(';')[0]?.trim().toLowerCase().replace('image/jpg', 'image/jpeg')
  if (claim !== undefined && claim !== '' && claim !== 'application/octet-stream' && claim !== mimes[kind]) {
    throw new OcrError(
      'unsupported',
      `The file was said to be ${claim}, and it is ${mimes[kind]}. Send it as what it is.`,
    )
  }
  return kind
}

function sniff(bytes: Uint8Array): FileKind | undefined {
  const head = Array.from(bytes.subarray(0, 16), (byte) => String.fromCharCode(byte)).join('')
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'webp'
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'gif'
  if (head.startsWith('II*\0') || head.startsWith('MM\0*')) return 'tiff'
  if (head.slice(4, 12) === 'ftypavif' || head.slice(4, 12) === 'ftypavis') return 'avif'
  // Readers of PDF allow some bytes of rubbish before the header.
  const start = Array.from(bytes.subarray(0, 1024), (byte) => String.fromCharCode(byte)).join('')
  return start.includes('%PDF-') ? 'pdf' : undefined
}
