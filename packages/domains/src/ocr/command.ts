/** The public face of the command `ocr`, to be put under `commands` of a configuration of `holdfast`. */
export { ocrCommand, type OcrCommandIo, type OcrCommandOptions } from './command/ocr-command.ts'
