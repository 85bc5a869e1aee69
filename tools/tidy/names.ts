// A file is named after its one concept, in kebab-case. Names that hold anything hold everything in the end.
import { basename } from 'node:path/posix'

import type { Finding, Project } from './project.ts'

const drawers = /^(utils?|helpers?|common|shared|misc|types?|constants|lib)$/

/** Finds source files that are named after no concept, or not in kebab-case. */
export function checkNames(project: Project): Finding[] {
  const findings: Finding[] = []
  for (const path of project.sources.keys()) {
    const [name = ''] = basename(path).split('.')
    if (drawers.test(name)) findings.push({ path, line: 0, message: `"${name}" names no concept: name what it holds` })
    else if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
      findings.push({ path, line: 0, message: 'a file is named in kebab-case' })
    }
  }
  return findings
}
