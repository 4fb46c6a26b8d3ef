import type { Route } from '../route.ts';
import { approvalRoutes } from './approvals.ts';
import { executionRoutes } from './executions.ts';
import { workflowRoutes } from './workflows.ts';

export const routes: readonly Route[] = [...workflowRoutes, ...executionRoutes, ...approvalRoutes];
