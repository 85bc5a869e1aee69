import { expect, test } from 'vitest'

import { countPlaywright, countVitest } from './counts.ts'

test('counts a vitest report by what was executed', () => {
  const counts = countVitest({
    testResults: [
      {
        name: '/p/core/a.test.ts',
        assertionResults: [
          { status: 'passed', fullName: 'plan keeps order' },
          { status: 'failed', fullName: 'plan loses nothing' },
          { status: 'skipped', fullName: 'plan is fast' },
          { status: 'todo', fullName: 'plan is small' },
        ],
      },
      { name: '/p/core/b.test.ts', assertionResults: [{ status: 'skipped', fullName: 'never runs' }] },
    ],
  })
  expect(counts).toEqual({
    passed: 1,
    failed: 1,
    skipped: 3,
    files: ['/p/core/a.test.ts'],
    names: ['plan keeps order', 'plan loses nothing'],
  })
})

test('counts a Playwright report once per browser, and a flaky test as failed', () => {
  const spec = (title: string, ...tests: [string, string][]) => ({
    title,
    file: 'order.spec.ts',
    tests: tests.map(([projectName, status]) => ({ projectName, status })),
  })
  const counts = countPlaywright({
    suites: [
      {
        title: 'order.spec.ts',
        specs: [spec('reload', ['chromium', 'expected'], ['firefox', 'flaky'])],
        suites: [
          { title: 'offline', specs: [spec('three orders', ['chromium', 'unexpected'], ['firefox', 'skipped'])] },
        ],
      },
    ],
  })
  expect(counts).toEqual({
    passed: 1,
    failed: 2,
    skipped: 1,
    files: ['order.spec.ts'],
    names: [
      '[chromium] order.spec.ts offline three orders',
      '[chromium] order.spec.ts reload',
      '[firefox] order.spec.ts reload',
    ],
  })
})

test('refuses a report of another shape instead of counting nothing', () => {
  expect(() => countVitest({ results: [] })).toThrow('testResults')
  expect(() => countPlaywright('')).toThrow('suites')
})
