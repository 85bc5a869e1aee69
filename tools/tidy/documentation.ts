// What a user reads before the source: a doc comment on every name that a package exports, and a README that says what
// the package is for, what it exports, and how it is used.
import { type Finding, packageNames, type Project, publicFaces, resolveRelative } from './project.ts'
import type { Export } from './source-file.ts'

/** The headings that every package's README has, at any level. */
const headings = ['Purpose', 'Exports', 'Example']

/** Finds public exports without a doc comment, public faces with logic, and READMEs that miss a heading. */
export function checkDocumentation(project: Project): Finding[] {
  return packageNames.flatMap((name) => {
    if (!project.texts.has(`packages/${name}/package.json`)) return []
    const faces = publicFaces(project, name)
    return [...checkReadme(project, name), ...faces.flatMap((face) => checkFace(project, face))]
  })
}

function checkReadme(project: Project, name: string): Finding[] {
  const path = `packages/${name}/README.md`
  const text = project.texts.get(path)
  if (text === undefined) return [{ path, line: 0, message: `a README with ${headings.join(', ')} is expected` }]
  return headings
    .filter((heading) => !new RegExp(`^#+ ${heading}\\b`, 'im').test(text))
    .map((heading) => ({ path, line: 0, message: `the heading "${heading}" is missing` }))
}

function checkFace(project: Project, path: string): Finding[] {
  const face = project.sources.get(path)
  if (face === undefined) return [{ path, line: 0, message: 'package.json names this file, and it does not exist' }]
  const findings: Finding[] = []
  if (path.endsWith('/index.ts')) {
    if (face.ownStatements > 0) findings.push({ path, line: 0, message: 'an index only names exports: no logic' })
    for (const { name, line } of face.exports) {
      if (name === '*') findings.push({ path, line, message: 'name each export: `export *` hides what is public' })
    }
  }
  for (const exported of face.exports) {
    if (exported.name === '*') continue
    const found = declaration(project, path, exported)
    if (found === undefined) {
      findings.push({ path, line: exported.line, message: `${exported.name} is exported, and no file declares it` })
    } else if (!found.exported.hasDoc) {
      const { line, name } = found.exported
      findings.push({ path: found.path, line, message: `${name} is public: it needs a doc comment` })
    }
  }
  return findings
}

/** Follows `export { a } from` to the file that declares the name; undefined if the trail ends before. */
function declaration(project: Project, path: string, exported: Export): { path: string; exported: Export } | undefined {
  if (exported.from === undefined) return { path, exported }
  const target = resolveRelative(path, exported.from.specifier)
  // A name passed on from another package is documented there.
  if (target === undefined) return { path, exported: { ...exported, hasDoc: true } }
  const { local } = exported.from
  const next = project.sources.get(target)?.exports.find(({ name }) => name === local)
  return next === undefined ? undefined : declaration(project, target, next)
}
