import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProcfs, type Procfs } from '../../src/sample/procfs.js'

/** A /proc of a test with the CPU time of a machine and of processes in it. */
export interface CountersOfProc {
  readonly root: string
  readonly procfs: Procfs
  /** CPU ticks of the machine: user, idle, iowait, steal. */
  writeStat(
    user: number,
    idle: number,
    more?: { readonly iowait?: number; readonly steal?: number; readonly cpus?: number },
  ): void
  writeText(stat: string): void
  writeProcess(pid: number, ticks: number, start?: number, comm?: string, ofChildren?: number): void
  end(pid: number): void
  remove(): void
}

export function createCountersOfProc(): CountersOfProc {
  const root = mkdtempSync(join(tmpdir(), 'amdahl-proc-'))
  const procfs = createProcfs(root)
  const writeText = (text: string) => writeFileSync(join(root, 'stat'), text)
  return {
    root,
    procfs,
    writeStat(user, idle, { iowait = 0, steal = 0, cpus = 2 } = {}) {
      const fields = `${user} 0 0 ${idle} ${iowait} 0 0 ${steal} 0 0`
      const lines = Array.from({ length: cpus }, (_, cpu) => `cpu${cpu} 0 0 0 0`)
      writeText(`cpu  ${fields}\n${lines.join('\n')}\nbtime 1700000000\n`)
    },
    writeText,
    writeProcess(pid, ticks, start = 500, comm = 'shopd', ofChildren = 0) {
      mkdirSync(join(root, String(pid)), { recursive: true })
      writeFileSync(
        join(root, String(pid), 'stat'),
        `${pid} (${comm}) S 1 1 1 0 -1 0 0 0 0 0 ${ticks} 0 ${ofChildren} 0 20 0 1 0 ${start} 0 0\n`,
      )
    },
    end: (pid) => rmSync(join(root, String(pid)), { recursive: true }),
    remove() {
      procfs.close()
      rmSync(root, { recursive: true })
    },
  }
}
