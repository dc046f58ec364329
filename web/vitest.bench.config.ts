import { defineConfig } from 'vitest/config';

// What is measured in real browsers and has no limit to fail by; figures are in benches/README.md.
export default defineConfig({
  test: {
    include: ['e2e/bench/*.bench.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});
