/** The public face of the commands `ocr` and `ocr-score`, to be put under `commands` of a configuration of `holdfast`. */
export { type OcrCommand, ocrCommand, type OcrCommandIo, type OcrCommandOptions } from './command/ocr-command.ts'
export { ocrScoreCommand, type ScoreCommandOptions } from './score/score-command.ts'
