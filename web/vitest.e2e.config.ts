import { defineConfig } from 'vitest/config';

// Browser tests: real browsers through the real server, one file after the other (two cores are the yardstick).
export default defineConfig({
  test: {
    include: ['e2e/*.test.ts', 'e2e/axe/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
