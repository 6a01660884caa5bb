import type { Reporter, SerializedError, TestModule } from 'vitest/node'

interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Prints `N passed, N failed` (and `, N skipped`, if any) as the last line of a run.
 * With AMDAHL_TEST_STRICT=1 a run that skipped a test, or ran none, fails.
 */
export default class ClosingLineReporter implements Reporter {
  private tally: Tally | undefined

  onInit(): void {
    // Other reporters write at the end of the run too; nothing writes after `exit`.
    process.once('exit', () => {
      if (this.tally === undefined) return
      if (process.env.AMDAHL_TEST_STRICT === '1' && !isComplete(this.tally)) process.exitCode = 1
      process.stdout.write(`${closingLine(this.tally)}\n`)
    })
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.tally = tallyOf(modules, unhandledErrors.length)
  }
}

/** Counts tests; a file or a hook that fails by itself, and an error outside any test, is one failure each. */
function tallyOf(modules: readonly TestModule[], unhandledErrors: number): Tally {
  let [passed, failed, skipped] = [0, unhandledErrors, 0]
  for (const module of modules) {
    if (module.errors().length > 0) failed += 1
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed += 1
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') passed += 1
      else if (state === 'failed') failed += 1
      else skipped += 1
    }
  }
  return { passed, failed, skipped }
}

function isComplete({ passed, failed, skipped }: Tally): boolean {
  return skipped === 0 && passed + failed > 0
}

function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
