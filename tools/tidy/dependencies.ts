// Each dependency has a line in docs/dependencies.md, and each line there has its dependency.
import { type Finding, member, type Project } from './project.ts'

const document = 'docs/dependencies.md'
const kinds = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']

/** Finds dependencies without a line in docs/dependencies.md, and lines for what is no longer used. */
export function checkDependencies(project: Project): Finding[] {
  const declared = new Map<string, string>()
  for (const [path, text] of project.texts) {
    if (!/(^|\/)package\.json$/.test(path)) continue
    const manifest: unknown = JSON.parse(text)
    for (const kind of kinds) {
      for (const name of Object.keys(member(manifest, kind) ?? {})) {
        if (!name.startsWith('@holdfast/')) declared.set(name, path)
      }
    }
  }
  const described = new Map<string, number>()
  for (const [index, line] of (project.texts.get(document) ?? '').split('\n').entries()) {
    const names = /^\| *(`[^|]*`) *\|/.exec(line)?.[1] ?? ''
    for (const [, name = ''] of names.matchAll(/`([^`]+)`/g)) described.set(name, index + 1)
  }
  const missing = [...declared].filter(([name]) => !described.has(name))
  const idle = [...described].filter(([name]) => !declared.has(name))
  return [
    ...missing.map(([name, path]) => ({ path, line: 0, message: `${name} needs a line in ${document}` })),
    ...idle.map(([name, line]) => ({ path: document, line, message: `${name} is not a dependency any more` })),
  ]
}
