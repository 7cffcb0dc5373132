import { defineConfig } from 'vitest/config'

/** The soak, which takes as long as it is told: `npm run soak`. */
export default defineConfig({
  test: { include: ['test/**/*.soak.ts'], pool: 'forks', testTimeout: 0, hookTimeout: 120_000 },
})
