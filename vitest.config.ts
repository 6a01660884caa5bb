import { defineConfig } from 'vitest/config'

const measuring = ['e2e', 'privileged', 'systemtap-vm'].map((folder) => `test/${folder}/**/*.test.ts`)

export default defineConfig({
  test: {
    // All CPUs: the default leaves one of them idle.
    maxWorkers: '100%',
    reporters: ['default', './test/closing-line-reporter.ts'],
    projects: [
      // Generous, since a loaded machine makes child processes slow; no test waits for time to pass.
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: measuring, testTimeout: 30_000 } },
      {
        test: {
          name: 'e2e',
          include: measuring,
          // These tests measure the machine they run on: one file at a time, and after the unit tests.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
