// The arrows of the house: which part may import which. An arrow is checked by the name in the import, tests included.
import { type Finding, isTestFile, type Project, publicFaces, resolveRelative, workspaceOf } from './project.ts'

/** For each part, the packages of the house that it may import. A part that is not listed may import none. */
const mayImport: Record<string, readonly string[]> = {
  'packages/core': [],
  'packages/client': ['core'],
  'packages/service-worker': ['core', 'client'],
  'packages/react': ['core', 'client'],
  'packages/server': ['core'],
  'packages/domains': ['core', 'server'],
  'apps/field-desk': ['core', 'client', 'service-worker', 'react', 'server', 'domains'],
  simulation: ['core', 'client', 'server', 'domains'],
  bench: ['core', 'client', 'service-worker', 'server'],
  e2e: ['core', 'client', 'service-worker', 'react', 'server', 'domains'],
}

/** The parts that drive the house from outside. */
const instruments: readonly string[] = ['simulation', 'bench', 'e2e']

/** Finds imports against the arrows, imports of a package's own index, and paths that leave their package. */
export function checkArrows(project: Project): Finding[] {
  const findings: Finding[] = []
  for (const file of project.sources.values()) {
    const workspace = workspaceOf(file.path)
    if (workspace === 'tools' || workspace === '') continue
    for (const { specifier, line, isAddress } of file.imports) {
      // The browser tests and the bench run Field Desk's server as a process of its own, which is no import.
      if (isAddress && !workspace.startsWith('packages/')) continue
      const message = against(workspace, file.path, specifier)
      if (message !== undefined) findings.push({ path: file.path, line, message })
    }
  }
  return [...findings, ...checkOperations(project)]
}

function against(workspace: string, path: string, specifier: string): string | undefined {
  const target = resolveRelative(path, specifier)
  if (target !== undefined) {
    const [kind, name = ''] = workspaceOf(target).split('/')
    if (workspaceOf(target) !== workspace) {
      // A throw-away database is worth sharing between the tests of two packages; it has no place among the exports.
      const isShared = isTestFile(path) && target.endsWith('.fixture.ts') && kind === 'packages'
      // What drives the house from outside may reach what is private there; nothing in the house imports it back.
      const isInstrument = instruments.includes(workspace) && kind === 'packages'
      if ((isShared || isInstrument) && mayImport[workspace]?.includes(name) === true) return undefined
      return `${specifier} leaves ${workspace}: import the package by its name`
    }
    // A test may stand where the users stand: the example of a README runs through the public face.
    const isOwnFace = workspace.startsWith('packages/') && target === `${workspace}/src/index.ts` && !isTestFile(path)
    return isOwnFace ? 'a package never imports its own index: import the file that has the concept' : undefined
  }
  const name = /^@holdfast\/([^/]+)/.exec(specifier)?.[1]
  if (name === undefined) return undefined
  if (`packages/${name}` === workspace) return 'a package never imports itself by name: import the file instead'
  if (mayImport[workspace]?.includes(name) === true) return undefined
  const allowed = mayImport[workspace] ?? []
  return `${workspace} may import ${allowed.length === 0 ? 'no part of the house' : allowed.join(', ')}, not ${name}`
}

/**
 * The operations of a domain are shared by page, worker and server: whatever they reach may use core, and nothing else
 * of the house, or the server would be bundled into every page.
 */
function checkOperations(project: Project): Finding[] {
  const findings: Finding[] = []
  const faces = publicFaces(project, 'domains').filter((path) => path.endsWith('/operations.ts'))
  for (const path of reachable(project, faces)) {
    if (isTestFile(path)) continue
    for (const { specifier, line } of project.sources.get(path)?.imports ?? []) {
      if (!specifier.startsWith('@holdfast/') || specifier.startsWith('@holdfast/core')) continue
      findings.push({ path, line, message: `operations are shared with the page and may import core only` })
    }
  }
  return findings
}

/** All files that the given ones reach by relative imports, themselves included. */
export function reachable(project: Project, from: readonly string[]): Set<string> {
  const reached = new Set<string>()
  const queue = [...from]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const file = project.sources.get(path)
    if (file === undefined || reached.has(path)) continue
    reached.add(path)
    for (const { specifier } of file.imports) {
      const target = resolveRelative(path, specifier)
      if (target !== undefined) queue.push(target)
    }
  }
  return reached
}
