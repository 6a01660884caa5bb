import { defineConfig } from 'vitest/config'

/** The tests that are fast and look at figures: each mutant is run through those that reach it. */
export default defineConfig({
  test: {
    include: ['parse', 'join', 'resources', 'estimate', 'assess', 'metrics', 'deploys', 'targets'].map(
      (folder) => `test/${folder}/**/*.test.ts`,
    ),
    testTimeout: 10_000,
  },
})
