import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import type { Problem } from '../backend.js'
import type { Tools } from '../tools.js'
import { firstError, inUse } from './explain.js'
import { isThere } from './kernel.js'
import { MODULE_NAME } from './script.js'

const UNLOAD_TRIES = 10
const UNLOAD_PAUSE_MS = 300

/** Unloads the module, where it is loaded. Why it still is, if so. */
export async function unloadModule({ find, environment }: Tools): Promise<Problem | undefined> {
  // A staprun that ended well unloads the module in a process of its own, which may still be at it.
  let said = ''
  for (let tries = 0; isLoaded(); tries += 1) {
    if (tries === UNLOAD_TRIES) {
      return /not a zombie/.test(said)
        ? { problem: inUse() }
        : { problem: `the module ${MODULE_NAME} cannot be unloaded: ${firstError(said)}` }
    }
    if (tries > 0) await sleep(UNLOAD_PAUSE_MS)
    const options = { env: environment, extendEnv: false, reject: false, timeout: 10_000, all: true } as const
    const run = await execa(find('staprun') ?? 'staprun', ['-d', MODULE_NAME], options)
    said = `${run.all}`
  }
  return undefined
}

function isLoaded(): boolean {
  return isThere(`/sys/module/${MODULE_NAME}`)
}
