export { bodyKind, decodeText } from './content-type.ts';
export { MAX_RESPONSE_BYTES, readBody } from './read-body.ts';
export { buildRequest, type HttpRequest, hasHeader } from './request.ts';
export { type Answer, send } from './send.ts';
export { matchesStatus, unexpectedStatus } from './status.ts';
export { checkTarget, environmentPolicy, type Policy } from './target.ts';
