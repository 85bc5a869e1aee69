// Runs steps side by side without letting them fight for the processor: each says how many cores it keeps busy, and a
// step starts when those are free and the steps before it have succeeded.

/** What the scheduler has to know of a step. */
export interface Schedulable {
  name: string
  after?: string[]
  cores: number
}

/** A step that cannot run, because one that it needs has failed or was left out. */
export interface Blocked {
  name: string
  because: string
}

/**
 * Runs all steps, in the given order as far as cores and needs allow. `run` answers whether the step succeeded.
 * A step that wants more cores than there are gets all of them. Returns the steps that could not run.
 */
export async function schedule<S extends Schedulable>(
  steps: readonly S[],
  coresMax: number,
  run: (step: S) => Promise<boolean>,
): Promise<Blocked[]> {
  const waiting = [...steps]
  const running = new Map<string, Promise<void>>()
  const succeeded = new Set<string>()
  const blocked: Blocked[] = []
  let coresFree = coresMax

  const start = (step: S): void => {
    const cores = Math.min(step.cores, coresMax)
    coresFree -= cores
    const ended = run(step).then((isOk) => {
      if (isOk) succeeded.add(step.name)
      running.delete(step.name)
      coresFree += cores
    })
    running.set(step.name, ended)
  }

  while (waiting.length > 0 || running.size > 0) {
    for (const step of waiting.slice()) {
      const open = (step.after ?? []).filter((name) => !succeeded.has(name))
      const hopeless = open.find((name) => !running.has(name) && !waiting.some((other) => other.name === name))
      if (hopeless !== undefined) {
        blocked.push({ name: step.name, because: hopeless })
        waiting.splice(waiting.indexOf(step), 1)
      } else if (open.length === 0 && Math.min(step.cores, coresMax) <= coresFree) {
        waiting.splice(waiting.indexOf(step), 1)
        start(step)
      }
    }
    if (running.size > 0) await Promise.race(running.values())
    else if (waiting.length > 0 && waiting.every((step) => isStuck(step, waiting))) {
      throw new Error(`these steps wait for one another: ${waiting.map((step) => step.name).join(', ')}`)
    }
  }
  return blocked
}

function isStuck<S extends Schedulable>(step: S, waiting: readonly S[]): boolean {
  return (step.after ?? []).some((name) => waiting.some((other) => other.name === name))
}

/** The named steps and all that they need, in the order of the whole list; throws on a name that does not exist. */
export function subset<S extends Schedulable>(steps: readonly S[], names: readonly string[]): S[] {
  const chosen = new Set<string>()
  const choose = (name: string): void => {
    const step = steps.find((candidate) => candidate.name === name)
    if (step === undefined) {
      throw new Error(`one of these steps is expected: ${steps.map((each) => each.name).join(', ')}. Got: ${name}`)
    }
    if (chosen.has(name)) return
    chosen.add(name)
    for (const before of step.after ?? []) choose(before)
  }
  for (const name of names) choose(name)
  return steps.filter((step) => chosen.has(step.name))
}
