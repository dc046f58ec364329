import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// Every page in every state without a server, for looking at and for the accessibility tests. Never part of the product.
// The policy is the server's, so that a style or script it would forbid is found here.
const CONTENT_POLICY = "default-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [svelte({ configFile: fileURLToPath(new URL('../svelte.config.js', import.meta.url)) })],
  build: {
    outDir: fileURLToPath(new URL('../node_modules/.cache/gallery', import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['safari16.4', 'chrome111', 'firefox115'],
  },
  preview: { headers: { 'Content-Security-Policy': CONTENT_POLICY } },
});
