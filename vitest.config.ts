// The unit test projects, one for each part of the house. Sources are resolved through the export condition
// `holdfast-source`, so a test always runs the TypeScript that stands beside it and never an older build.
import { defineConfig } from 'vitest/config'

// A vitest project inherits no resolve conditions from the root configuration, and modules that run in Node are
// resolved by the `ssr` conditions: both have to be said in each project.
const resolve = { conditions: ['holdfast-source', 'module', 'node', 'development|production'] }

/** A test that takes longer than this hangs. A busy machine makes the slowest ones take several seconds. */
const hangsAfterMs = 60_000

const project = (name: string, root: string, include: string[]) => ({
  resolve,
  ssr: { resolve },
  test: { name, root, include, testTimeout: hangsAfterMs, hookTimeout: hangsAfterMs },
})

const inPackage = (name: string) => project(name, `packages/${name}`, ['src/**/*.test.ts', 'src/**/*.test.tsx'])

export default defineConfig({
  test: {
    projects: [
      ...['core', 'client', 'service-worker', 'react', 'server', 'domains'].map(inPackage),
      project('field-desk', 'apps/field-desk', ['**/*.test.ts', '**/*.test.tsx']),
      project('simulation', 'simulation', ['**/*.test.ts']),
      project('bench', 'bench', ['**/*.test.ts']),
      project('e2e', 'e2e', ['**/*.test.ts']),
      project('tools', 'tools', ['**/*.test.ts']),
    ],
  },
})
