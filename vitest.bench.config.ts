import { defineConfig } from 'vitest/config'

/** Benchmarks: they take minutes, write their results into docs/ and assert no times. */
export default defineConfig({
  test: {
    include: ['test/bench/**/*.bench.ts'],
    fileParallelism: false,
    testTimeout: 10_800_000,
    hookTimeout: 900_000,
  },
})
