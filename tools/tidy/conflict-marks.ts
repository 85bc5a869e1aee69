// A merge that was not finished leaves its marks in files that no compiler reads: documents, styles, JSON. This finds them.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Finding } from './project.ts'

const marks = [/^<{7} /u, /^\|{7} /u, /^>{7} /u]
const readable = /\.(?:ts|tsx|js|mjs|py|css|html|json|md|yml|yaml|toml|sql|webmanifest)$/u

/** Finds the lines in which git has marked the sides of a merge. */
export function conflictMarks(path: string, text: string): Finding[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      marks.some((mark) => mark.test(line))
        ? [{ path, line: index + 1, message: 'a merge was left unfinished here: choose a side and take the mark out' }]
        : [],
    )
}

/** The same over every text file that git knows in a folder. */
export function conflictMarksIn(root: string): Finding[] {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
    .split('\0')
    .filter((path) => readable.test(path))
  return files.flatMap((path) => conflictMarks(path, readIfThere(join(root, path))))
}

/** A file that was just deleted is still in git's list. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
