/**
 * What a file is, by its first bytes. Names and declared types are never believed. What is not in the table is not taken:
 * above all nothing that a browser could run, such as HTML, SVG or a script.
 */

/** A type of file that can be kept. */
export type FileType = 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif' | 'image/avif' | 'application/pdf'

/** The ending of a file's name when it is handed out. */
export const fileEndings: Readonly<Record<FileType, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/avif': 'avif',
  'application/pdf': 'pdf',
}

/** How many bytes {@link fileTypeOf} looks at. */
export const fileTypeBytes = 32

/** Tells a file's type by its first {@link fileTypeBytes} bytes; `undefined` when it is none that can be kept. */
export function fileTypeOf(head: Uint8Array): FileType | undefined {
  // Bytes as characters, one each, so that they can be compared as text.
  const text = String.fromCharCode(...head.subarray(0, fileTypeBytes))
  if (text.startsWith('\u00FF\u00D8\u00FF')) return 'image/jpeg'
  if (text.startsWith('\u0089PNG\r\n\u001A\n')) return 'image/png'
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'image/gif'
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'image/webp'
  if (text.startsWith('ftyp', 4) && (text.startsWith('avif', 8) || text.startsWith('avis', 8))) return 'image/avif'
  if (text.startsWith('%PDF-')) return 'application/pdf'
  return undefined
}

/** True for a type that a person may have stored or declared. */
export function isFileType(value: unknown): value is FileType {
  return typeof value === 'string' && Object.hasOwn(fileEndings, value)
}
