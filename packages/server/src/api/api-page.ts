/** The description of the API as a page: plain HTML without a script, so that the strictest content policy lets it be. */
import type { DescribedApi } from './openapi.ts'

/** Makes the page. Everything in it is escaped. */
export function apiPage({ title, version, routes, operations }: DescribedApi): string {
  const sections = routes.map(({ method, path, about }) => {
    const parameters = (about.parameters ?? []).map(
      ({ name, in: place, description }) => `<li><code>${text(name)}</code> (${place}): ${text(description)}</li>`,
    )
    const problems = Object.entries(about.problems).map(([status, when]) => `<li>${text(status)}: ${text(when)}</li>`)
    return [
      `<h2><code>${method.toUpperCase()} ${text(path)}</code></h2>`,
      `<p>${text(about.summary)}.${about.description === undefined ? '' : ` ${text(about.description)}`}</p>`,
      parameters.length === 0 ? '' : `<ul>${parameters.join('')}</ul>`,
      about.takes === undefined ? '' : `<p>Takes <code>${text(about.takes.mediaType)}</code>.</p>`,
      `<p>Answers <code>${text(about.answers.mediaType)}</code>: ${text(about.answers.description)}</p>`,
      `<ul>${problems.join('')}</ul>`,
    ].join('\n')
  })
  const types = operations.map(
    ({ type, version: typeVersion }) => `<li><code>${text(type)}</code>, version ${typeVersion}</li>`,
  )
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${text(title)}</title></head><body>`,
    `<h1>${text(title)}, version ${text(version)}</h1>`,
    '<p>The same for machines: <a href="openapi.json">openapi.json</a>.</p>',
    ...sections,
    '<h2>Operations</h2>',
    `<ul>${types.join('')}</ul>`,
    '</body></html>',
  ].join('\n')
}

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
