import { joinPath } from '../../expression/paths.ts';
import type { Problems } from '../errors.ts';
import { ROOTS } from './references.ts';
import type { RawStep, Scope } from './scope.ts';

// `item` names iterations; true, in and the like cannot follow a dot in CEL; size, first, last mean something
// else in Liquid; the rest are names every JavaScript object answers to.
const RESERVED_IDS = new Set(
  [
    'item loop true false null in size first last constructor prototype hasOwnProperty isPrototypeOf',
    'propertyIsEnumerable toLocaleString toString valueOf',
  ]
    .join(' ')
    .split(' '),
);

// Words that CEL does not take as a name, and names it gives a meaning of its own.
const RESERVED_NAMES = new Set(
  [
    'as break const continue else false for function if import in let loop namespace null package prototype return',
    'true var void while cel google optional bool bytes double duration dyn int list map null_type string timestamp type uint',
    'error',
  ]
    .join(' ')
    .split(' '),
);

/** Checks that a step's id is free. */
export function checkId(step: RawStep, at: string, seen: Map<string, string>, problems: Problems): void {
  if (typeof step.id !== 'string') return;
  const place = joinPath(at, 'id');
  const first = seen.get(step.id);
  if (first !== undefined) {
    problems.error(
      'duplicate_id',
      place,
      `"${step.id}" is the id of ${first} already`,
      'Ids are unique in the workflow.',
    );
  } else if (RESERVED_IDS.has(step.id)) {
    problems.error('reserved_id', place, `"${step.id}" is reserved`, 'Choose another id.');
  }
  seen.set(step.id, first ?? at);
}

/** Checks that the name a loop gives its item hides nothing. */
export function checkAlias(alias: string, at: string, scope: Scope, problems: Problems): void {
  if (scope.aliases.includes(alias)) {
    problems.error(
      'duplicate_name',
      at,
      `"${alias}" is the item of a loop around this one`,
      'Choose another name in `as`.',
    );
  } else if (RESERVED_NAMES.has(alias) || ROOTS.includes(alias)) {
    problems.error(
      'reserved_name',
      at,
      `"${alias}" means something else in expressions`,
      'Choose another name in `as`.',
    );
  }
}
