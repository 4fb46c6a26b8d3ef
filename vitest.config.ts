import { defineConfig } from 'vitest/config';

const onPlatform = {
  globalSetup: './test/support/global-setup.ts',
  testTimeout: 30_000,
  hookTimeout: 60_000,
};

// The files of `db` and `e2e` share one platform and run beside each other: each makes organisations of its own.
export default defineConfig({
  test: {
    // One more than the cores it is meant for: much of the time is waiting for the platform.
    maxWorkers: 3,
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      // Loading CEL, Liquid and zod for each file anew would take longer than the tests.
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          pool: 'threads',
          isolate: false,
          testTimeout: 30_000,
        },
      },
      { test: { name: 'db', include: ['test/{database,fuzz}/**/*.test.ts'], ...onPlatform } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...onPlatform } },
      {
        // On platforms of their own, and last: they need the machine for themselves.
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          testTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
