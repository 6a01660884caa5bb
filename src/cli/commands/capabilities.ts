import { neededCapabilities } from '../../privileges/needed.js'
import { SYSTEM_TOOLS } from '../../tracer/tools.js'
import type { AddCommand } from '../command-context.js'
import { givenFlags } from '../flags.js'
import { withConfig } from '../load-config.js'

export const addCapabilitiesCommand: AddCommand = (program, { terminal }, end) => {
  program
    .command('capabilities')
    .allowExcessArguments(false)
    .description('print the capabilities that these flags and their file need, one a line')
    .action(async () => {
      const status = await withConfig(givenFlags(program), terminal, async ({ tracer, web }) => {
        const ports = web.systemdSocket ? [] : web.listenAddresses.map(({ port }) => port)
        const isBpftraceInstalled = SYSTEM_TOOLS.find('bpftrace') !== undefined
        const needed = neededCapabilities({ backend: tracer.backend, ports }, isBpftraceInstalled)
        terminal.out(`${needed.join('\n')}\n`)
        return 0
      })
      end(status)
    })
}
