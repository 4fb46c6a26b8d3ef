import type { TestProject } from 'vitest/node';
import {
  migratedDatabase,
  type PlatformDetails,
  type PlatformProcess,
  startPlatformProcess,
} from './platform-process.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    platform: PlatformDetails;
  }
}

/** Projects load this file separately: what they share is kept on the process. */
const shared = globalThis as typeof globalThis & {
  testPlatform?: { users: number; platform: Promise<PlatformProcess> };
};

/** Starts one platform for all projects that need it; the last one to finish stops it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const options = process.env.TEST_PLATFORM_OPTIONS?.split(' ').filter(Boolean) ?? [];
  shared.testPlatform ??= {
    users: 0,
    platform: startPlatformProcess(['--copy-as', migratedDatabase, ...options]),
  };
  const own = shared.testPlatform;
  own.users += 1;
  project.provide('platform', (await own.platform).details);
  return async () => {
    own.users -= 1;
    if (own.users > 0) return;
    shared.testPlatform = undefined;
    await (await own.platform).stop();
  };
}
