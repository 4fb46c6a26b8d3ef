import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Makes `N passed, N failed` the last line of a run, with the skipped ones where there are any. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'failed') failedTests += 1;
        else count[state === 'passed' ? 'passed' : 'skipped'] += 1;
      }
      // A file that cannot be loaded, or whose hooks fail, has no failed test to show for it.
      count.failed += failedTests || (module.state() === 'failed' ? 1 : 0);
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    process.once('exit', (code) => {
      // A platform that does not start fails the run without failing any test.
      const failed = count.failed || (code === 0 ? 0 : 1);
      writeSync(1, `${count.passed} passed, ${failed} failed${skipped}\n`);
    });
  }
}
