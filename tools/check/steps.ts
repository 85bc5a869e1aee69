// The checks of the project, in the order in which they start. The numbers of cores are what the steps were seen to
// keep busy; the time limits are several times what they take on two cores, so that only a hang meets them.
import { join } from 'node:path'

import { type Counts, playwrightCounts, vitestCounts } from './counts.ts'
import { missingFromSimulation } from './simulated.ts'
import type { Place, Step } from './step.ts'

const minuteMs = 60_000

/** The packages that are published, each checked as its users will get it. */
const published: readonly string[] = ['core', 'client', 'service-worker', 'react', 'server', 'domains']

/** How long the suites run: `full` looks at more seeds and kills more often than a person wants to wait for. */
export type Depth = 'usual' | 'full'

/** Lists all steps. */
export function steps(place: Place, depth: Depth): Step[] {
  // Of about 600 faults each.
  const seeds = depth === 'full' ? '5000' : '240'
  const simulated = join(place.logs, 'simulate.json')
  const limitMs = (depth === 'full' ? 60 : 8) * minuteMs
  return [
    { name: 'format', commands: [['oxfmt', '--check', '.']], cores: 1, timeoutMs: minuteMs },
    { name: 'types', commands: [['tsc', '-b', '--force']], cores: 1, timeoutMs: 3 * minuteMs },
    {
      name: 'lint',
      commands: [['oxlint', '--type-aware', '--deny-warnings', '--report-unused-disable-directives']],
      cores: 1,
      timeoutMs: 3 * minuteMs,
    },
    unit(place, 'server', ['server'], {
      timeoutMs: limitMs,
      missing: mustNameBoth(['PGlite', 'PostgreSQL']),
    }),
    unit(place, 'unit', ['core', 'client', 'service-worker', 'react', 'domains', 'field-desk', 'e2e'], {
      timeoutMs: limitMs,
    }),
    unit(place, 'tidy', ['tools'], { timeoutMs: 3 * minuteMs }),
    { name: 'knip', commands: [['knip']], cores: 1, timeoutMs: 3 * minuteMs },
    unit(place, 'simulation', ['simulation'], { timeoutMs: limitMs }),
    {
      name: 'simulate',
      commands: [
        ['node', '--conditions=holdfast-source', 'simulation/src/main.ts', '--seeds', seeds, '--json', simulated],
      ],
      cores: 1,
      timeoutMs: limitMs,
      missing: () => missingFromSimulation(simulated),
    },
    // Shows that the bench runs and that every side does its work. It asserts no time, so it may share the machine.
    unit(place, 'bench', ['bench'], { timeoutMs: limitMs }),
    {
      name: 'publint',
      commands: published.map((name) => ['publint', `packages/${name}`, '--strict']),
      after: ['types'],
      cores: 1,
      timeoutMs: 3 * minuteMs,
    },
    {
      name: 'attw',
      commands: published.map((name) => ['attw', '--pack', `packages/${name}`, '--profile', 'esm-only', '--no-emoji']),
      after: ['types'],
      cores: 1,
      timeoutMs: 3 * minuteMs,
    },
    { name: 'size', commands: [['size-limit']], after: ['types'], cores: 1, timeoutMs: 2 * minuteMs },
    {
      name: 'app',
      commands: [['node', '--conditions=holdfast-source', 'tools/build.ts']],
      cores: 1,
      timeoutMs: 3 * minuteMs,
    },
    {
      name: 'e2e',
      // When nothing works, ten waits for nothing say it as well as all of them.
      commands: [['playwright', 'test', '--config', 'e2e/playwright.config.ts', '--max-failures', '10']],
      after: ['app'],
      // Browsers, a server and the test itself: with anything beside them, waits turn into time-outs.
      cores: 2,
      timeoutMs: limitMs,
      counts: () => playwrightCounts(join(place.logs, 'e2e.json')),
      missing: mustNameBoth(['[chromium]', '[firefox]']),
    },
  ]
}

/** A step that runs vitest projects, and fails if one of them has no test. */
function unit(place: Place, name: string, projects: string[], rest: Pick<Step, 'timeoutMs' | 'missing'>): Step {
  const report = join(place.logs, `${name}.json`)
  const isIn: Record<string, string> = {
    'field-desk': join(place.root, 'apps', 'field-desk'),
    simulation: join(place.root, 'simulation'),
    bench: join(place.root, 'bench'),
    e2e: join(place.root, 'e2e'),
    tools: join(place.root, 'tools'),
  }
  return {
    name,
    commands: [
      [
        'vitest',
        'run',
        ...projects.flatMap((project) => ['--project', project]),
        '--maxWorkers=1',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ],
    ],
    cores: 1,
    timeoutMs: rest.timeoutMs,
    counts: () => vitestCounts(report),
    missing: (counts) => [
      ...projects
        .filter((project) => {
          const folder = isIn[project] ?? join(place.root, 'packages', project)
          return !counts.files.some((file) => file.startsWith(`${folder}/`))
        })
        .map((project) => `no test of ${project} was executed`),
      ...(rest.missing?.(counts) ?? []),
    ],
  }
}

/** Asks that for each of the words at least one executed test has it in its name. */
function mustNameBoth(words: string[]): (counts: Counts) => string[] {
  return (counts) =>
    words
      .filter((word) => !counts.names.some((name) => name.includes(word)))
      .map((word) => `no test that names ${word} was executed`)
}
