import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A /proc of a test with threads in it. */
export interface ThreadsOfProc {
  readonly root: string
  /** Time on a CPU and waited for one, as schedstat has it. Seconds. */
  write(pid: number, tid: number, runSeconds: number, readySeconds?: number, name?: string): void
  /** The same on a kernel without schedstat. */
  writeStat(pid: number, tid: number, runSeconds: number): void
  /** A schedstat that the kernel does not fill in. */
  writeUncounted(pid: number, tid: number): void
  /** Ends it: the kernel then refuses to read its open files. */
  end(pid: number, tid: number): void
  remove(): void
}

export function createThreadsOfProc(): ThreadsOfProc {
  const root = mkdtempSync(join(tmpdir(), 'amdahl-threads-'))
  const folderOf = (pid: number, tid: number) => join(root, String(pid), 'task', String(tid))
  function put(pid: number, tid: number, file: string, text: string): void {
    mkdirSync(folderOf(pid, tid), { recursive: true })
    writeFileSync(join(folderOf(pid, tid), file), text)
  }
  return {
    root,
    write(pid, tid, runSeconds, readySeconds = 0, name = `thread ${tid}`) {
      put(pid, tid, 'comm', `${name}\n`)
      put(pid, tid, 'schedstat', `${Math.round(runSeconds * 1e9)} ${Math.round(readySeconds * 1e9)} 7\n`)
    },
    writeStat(pid, tid, runSeconds) {
      put(pid, tid, 'comm', `thread ${tid}\n`)
      put(pid, tid, 'stat', `${tid} (a) b) S 1 1 1 0 -1 0 0 0 0 0 ${runSeconds * 100} 0 0 0 20 0 1 0 5 0 0\n`)
    },
    writeUncounted: (pid, tid) => put(pid, tid, 'schedstat', '0 0 0\n'),
    end(pid, tid) {
      put(pid, tid, 'schedstat', '')
      rmSync(folderOf(pid, tid), { recursive: true })
    },
    remove: () => rmSync(root, { recursive: true }),
  }
}
