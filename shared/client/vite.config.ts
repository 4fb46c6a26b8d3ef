import { defineConfig } from 'vite';

// The client library as JavaScript, for `exports` in package.json. Packages stay imports; what is loaded when it is needed
// (compiler, catalogues, templates) are files of their own.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: 'dist',
    target: 'es2022',
    minify: false,
    lib: {
      entry: { index: 'shared/client/index.ts', actions: 'shared/client/actions.ts' },
      formats: ['es'],
    },
    rolldownOptions: { external: /^[^./]/, output: { chunkFileNames: 'chunks/[name]-[hash].js' } },
  },
});
