import type { Claim } from '../../../functions/worker/claim.ts';
import { leftovers, publish, start } from '../../support/engine.ts';
import type { Generated } from '../generate.ts';
import { type Script, scriptOf } from '../script.ts';
import { assignments } from './actions.ts';
import { Addresses } from './addresses.ts';
import { decide } from './approvals.ts';
import type { Lab } from './lab.ts';

const mostRounds = 2_000;

/**
 * Runs a workflow in sets as large as they come, with all that an execution has ready in one of them. What
 * wins inside a set is not determined, so no interpreter judges it; but everything has to come to an end.
 */
export class Rush {
  private readonly running = new Map<string, { addresses: Addresses; script: Script; cancelAt: number }>();
  private hand: Claim[] = [];

  constructor(private readonly lab: Lab) {}

  async begin({ definition, executions }: Generated, seed: number): Promise<void> {
    const { sql } = this.lab.engine;
    const workflow = await publish(sql, definition as never);
    for (const [index, { input, odds, cancelAfter = -1 }] of executions.entries()) {
      const id = await start(sql, workflow, input as object);
      const script = scriptOf(`${seed}/${index}`, odds);
      this.running.set(id, { addresses: new Addresses(sql, id), script, cancelAt: cancelAfter });
    }
  }

  /** @returns what has not come to an end, or was left behind */
  async run(): Promise<string[]> {
    for (let round = 0; await this.round(round); round += 1) {
      if (round === mostRounds) return [`It has not ended after ${mostRounds} rounds.`];
    }
    return unfinished(this.lab, [...this.running.keys()]);
  }

  private async round(round: number): Promise<boolean> {
    const { clock, engine, runner } = this.lab;
    clock.tick();
    this.hand.push(...(await engine.claim(50, null)));
    for (const claim of this.hand) await this.assign(claim.execution_id, claim.step_run_id);
    await this.cancel(round);
    if (this.hand.length === 0) return (await this.decide()) || clock.moveToNextTimer();
    this.hand = await runner.run(this.hand, null, round % 3 === 0 ? 'queue' : 'claim');
    return true;
  }

  private async cancel(round: number): Promise<void> {
    const ids = [...this.running].filter(([, { cancelAt }]) => cancelAt === round).map(([id]) => id);
    if (ids.length === 0) return;
    await this.lab.engine.sql`
      update public.workflow_executions set status = 'cancelled'
      where id = any (${ids}) and status in ('queued', 'running', 'waiting')`;
  }

  private async assign(executionId: string, stepRunId: string): Promise<{ address: string; script: Script }> {
    const one = this.running.get(executionId);
    if (!one) throw new Error(`Execution ${executionId} is not of this workflow.`);
    const assignment = { address: await one.addresses.find(stepRunId), script: one.script };
    assignments.set(stepRunId, assignment);
    return assignment;
  }

  /** The first approval whose approver does anything. */
  private async decide(): Promise<boolean> {
    const { sql } = this.lab.engine;
    const open = await sql<{ id: string; execution_id: string }[]>`
      select id, execution_id from public.approval_requests where status = 'pending' order by id`;
    for (const { id, execution_id } of open) {
      const { address, script } = await this.assign(execution_id, id);
      const decision = script.decision(address);
      if (decision === 'timeout') continue;
      await decide(sql, id, decision);
      return true;
    }
    return false;
  }
}

async function unfinished({ engine: { sql } }: Lab, ids: string[]): Promise<string[]> {
  const open = await sql<{ what: string; status: string }[]>`
    select 'execution' as what, status from public.workflow_executions
      where id = any (${ids}) and finished_at is null
    union all
    select path, status from public.workflow_execution_steps where execution_id = any (${ids}) and finished_at is null`;
  const left = Object.entries((await leftovers(sql)) ?? {}).filter(([, count]) => count > 0);
  return [
    ...open.map(({ what, status }) => `${what} is ${status}`),
    ...left.map(([what, count]) => `${count} ${what} left behind`),
  ];
}
