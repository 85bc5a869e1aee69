/** Mutants of the server, each of the kind that an endpoint is really written with. */
import type { NamedMutant } from './mutant.ts'

/** Mutants of the server. */
export const serverMutants: readonly NamedMutant[] = [
  { name: 'no ledger', keeps: 'I2', mutant: { server: { forgetsLedger: true } } },
  { name: 'the server does not compare identities', keeps: 'I5', mutant: { server: { skipsIdentityCheck: true } } },
  { name: 'the server believes the body', keeps: 'I4 I5', mutant: { server: { believesBody: true } } },
  { name: 'the server goes on in a stopped lane', keeps: 'I3', mutant: { server: { ignoresStoppedLanes: true } } },
  { name: 'the server keeps no tombstones', keeps: 'I2 I12', mutant: { server: { forgetsTombstones: true } } },
  {
    name: 'the server forgets what took what place',
    keeps: 'I2 I3 I11 I12',
    mutant: { server: { forgetsSuccessors: true } },
  },
  { name: 'the server keeps no losing sides', keeps: 'I9', mutant: { server: { forgetsLosingSides: true } } },
  { name: 'the server never compares versions', keeps: 'I9', mutant: { server: { ignoresBases: true } } },
  {
    name: 'the server prunes its ledger after an hour',
    keeps: 'I1 I2 I12',
    mutant: { server: { prunesLedgerAfterMs: 3_600_000 } },
  },
  {
    name: 'the server now and then commits effects without the ledger',
    keeps: 'I2',
    mutant: { server: { splitsTransaction: true } },
  },
  { name: 'the server records what it deferred', keeps: 'I11 I12', mutant: { server: { recordsDeferred: true } } },
  { name: 'the server says applied and rolls back', keeps: 'I1 I12', mutant: { server: { losesCommits: true } } },
]
