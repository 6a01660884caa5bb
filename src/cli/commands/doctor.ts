import { arch } from 'node:os'
import { tracerBackends } from '../../app.js'
import { runningRelease } from '../../tracer/systemtap/kernel.js'
import type { AddCommand } from '../command-context.js'
import { doctor } from '../doctor.js'
import { givenFlags } from '../flags.js'
import { withConfig } from '../load-config.js'

export const addDoctorCommand: AddCommand = (program, { self, terminal }, end) => {
  program
    .command('doctor')
    .allowExcessArguments(false)
    .description('say which tracers can run here, and why the others cannot')
    .action(async () => {
      const status = await withConfig(givenFlags(program), terminal, (config) => {
        // All of them, whatever the configuration chooses.
        const tracer = { ...config.tracer, backend: 'auto' } as const
        const backends = tracerBackends({ ...config, tracer }, self)
        const kernel = `${runningRelease()}, ${arch()}`
        return doctor({ config, backends, privileges: self, kernel }, terminal)
      })
      end(status)
    })
}
