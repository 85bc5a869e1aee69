/** Files that mean harm, made by a table: each a name and its bytes. None may bring the server down or be kept as it is. */
import { deflateSync } from 'node:zlib'
import { picture } from './uploading.fixture.ts'

/** A word that must not survive in anything that is kept. */
export const marker = 'HARM-4f1c'

/** A hostile file. */
export interface HostileFile {
  readonly name: string
  readonly bytes: Uint8Array
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** Texts that a browser would run, or another program. */
const active: Readonly<Record<string, string>> = {
  html: `<!doctype html><script>alert("${marker}")</script>`,
  'html after blanks': `   \n\n<html><body onload=alert("${marker}")>`,
  svg: `<svg xmlns="http://www.w3.org/2000/svg"><script>alert("${marker}")</script></svg>`,
  'svg with a declaration': `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="${marker}"/>`,
  'svg with entities': `<!DOCTYPE svg [<!ENTITY a "${marker}">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>`,
  'svg that reads a file': `<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd" id="${marker}"/></svg>`,
  script: `alert("${marker}")`,
  'shell script': `#!/bin/sh\necho ${marker}`,
  php: `<?php echo "${marker}";`,
  'GIF without a picture': `GIF89a=1;alert("${marker}")//`,
  'GIF87a without a picture': `GIF87a/*${marker}*/`,
  xml: `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;${marker}</x>`,
  css: `body{background:url("javascript:${marker}")}`,
  'mail with html': `MIME-Version: 1.0\nContent-Type: text/html\n\n<script>"${marker}"</script>`,
  PostScript: `%!PS-Adobe-3.0\n(${marker}) print`,
  'magick vector graphics': `push graphic-context\nimage over 0,0 0,0 'https://x.example/${marker}'`,
  'text of one letter': 'x',
}

/** First bytes of formats that are not taken. */
const foreign: Readonly<Record<string, readonly number[]>> = {
  elf: [0x7f, 0x45, 0x4c, 0x46],
  exe: [0x4d, 0x5a, 0x90, 0],
  zip: [0x50, 0x4b, 3, 4],
  gzip: [0x1f, 0x8b, 8, 0],
  tiff: [0x49, 0x49, 0x2a, 0],
  'tiff, big-endian': [0x4d, 0x4d, 0, 0x2a],
  bmp: [0x42, 0x4d, 0, 0],
  ico: [0, 0, 1, 0],
  psd: [0x38, 0x42, 0x50, 0x53],
  wasm: [0, 0x61, 0x73, 0x6d],
  'java class': [0xca, 0xfe, 0xba, 0xbe],
  flash: [0x46, 0x57, 0x53, 9],
  rar: [0x52, 0x61, 0x72, 0x21],
  'jpeg 2000': [0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20],
  heic: [0, 0, 0, 0x18, 0x66, 0x74, 0x79, 0x70, 0x68, 0x65, 0x69, 0x63],
  zeros: [0, 0, 0, 0],
  'byte order mark': [0xef, 0xbb, 0xbf, 0x3c],
  'utf-16 html': [0xff, 0xfe, 0x3c, 0],
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = join(text(type), data)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(data.length)
  let crc = 0xffffffff
  for (const byte of body) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  const tail = Buffer.alloc(4)
  tail.writeUInt32BE((crc ^ 0xffffffff) >>> 0)
  return join(head, body, tail)
}

/** A PNG that says it is so large, with a few bytes of data that unpack to many. */
function pngBomb(width: number, height: number, zeros: number): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const magic = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const data = deflateSync(Buffer.alloc(zeros))
  return join(magic, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', new Uint8Array()))
}

/** Makes all of them: several hundred. */
export async function hostileFiles(): Promise<readonly HostileFile[]> {
  const files: HostileFile[] = []
  const add = (name: string, bytes: Uint8Array): void => void files.push({ name, bytes })
  for (const [name, value] of Object.entries(active)) add(name, text(value))
  for (const [name, head] of Object.entries(foreign)) add(name, join(Uint8Array.from(head), text(marker.repeat(20))))
  for (const side of [8_000, 20_000, 65_535, 2 ** 31 - 1]) {
    add(`PNG bomb ${side}×${side}`, pngBomb(side, side, 100_000))
    add(`PNG bomb ${side}×1`, pngBomb(side, 1, 100_000))
    add(`PNG bomb 1×${side}`, pngBomb(1, side, 100_000))
  }
  add('PNG of no size', pngBomb(0, 0, 10))
  add('PNG with 20 MB packed into 20 kB', pngBomb(64, 64, 20_000_000))
  for (const format of ['jpeg', 'png', 'webp', 'gif', 'avif'] as const) {
    const good = await picture(format, 32, { Artist: marker })
    for (const [name, value] of Object.entries(active)) add(`${format} with ${name} behind`, join(good, text(value)))
    for (const length of [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128]) {
      add(`${format} cut to ${length} bytes`, good.slice(0, length))
      add(`${format} of ${length} bytes, then a script`, join(good.slice(0, length), text(active['html'] ?? '')))
    }
    for (let place = 8; place < Math.min(good.length, 400); place += 16) {
      const broken = good.slice()
      broken[place] = (broken[place] ?? 0) ^ 0xff
      add(`${format} with byte ${place} turned`, broken)
    }
  }
  return files
}
