// The project as the rules see it: texts by path, and the source files among them parsed. The rules are functions of
// this value, so that they run on the real project and, in their own tests, on a few lines that break them.
import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createVirtualFileSystem } from 'typescript/unstable/fs'
import { API } from 'typescript/unstable/sync'

import { readSourceFile, type SourceFile } from './source-file.ts'

/** The whole project, in memory. Paths are from its root, with forward slashes. */
export interface Project {
  texts: ReadonlyMap<string, string>
  sources: ReadonlyMap<string, SourceFile>
}

/** What a rule has found. */
export interface Finding {
  path: string
  /** Zero where the whole file is meant. */
  line: number
  /** What was found, and what to do about it. */
  message: string
}

/** The packages' folders, under `packages/`. */
export const packageNames: readonly string[] = ['core', 'client', 'service-worker', 'react', 'server', 'domains']

/** Files that only tests use; `.browser.ts` are those that a browser test loads into a page. */
export function isTestFile(path: string): boolean {
  return /\.(test|spec|contract|fixture|browser)\.tsx?$/.test(path)
}

/** Parses the given texts; those whose name ends in .ts, .tsx or .mjs become source files. */
export function projectOf(texts: Record<string, string>): Project {
  const paths = Object.keys(texts).filter((path) => /\.(ts|tsx|mjs)$/.test(path))
  if (paths.length === 0) return { texts: new Map(Object.entries(texts)), sources: new Map() }
  const root = '/project'
  const configuration = {
    compilerOptions: { noResolve: true, noLib: true, types: [], allowJs: true, jsx: 'preserve', noEmit: true },
    files: paths,
  }
  const files = Object.fromEntries(paths.map((path) => [`${root}/${path}`, texts[path] ?? '']))
  const api = new API({
    cwd: root,
    fs: createVirtualFileSystem({ ...files, [`${root}/tsconfig.json`]: JSON.stringify(configuration) }),
  })
  try {
    const opened = api
      .updateSnapshot({ openProjects: [`${root}/tsconfig.json`] })
      .getProjects()
      .at(0)
    const sources = paths.map((path): [string, SourceFile] => {
      const tree = opened?.program.getSourceFile(`${root}/${path}`)
      if (tree === undefined) throw new Error(`TypeScript is expected to parse ${path}, and did not find it`)
      return [path, readSourceFile(path, tree)]
    })
    return { texts: new Map(Object.entries(texts)), sources: new Map(sources) }
  } finally {
    api.close()
  }
}

/** Reads the real project from disk. */
export async function readProject(): Promise<Project> {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  const patterns = ['{packages,apps,simulation,bench,e2e,tools,docs}/**/*.{ts,tsx,mjs,md,json,sql}', '*.{ts,md,json}']
  const exclude = (path: string): boolean => /(^|\/)(node_modules|dist)(\/|$)/.test(path)
  const texts: Record<string, string> = {}
  for await (const found of glob(patterns, { cwd: root, exclude })) {
    const path = found.replaceAll('\\', '/')
    if (path !== 'package-lock.json' && !exclude(path)) texts[path] = readFileSync(join(root, found), 'utf8')
  }
  return projectOf(texts)
}

/** The file that an import names by a relative path, from the root of the project; undefined for a package's name. */
export function resolveRelative(importer: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(importer), specifier) : undefined
}

/** The part of the house that a file stands in, such as `packages/core` or `simulation`; '' for the root. */
export function workspaceOf(path: string): string {
  return /^(?:(?:packages|apps)\/[^/]+|simulation|bench|e2e|tools|docs)(?=\/)/.exec(path)?.[0] ?? ''
}

/** The source files that a package's `exports` open to its users. */
export function publicFaces(project: Project, name: string): string[] {
  const manifest: unknown = JSON.parse(project.texts.get(`packages/${name}/package.json`) ?? '{}')
  const faces: string[] = []
  for (const conditions of Object.values(member(manifest, 'exports') ?? {})) {
    const source: unknown = member(conditions, 'holdfast-source')
    if (typeof source === 'string') faces.push(posix.join('packages', name, source))
  }
  return faces
}

/** A member of a parsed JSON value, if the value is an object that has it. */
export function member(value: unknown, key: string): object | string | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  return typeof found === 'string' || (typeof found === 'object' && found !== null) ? found : undefined
}
