import { beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../support/platform.ts';
import { asUser, failure, insert, member, organization, type Runner, run, runOn } from './support.ts';

let runner: Runner;
let other: string;

beforeAll(async () => {
  const own = await organization();
  other = await organization();
  runner = { user: await member({ [own]: 'viewer', [other]: 'owner' }), organization: own };
  const article = (title: string, body: string, values: object = {}, organization_id = own) =>
    insert('knowledge_base_articles', { organization_id, title, body, status: 'published', ...values });
  await article('Refunds', 'How to ask for your money back after a show was cancelled.', {
    category: 'Billing',
    tags: ['money'],
  });
  await article('Opening hours', 'The box office is open daily. It pays out refunds, too.', {
    category: 'Venue',
  });
  await article('Refund policy 2027', 'Refunds as they will be.', { status: 'draft' });
  await article('Rückerstattung', 'So erhalten Sie Ihre Karten erstattet.', { language: 'de' });
  await article('Refunds elsewhere', 'Foreign refunds.', {}, other);
});

const search = (params: object, as = runner) => run(as, 'searchKnowledgeBase', params as never);
const titles = async (params: object, as = runner) =>
  ((await search(params, as)).articles as { title: string }[]).map(({ title }) => title);

describe('searchKnowledgeBase', () => {
  it('ranks published articles, a hit in the title first, and highlights what was found', async () => {
    const { count, articles } = await search({ query: 'refund' });
    expect(count).toBe(2);
    expect(articles).toMatchObject([
      { title: 'Refunds', category: 'Billing', tags: ['money'] },
      { title: 'Opening hours', highlight: expect.stringContaining('It pays out **refunds**') },
    ]);
    const [first, second] = articles as { rank: number }[];
    expect(first?.rank).toBeGreaterThan(second?.rank ?? 1);
  });

  it('understands what people type into a search box', async () => {
    expect(await titles({ query: '"money back" -office' })).toEqual(['Refunds']);
    expect(await titles({ query: 'daily or cancelled' })).toHaveLength(2);
    expect(await titles({ query: `it's "unclosed & ( | !` })).toEqual([]);
  });

  it('keeps to a language, a category and a number', async () => {
    expect(await titles({ query: 'Karte', language: 'de' })).toEqual(['Rückerstattung']);
    expect(await titles({ query: 'refund', category: 'Venue' })).toEqual(['Opening hours']);
    expect(await titles({ query: 'refund', limit: 1 })).toEqual(['Refunds']);
  });

  it('finds nothing for no words, or words that are not there', async () => {
    for (const query of ['', '  ', 'the', 'zebra'])
      expect(await search({ query })).toEqual({ count: 0, articles: [] });
  });

  it('shows nothing of another organisation, and nothing to a stranger', async () => {
    expect(await titles({ query: 'foreign' })).toEqual([]);
    const stranger = { ...runner, user: await member({ [other]: 'owner' }) };
    expect(await titles({ query: 'refund' }, stranger)).toEqual([]);
  });

  it('goes by the index, under row-level security too', async () => {
    await sql`insert into knowledge_base_articles (organization_id, title, body, status)
      select ${runner.organization}, md5(n::text), md5((n * 7)::text), 'published' from generate_series(1, 3000) n`;
    await sql`vacuum analyze knowledge_base_articles`;
    const scans = await asUser(runner.user, async (db, tx) => {
      await runOn(db, runner, 'searchKnowledgeBase', { query: 'refund' });
      return tx`select pg_stat_get_xact_numscans('public.knowledge_base_articles_search'::regclass)::int as scans`;
    });
    expect(scans[0]?.scans).toBeGreaterThan(0);
  });

  it('refuses a language it does not know', async () => {
    expect(await failure(search({ query: 'x', language: 'fr' }))).toMatchObject({ code: 'invalid_params' });
  });
});
