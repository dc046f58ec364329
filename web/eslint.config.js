import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'src/generated/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...ts.configs.stylistic,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      // The compiler already knows what exists.
      'no-undef': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 500, skipBlankLines: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig, extraFileExtensions: ['.svelte'] } },
    // Sets and maps in the state are replaced, never changed: `$state.raw` sees that.
    rules: { 'svelte/prefer-svelte-reactivity': 'off' },
  },
  {
    files: ['**/*.test.ts', 'e2e/**', '*.config.*'],
    languageOptions: { globals: { ...globals.node } },
    // A describe block is one function and may be long; a failed assertion is the message.
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off', 'no-console': 'off' },
  },
  {
    // A catalogue is a table that happens to be a function of the form of address.
    files: ['src/i18n/de/**', 'src/i18n/en/**', 'src/school/i18n/de/**', 'src/school/i18n/en/**'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    // Views speak to the state alone, never to a socket or a peer connection; the core knows no framework.
    files: ['src/views/**', 'src/ui/**', 'src/i18n/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/core/*', '**/core/**'], message: 'Views use src/state only.' }] },
      ],
    },
  },
  {
    // The same around the call: views speak to the state, the client knows no framework.
    files: ['src/school/views/**', 'src/school/ui/**', 'src/school/i18n/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/school/api', '../api', '../../api', '**/core/*'], message: 'Views use src/school/state only.' }] },
      ],
    },
  },
  {
    files: ['src/school/api.ts', 'src/school/route.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['svelte', 'svelte/*', '**/state/*', '**/views/*'], message: 'The client is framework-free.' }] },
      ],
    },
  },
  {
    files: ['src/core/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['svelte', 'svelte/*', '**/state/*', '**/views/*'], message: 'The core is framework-free.' }] },
      ],
    },
  },
);
