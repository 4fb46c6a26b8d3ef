import { problem } from '../../shared/serve/problem.ts';
import { parseJsonBody } from '../../shared/serve/read-body.ts';

/**
 * Turns a body into the JSON text that becomes `input`: JSON as it is, so that no digit is lost; a form as an
 * object of texts, with a list where a name comes more than once; nothing as `{}`.
 *
 * @throws Problem 400 `invalid_json` or `invalid_form`, 415 `unsupported_media_type`
 */
export async function inputText(contentType: string | null, body: Uint8Array): Promise<string> {
  if (body.length === 0) return '{}';
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (/^application\/([\w.!#$&^-]+\+)?json$/.test(type)) return parseJsonBody(body).text;
  if (type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data') {
    return JSON.stringify(fieldsOf(await readForm(contentType as string, body)));
  }
  const hint = 'Send application/json, application/x-www-form-urlencoded or multipart/form-data.';
  throw problem(415, 'unsupported_media_type', `A body of type "${type}" cannot be read.`, hint);
}

async function readForm(contentType: string, body: Uint8Array): Promise<FormData> {
  const headers = { 'content-type': contentType };
  try {
    return await new Response(body as BodyInit, { headers }).formData();
  } catch {
    throw problem(400, 'invalid_form', 'The form cannot be read.', 'Check how it is encoded.');
  }
}

function fieldsOf(form: FormData): Record<string, string | string[]> {
  const fields = [...new Set(form.keys())].map((name): [string, string | string[]] => {
    const values = form.getAll(name).map((value) => {
      if (typeof value === 'string') return value;
      throw problem(400, 'invalid_form', `"${name}" is a file.`, 'Send a link to it.');
    });
    return [name, values.length === 1 ? (values[0] as string) : values];
  });
  return Object.fromEntries(fields);
}
