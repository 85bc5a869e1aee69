/** What `holdfast --help` and `holdfast COMMAND --help` say. */
import type { Command } from './command.ts'

/** The commands by name. */
export type Commands = Readonly<Record<string, Command>>

/** The overview: every command with its summary. */
export function overview(commands: Commands, hasConfiguration: boolean): readonly string[] {
  const names = Object.keys(commands)
  const width = Math.max(...names.map((name) => name.length))
  return [
    'holdfast: the server side of the durable outbox',
    '',
    'Usage: holdfast [--config FILE] COMMAND [options]',
    '',
    'Commands:',
    ...names.map((name) => `  ${name.padEnd(width)}  ${commands[name]?.summary ?? ''}`),
    '',
    'Options:',
    '  --config FILE  the configuration; by default holdfast.config.ts or .js in this folder',
    '  --help         this, or what a command takes: holdfast COMMAND --help',
    '  --version      the release',
    '',
    'Exit codes: 0 done, 1 failed, 2 not understood.',
    ...(hasConfiguration ? [] : ['', 'No configuration was found here; commands of a configuration are not listed.']),
  ]
}

/** What one command takes. */
export function helpOf(name: string, { summary, usage, help }: Command): readonly string[] {
  return [
    `holdfast ${name}: ${summary}`,
    '',
    `Usage: holdfast [--config FILE] ${name}${usage === undefined ? '' : ` ${usage}`}`,
    ...(help === undefined ? [] : ['', help]),
  ]
}
