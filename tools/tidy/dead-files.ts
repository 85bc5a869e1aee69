// Every source file of a package must be reached from what the package opens to its users. A file that only tests reach
// is dead weight for them, unless its name says that it belongs to the tests (.fixture.ts, .contract.ts). What only says
// the types of a library that has none (.d.ts) is imported by nobody.
import { reachable } from './arrows.ts'
import { type Finding, isTestFile, packageNames, type Project, publicFaces } from './project.ts'

/** Finds source files of packages that no public face reaches. */
export function checkDeadFiles(project: Project): Finding[] {
  const findings: Finding[] = []
  for (const name of packageNames) {
    const reached = reachable(project, publicFaces(project, name))
    for (const path of project.sources.keys()) {
      if (!path.startsWith(`packages/${name}/src/`) || isTestFile(path)) continue
      if (path.endsWith('.d.ts') || reached.has(path)) continue
      findings.push({ path, line: 0, message: 'no public export reaches this file: export it, or delete it' })
    }
  }
  return findings
}
