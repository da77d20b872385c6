import { defineConfig } from 'vitest/config'

// Suites by folder: `npm test` runs what stands beside the sources and the architecture test; heavier suites are named in package.json.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/architecture/**/*.test.ts', 'test/fast/**/*.test.ts'],
    setupFiles: ['test/properties.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
