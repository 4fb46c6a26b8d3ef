import { describe, expect, it } from 'vitest';
import { ExpressionError, isLiquid, renderLiquid } from '../../../shared/expression/index.ts';

const context = {
  now: '2026-11-23T12:00:00Z',
  trigger: {
    record: {
      name: '<b>Ada & "Bo"</b>',
      score: 70,
      none: null,
      tags: ['a', 'b'],
      at: '2026-11-20T10:00:00+00:00',
    },
  },
  steps: { find: { output: { rows: [{ id: 1 }, { id: 2 }] } } },
};
const render = (source: string) => renderLiquid(source, context);
const code = (source: string) => {
  try {
    render(source);
  } catch (error) {
    return error instanceof ExpressionError ? error.code : error;
  }
  return undefined;
};

it('writes values into text', () => {
  expect(render('Score {{ trigger.record.score }} of {{ steps.find.output.rows.size }}')).toBe(
    'Score 70 of 2',
  );
});

it('writes null as nothing and objects as JSON', () => {
  expect(render('[{{ trigger.record.none }}] {{ steps.find.output.rows }}')).toBe('[] [{"id":1},{"id":2}]');
});

it('escapes HTML in html mode only', () => {
  expect(render('{{ trigger.record.name }}')).toBe('<b>Ada & "Bo"</b>');
  expect(renderLiquid('<p>{{ trigger.record.name }}</p>', context, 'html')).toBe(
    '<p>&lt;b&gt;Ada &amp; &#34;Bo&#34;&lt;/b&gt;</p>',
  );
});

it('formats dates in UTC', () => {
  expect(render('{{ trigger.record.at | date: "%d %b %Y %H:%M" }}')).toBe('20 Nov 2026 10:00');
});

it("takes now from the engine's clock", () => {
  expect(render('{{ now | date: "%Y-%m-%d" }} {{ "now" | date: "%H:%M" }}')).toBe('2026-11-23 12:00');
});

it('calls a missing variable an error', () => {
  expect(code('{{ trigger.record.phone }}')).toBe('missing_value');
  expect(code('{{ nope }}')).toBe('missing_value');
});

it('takes the default of a missing variable', () => {
  expect(render('{{ trigger.record.phone | default: "none" }}{{ a.b.c | default: "!" }}')).toBe('none!');
});

it('reaches no prototype', () => {
  for (const name of ['constructor', '__proto__', 'toString'])
    expect(code(`{{ trigger.record.${name} }}`)).toBe('missing_value');
});

describe('refused', () => {
  it.each([
    ['include', '{% include "x" %}'],
    ['render', '{% render "x" %}'],
    ['layout', '{% layout none %}x'],
    ['block', '{% block a %}x{% endblock %}'],
    ['tablerow', '{% tablerow i in (1..2) %}{{ i }}{% endtablerow %}'],
  ])('the tag %s', (tag, source) => {
    expect(code(source)).toBe('invalid_template');
    expect(() => render(source)).toThrow(`Tag "${tag}" not found`);
  });

  it.each(['where_exp', 'reject_exp', 'group_by_exp', 'has_exp', 'find_exp', 'find_index_exp'])(
    'the filter %s, which evaluates text',
    (filter) => {
      expect(code(`{{ trigger.record.tags | ${filter}: "x", "x" }}`)).toBe('invalid_template');
    },
  );

  it.each(['{{ x | nope }}', '{{ x', '{{ }}', '{% if %}', '{% nope %}'])('%s', (source) => {
    expect(code(source)).toBe('invalid_template');
  });

  it.each([
    ['a list without end', '{% for i in (1..100000000) %}x{% endfor %}', /memory/i],
    [
      'a text without end',
      '{% assign s = "xxxxxxxxxx" %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}',
      /memory/i,
    ],
    ['a result without end', '{% for i in (1..100) %}{{ rows }}{% endfor %}', /longer than|render limit/],
    [
      'work without end',
      '{% for i in (1..450) %}{% assign x = rows | sort: "id" %}{% endfor %}',
      /render limit/,
    ],
  ])('%s', (_, source, message) => {
    const rows = Array.from({ length: 10_000 }, (_, i) => ({ id: (i * 7919) % 10_007 }));
    expect(() => renderLiquid(source, { rows })).toThrow(message);
    expect(() => renderLiquid(source, { rows })).toThrow(
      expect.objectContaining({ code: 'template_failed' }),
    );
  });

  it('a template that is too long', () => {
    expect(code(`{{ now }}${' '.repeat(200_001)}`)).toBe('invalid_template');
  });
});

it('knows templates by outputs and tags', () => {
  expect(['{{ a }}', '{% if a %}{% endif %}', '{ a }', '100%'].map(isLiquid)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
