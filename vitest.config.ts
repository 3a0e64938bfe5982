import { defineConfig } from 'vitest/config'
import { TotalReporter } from './test/support/total-reporter.js'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    exclude: ['test/real/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: [['default', { summary: false }], new TotalReporter()],
  },
})
