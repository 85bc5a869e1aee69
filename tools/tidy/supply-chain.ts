// What can reach us, or a user's page, by way of a dependency. A dependency that turns bad (F100) finds exact versions,
// contents that are fixed by their hash, and no script that runs unasked; and a page's bundle holds none at all.
import { type Finding, member } from './project.ts'

/** What a browser runs: nothing but this house. */
const pagePackages = ['core', 'client', 'service-worker']

const exact = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/

/** Checks the manifests, by path, and the lockfile. */
export function checkSupplyChain(manifests: ReadonlyMap<string, string>, lock: string | undefined): Finding[] {
  const findings: Finding[] = []
  for (const [path, text] of manifests) {
    const manifest: unknown = JSON.parse(text)
    findings.push(...foreignInPages(path, manifest), ...inexact(path, manifest), ...scriptsOf(path, manifest))
  }
  if (lock === undefined) {
    return [
      ...findings,
      { path: 'package-lock.json', line: 0, message: 'is missing: without it versions are chosen anew' },
    ]
  }
  const named = new Set(Object.keys(member(JSON.parse(manifests.get('package.json') ?? '{}'), 'allowScripts') ?? {}))
  return [...findings, ...inLock(JSON.parse(lock), named)]
}

function foreignInPages(path: string, manifest: unknown): Finding[] {
  if (!pagePackages.some((name) => path === `packages/${name}/package.json`)) return []
  const names = ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.keys(member(manifest, kind) ?? {}),
  )
  return names
    .filter((name) => !name.startsWith('@holdfast/'))
    .map((name) => ({ path, line: 0, message: `${name}: what a page runs depends on nothing but this house` }))
}

/** A peer is the user's own choice and has a range; everything else is one version. */
function inexact(path: string, manifest: unknown): Finding[] {
  const versions = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'].flatMap((kind) =>
    Object.keys(member(manifest, kind) ?? {}).map((name) => ({ name, version: textAt(member(manifest, kind), name) })),
  )
  return versions
    .filter(({ version }) => !exact.test(version))
    .map(({ name, version }) => ({ path, line: 0, message: `${name} "${version}": name one exact version` }))
}

/** A package of ours that is installed runs nothing. */
function scriptsOf(path: string, manifest: unknown): Finding[] {
  return ['preinstall', 'install', 'postinstall', 'prepare']
    .filter((name) => member(member(manifest, 'scripts'), name) !== undefined)
    .map((name) => ({ path, line: 0, message: `${name}: nothing of ours runs when it is installed` }))
}

function inLock(lock: unknown, named: ReadonlySet<string>): Finding[] {
  const findings: Finding[] = []
  const add = (message: string): void => void findings.push({ path: 'package-lock.json', line: 0, message })
  for (const [place, entry] of Object.entries(member(lock, 'packages') ?? {})) {
    const name = place.split('node_modules/').at(-1) ?? ''
    if (!place.includes('node_modules/') || Reflect.get(entry, 'link') === true) continue
    if (!textAt(entry, 'integrity').startsWith('sha512-')) add(`${place} has no sha512: its content is not fixed`)
    if (!exact.test(textAt(entry, 'version'))) add(`${place} is of no published version`)
    if (Reflect.get(entry, 'hasInstallScript') === true && !named.has(name)) {
      add(`${name} runs a script when it is installed: allow or forbid it in allowScripts of package.json`)
    }
  }
  return findings
}

function textAt(value: unknown, key: string): string {
  const text = member(value, key)
  return typeof text === 'string' ? text : ''
}
