import { defineConfig } from 'vitest/config'

/** The fault tests: `npm run test:system`. */
export default defineConfig({
  test: { include: ['test/**/*.faults.ts'], pool: 'forks', testTimeout: 120_000, hookTimeout: 120_000 },
})
