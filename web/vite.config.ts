import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The page is one bundle served by the server itself. `npm run dev` passes what is not ours on to a running server.
const SERVER = process.env.DEV_SERVER ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [svelte()],
  // Join links live below /r/, so assets need absolute addresses.
  base: '/',
  build: {
    target: ['safari16.4', 'chrome111', 'firefox115'],
    // The content policy forbids data: scripts and inline worklets: everything stays a real file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: {
    proxy: {
      '/api': SERVER,
      '/signal': { target: SERVER, ws: true },
    },
  },
  // Svelte's browser build, so that runes and components can be tested.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: {
    // What browser tests measure with is tested here, without a browser.
    include: ['src/**/*.test.ts', 'e2e/sound/**/*.test.ts'],
    environment: 'node',
  },
});
