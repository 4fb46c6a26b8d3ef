import { describe, expect, it } from 'vitest';
import { addMember, anonymousClient, signUp, signUpUser, sql } from '../../support/platform.ts';
import { asUser, member, organization } from './support.ts';

describe('organisations through supabase-js', () => {
  it('are created by whoever is signed in, who gets them back and owns them', async () => {
    const { client, id } = await signUpUser();
    const { data, error } = await client.from('organizations').insert({ name: 'Founded' }).select().single();
    expect(error).toBeNull();
    expect(data).toMatchObject({ name: 'Founded', created_by: id });
    const members = await client.from('organization_members').select('user_id, role');
    expect(members.data).toEqual([{ user_id: id, role: 'owner' }]);
  });

  it('are not created by who is not signed in', async () => {
    const { error } = await anonymousClient().from('organizations').insert({ name: 'Nobody' });
    expect(error?.code).toBe('42501');
  });

  it('show their leads to members and to nobody else', async () => {
    const owner = await signUp();
    const viewer = await signUpUser();
    const stranger = await signUpUser();
    await addMember(owner.organizationId, viewer.id, 'viewer');
    const lead = { organization_id: owner.organizationId, name: 'Ada' };
    expect((await owner.client.from('leads').insert(lead)).error).toBeNull();
    expect((await viewer.client.from('leads').select('name')).data).toEqual([{ name: 'Ada' }]);
    expect((await stranger.client.from('leads').select('name')).data).toEqual([]);
    expect((await viewer.client.from('leads').insert(lead)).error?.code).toBe('42501');
  });
});

describe('policies', () => {
  it.each(['leads', 'deals', 'support_tickets', 'organization_members'])(
    'of %s ask for memberships once a statement',
    async (table) => {
      const own = await organization();
      const user = await member({ [own]: 'editor' });
      await sql`insert into leads (organization_id, name) select ${own}, 'Lead ' || n from generate_series(1, 200) n`;
      await sql`insert into deals (organization_id, name) select ${own}, 'Deal ' || n from generate_series(1, 200) n`;
      await sql`insert into support_tickets (organization_id, subject) select ${own}, 'Ticket ' || n from generate_series(1, 200) n`;
      const plan = await asUser(user, (_, tx) =>
        tx.unsafe(`explain (analyze, format json) select * from public.${table}`),
      );
      const text = JSON.stringify(plan);
      const calls = [...text.matchAll(/"Node Type":"(?:ProjectSet|Function Scan)".*?"Actual Loops":(\d+)/g)];
      expect(calls.map(([, loops]) => Number(loops))).toEqual([1]);
    },
  );
});

describe('the last owner', () => {
  it('stays when two owners remove each other at the same time', async () => {
    const own = await organization();
    const [a, b] = [await member({ [own]: 'owner' }), await member({ [own]: 'owner' })];
    const leave = (user: string) =>
      asUser(user, async (_, tx) => {
        await tx`delete from organization_members where organization_id = ${own} and user_id = ${user}`;
        await tx`select pg_sleep(0.2)`;
      });
    const results = await Promise.allSettled([leave(a), leave(b)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(
      await sql`select from organization_members where organization_id = ${own} and role = 'owner'`,
    ).toHaveLength(1);
  });
});
