// Lengths that ask for a hard look. They are printed and never fail: a file is split along a concept, not at a line.
import { type Finding, isTestFile, type Project } from './project.ts'

const fileLinesMax = 400
const functionLinesMax = 70

/** Lists files and functions that have grown long; of tests only the files. */
export function hints(project: Project): Finding[] {
  const found: Finding[] = []
  for (const { path, lines, functions } of project.sources.values()) {
    if (lines > fileLinesMax) {
      found.push({ path, line: 0, message: `${String(lines)} lines: look for the concept to split it along` })
    }
    if (isTestFile(path)) continue
    for (const { name, line, lines: length } of functions) {
      if (length <= functionLinesMax) continue
      found.push({ path, line, message: `${name} has ${String(length)} lines: look for the step that wants a name` })
    }
  }
  return found
}
