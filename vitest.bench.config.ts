import { defineConfig } from 'vitest/config'

/** Benchmarks and campaigns: they take minutes, write their results into docs/ and assert no times. */
export default defineConfig({
  test: {
    include: ['test/**/*.bench.ts', 'test/**/*.campaign.ts'],
    fileParallelism: false,
    testTimeout: 10_800_000,
    hookTimeout: 900_000,
  },
})
