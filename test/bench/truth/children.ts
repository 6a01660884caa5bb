import type { Child } from '../../e2e/support/process.js'

/** Notes a process down, to be ended. */
export type Keep = (child: Child) => Child

/** Runs something that starts processes; those it keeps end with it, come what may, the last one first. */
export async function withChildren<Result>(run: (keep: Keep) => Promise<Result>): Promise<Result> {
  const kept: Child[] = []
  try {
    return await run((child) => {
      kept.push(child)
      return child
    })
  } finally {
    for (const child of kept.reverse()) child.kill('SIGKILL')
    await Promise.allSettled(kept.map(({ exited }) => exited))
  }
}
