import type { Block } from '../../templates/notifications/format.ts';

/** An e-mail's body in both of its forms, still with Liquid in it. */
export interface EmailBody {
  text: string;
  html: string;
}

/** Makes text and HTML of the blocks of a template. The HTML goes into the layout of every e-mail. */
export function emailBody(blocks: Block[]): EmailBody {
  return {
    text: blocks.map((block) => unless(block, `${textOf(block)}\n\n`)).join(''),
    html: blocks.map((block) => unless(block, `${htmlOf(block)}\n`)).join(''),
  };
}

function unless(block: Block, written: string): string {
  const condition = typeof block === 'object' && 'if' in block ? block.if : undefined;
  return condition === undefined ? written : `{% if ${condition} %}${written}{% endif %}`;
}

function textOf(block: Block): string {
  if (typeof block === 'string') return block;
  if ('text' in block) return block.text;
  if ('facts' in block) return block.facts.map(([name, value]) => `${name}: ${value}`).join('\n');
  if ('list' in block) return `{% for item in ${block.list} %}- ${block.item}\n{% endfor %}`.trimEnd();
  return `${block.button}: ${block.url}`;
}

const styles = {
  paragraph: 'margin:0 0 16px',
  facts: 'width:100%;margin:0 0 16px;border-collapse:collapse',
  name: 'padding:6px 16px 6px 0;text-align:left;vertical-align:top;font-weight:400;white-space:nowrap',
  value: 'padding:6px 0;vertical-align:top;font-weight:600',
  list: 'margin:0 0 16px;padding:0 0 0 20px',
  button:
    'display:inline-block;padding:12px 20px;border-radius:6px;background:#1f4fd8;color:#ffffff;font-weight:600;text-decoration:none',
};

function htmlOf(block: Block): string {
  if (typeof block === 'string') return `<p style="${styles.paragraph}">${block}</p>`;
  if ('text' in block) return `<p style="${styles.paragraph}">${block.text}</p>`;
  if ('facts' in block) {
    const rows = block.facts.map(
      ([name, value]) =>
        `<tr><th scope="row" class="muted" style="${styles.name}">${name}</th><td style="${styles.value}">${value}</td></tr>`,
    );
    return `<table style="${styles.facts}">${rows.join('')}</table>`;
  }
  if ('list' in block) {
    return `<ul style="${styles.list}">{% for item in ${block.list} %}<li>${block.item}</li>{% endfor %}</ul>`;
  }
  return `<p style="margin:24px 0 16px"><a class="button" href="${block.url}" style="${styles.button}">${block.button}</a></p>`;
}
