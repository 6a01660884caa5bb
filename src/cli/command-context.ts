import type { Command } from 'commander'
import type { Self } from '../app/self.js'
import type { ServeOptions } from './serve.js'
import type { Terminal } from './terminal.js'

/** What a command needs of the process it runs in. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly self: Self
  readonly onStopSignal: ServeOptions['onStopSignal']
  readonly onReloadSignal: ServeOptions['onReloadSignal']
}

/** Adds a command, with its flags, to the program. @param end Takes its exit status when it has run. */
export type AddCommand = (program: Command, context: CommandContext, end: (status: number) => void) => void
