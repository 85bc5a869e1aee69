/** Loads a package that only engines need, and says so in words when it is not there. */
import { OcrError } from './ocr-engine.ts'

/** Runs the import; throws `engine-unavailable` with what to install. */
export async function loadPackage<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (cause) {
    throw new OcrError(
      'engine-unavailable',
      `The package ${name} was expected and could not be loaded here. Install it, or choose another engine.`,
      { cause },
    )
  }
}
