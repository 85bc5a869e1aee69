import { expect, test } from 'vitest'

import { faultsMin, missingFaults, missingFromSimulation } from './simulated.ts'

test('a simulation that met the faults it should counts', () => {
  expect(missingFaults({ faultCount: faultsMin })).toEqual([])
})

test('a simulation that met too few faults fails, and so does one that does not say', () => {
  expect(missingFaults({ faultCount: faultsMin - 1 })).toEqual([expect.stringContaining('99999 faults')])
  expect(missingFaults({ faults: 'many' })).toEqual([expect.stringContaining('no number')])
  expect(missingFaults(null)).toEqual([expect.stringContaining('no number')])
})

test('a simulation whose sums cannot be read fails', () => {
  expect(missingFromSimulation('no/such/file.json')).toEqual([expect.stringContaining('cannot be read')])
})
