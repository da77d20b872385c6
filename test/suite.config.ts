/** vitest's settings for the heavier suites, started by scripts/suite.js: one file at a time, since they load the machine and time things. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
})
