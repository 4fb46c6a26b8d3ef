import { z } from 'zod';
import type { Json } from '../../errors.ts';
import { type Builder, typedValue } from '../database/operand.ts';
import type { Row } from '../database/rows.ts';
import { defineAction } from '../define.ts';

export const searchKnowledgeBase = defineAction({
  name: 'searchKnowledgeBase',
  kind: 'database',
  description:
    'Searches the published articles of the knowledge base, ranks them and highlights what was found.',
  params: z.strictObject({
    query: z
      .string()
      .describe(
        'As people type it into a search box: words, "a phrase", `or`, `-not`. Without words nothing is found.',
      ),
    language: z.enum(['en', 'de']).default('en').describe('Language of the articles and of the query.'),
    category: z.string().optional().describe('Only articles of this category.'),
    limit: z.int().min(1).max(50).default(5).describe('Most articles to return.'),
  }),
  result: z.strictObject({
    count: z.int().describe('How many were found, `limit` at most.'),
    articles: z
      .array(
        z.strictObject({
          id: z.string().describe('The article.'),
          title: z.string().describe('Its title.'),
          highlight: z.string().describe('Passages of its text, what was found in `**`.'),
          rank: z.number().describe('From 0 to 1; a hit in the title counts for more.'),
          category: z.string().nullable().describe('Its category.'),
          tags: z.array(z.string()).describe('Its tags.'),
        }),
      )
      .describe('The best first.'),
  }),
  example: { query: { $: 'trigger.record.subject' }, limit: 3 },
  async run({ query, language, category, limit }, { db, organizationId }) {
    const found = await db
      .selectFrom((eb) => {
        const bind = (value: Json, type: string) => typedValue(eb as Builder, value, type);
        return eb
          .fn<Row>('workflow.search_articles', [
            bind(organizationId, 'uuid'),
            bind(query, 'text'),
            bind(language, 'text'),
            bind(category ?? null, 'text'),
            bind(limit, 'integer'),
          ])
          .as('article');
      })
      .selectAll()
      .execute();
    const articles = found.map(({ id, title, highlight, rank, category: of, tags }) => ({
      id: String(id),
      title: String(title),
      highlight: String(highlight),
      rank: Number(rank),
      category: of === null ? null : String(of),
      tags: tags as string[],
    }));
    return { count: articles.length, articles };
  },
});
