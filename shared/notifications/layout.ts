/** What an organisation's e-mails have in common. */
export interface Brand {
  /** Who writes, above the message. */
  brand_name: string | null;
  /** Below the message, such as a postal address. */
  footer: string | null;
}

interface Page extends Brand {
  locale: string;
  title: string;
  /** The message, ready to be shown. */
  content: string;
}

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`).replaceAll('\n', '<br>');

const font = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/**
 * A whole e-mail: one column that fits a telephone, styles inline because most mail programs read no others,
 * and colours that stay readable where a program turns them dark.
 */
export function emailPage({ locale, title, content, brand_name, footer }: Page): string {
  const head = brand_name
    ? `<p class="muted" style="margin:0 0 24px;font-size:14px;font-weight:600;color:#5b6472">${escaped(brand_name)}</p>`
    : '';
  const foot = footer
    ? `<p class="muted" style="margin:24px 0 0;padding:16px 0 0;border-top:1px solid #d9dee6;font-size:13px;color:#5b6472">${escaped(footer)}</p>`
    : '';
  return `<!doctype html>
<html lang="${escaped(locale)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escaped(title)}</title>
<style>
.muted { color: #5b6472; }
@media (prefers-color-scheme: dark) {
  .page { background: #14171c !important; }
  .card { background: #1d2128 !important; color: #eef1f5 !important; }
  .muted { color: #a9b2bf !important; }
  .button { background: #7da2ff !important; color: #10131a !important; }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f3f5f8">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" style="max-width:600px"><tr>
<td class="card" style="padding:32px;border-radius:8px;background:#ffffff;color:#1b2028;font:16px/1.5 ${font}">
${head}
${content.trim()}
${foot}
</td></tr></table>
</td></tr></table>
</body>
</html>
`;
}
