import { describe, expect, it } from 'vitest';
import { ExpressionError, evaluateCel } from '../../../shared/expression/index.ts';

const context = {
  trigger: { record: { score: 70, name: 'Ada', city: null, tags: ['a', 'b'], big: '9007199254740993' } },
  steps: { find: { status: 'succeeded', output: { rows: [{ id: 1 }, { id: 2 }] } } },
  loop: { index: 2 },
  lead: { id: 7 },
};

const run = (source: string) => evaluateCel(source, context);
const code = (source: string) => {
  try {
    run(source);
  } catch (error) {
    return error instanceof ExpressionError ? error.code : error;
  }
  return undefined;
};

describe('data', () => {
  it('reads rows, steps, the loop and its item', () => {
    expect(run('[trigger.record.name, steps.find.output.rows[1].id, loop.index, lead.id]')).toEqual([
      'Ada',
      2,
      2,
      7,
    ]);
  });

  it('reads a member in brackets as one after a dot', () => {
    expect(run('steps["find"].output["rows"].size()')).toBe(2);
  });

  it('keeps the types of lists and objects', () => {
    expect(run('steps.find.output.rows')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('calls a missing value an error and names it', () => {
    expect(() => run('trigger.record.phone')).toThrow(/phone/);
    expect(code('trigger.record.phone')).toBe('missing_value');
  });

  it('calls a missing root, step or element an error', () => {
    expect(['input.x', 'steps.other.output', 'trigger.record.tags[2]'].map(code)).toEqual(
      Array(3).fill('missing_value'),
    );
  });

  it('allows for absence with has, ?., .? and orValue', () => {
    expect(run('has(trigger.record.phone)')).toBe(false);
    expect(run('trigger.record?.phone.orValue("none")')).toBe('none');
    expect(run('trigger.record.?phone.orValue("none")')).toBe('none');
    expect(run('trigger.?recrd.?phone.orValue("none")')).toBe('none');
    expect(run('has(steps.other)')).toBe(false);
  });

  it('turns an optional that is left over into its value or null', () => {
    expect(run('trigger.record?.name')).toBe('Ada');
    expect(run('trigger.record?.phone')).toBeNull();
  });

  it('leaves ?. inside of text alone', () => {
    expect(run("\"a?.b\" + r\"c?.d\" + '''e?.f'''")).toBe('a?.bc?.de?.f');
  });

  it('leaves the word loop alone in text and after a dot', () => {
    expect(
      evaluateCel('"loop" + x.loop + string(loop.index)', { x: { loop: '!' }, loop: { index: 1 } }),
    ).toBe('loop!1');
  });

  it('compares with null, and says so when null is in the way', () => {
    expect(run('trigger.record.city == null')).toBe(true);
    expect(() => run('trigger.record.city > 3')).toThrow(/null > int/);
  });

  it('keeps big integers as text', () => {
    expect(run('trigger.record.big')).toBe('9007199254740993');
    expect(run('9007199254740993')).toBe('9007199254740993');
    expect(run('9007199254740991')).toBe(9007199254740991);
  });
});

describe('prototypes', () => {
  const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

  it.each(names)('%s is no member of a row', (name) => {
    expect(code(`trigger.record.${name === '__proto__' ? 'x' : name}`)).toBe('missing_value');
    expect(code(`trigger.record["${name}"]`)).toBe('missing_value');
    expect(run(`has(trigger.record.${name})`)).toBe(false);
  });

  it('no name of the language is a root', () => {
    for (const name of names) expect(code(`${name} == 1`)).toMatch(/missing_value|invalid_expression/);
  });

  it('data may have keys of such names', () => {
    const row = JSON.parse('{ "constructor": "builder", "__proto__": { "x": 1 } }');
    expect(evaluateCel('row.constructor', { row })).toBe('builder');
    expect(evaluateCel('row["__proto__"].x', { row })).toBe(1);
    expect(Object.getPrototypeOf(evaluateCel('row', { row }) as object)).toBe(Object.prototype);
  });

  it('methods of lists and text are those of CEL alone', () => {
    expect(code('trigger.record.tags.constructor')).toBe('missing_value');
    expect(code('trigger.record.name.length')).toBeDefined();
  });
});

describe('errors', () => {
  it('point at the character', () => {
    expect(() => run('1 +')).toThrow(/character 4/);
  });

  it.each(['1 +', 'foo(1)', '"a" + 1', 'name.foo()', '', '{', 'a b'])('refuses %j as invalid', (source) => {
    expect(code(source)).toBe('invalid_expression');
  });

  it('calls any other failure expression_failed', () => {
    expect(code('trigger.record.name + 1')).toBe('expression_failed');
  });

  it('show the author the words the author wrote', () => {
    expect(() => evaluateCel('loop.nope', { loop: {} })).toThrow(/loop\.nope/);
    expect(() => evaluateCel('loop == 1 + "a"', {})).not.toThrow(/l0op/);
  });
});
