import type { Json } from '../../errors.ts';
import type { Criteria } from './score-options.ts';

/** A row of `leads`, or anything with its columns. */
export type Lead = Record<string, Json>;

/** How much of its weight a part earns (0 to 1), and why in one sentence. */
export type Part = (lead: Lead, criteria: Criteria, now: Date) => { share: number; reason: string };

const DAY_MS = 86_400_000;
const FREE_MAIL = new Set([
  'gmail.com',
  'googlemail.com',
  'yahoo.com',
  'hotmail.com',
  'outlook.com',
  'live.com',
  'icloud.com',
  'aol.com',
  'gmx.de',
  'proton.me',
  'mail.com',
]);
/** First match wins: an assistant to the CEO is an assistant, a vice president no president. */
const SENIORITY: readonly [share: number, level: string, words: readonly string[]][] = [
  [0.2, 'junior', ['assistant', 'intern', 'student', 'trainee', 'junior']],
  [0.8, 'senior management', ['vp', 'svp', 'evp', 'vice', 'director', 'head']],
  [
    1,
    'top management',
    [
      'ceo',
      'cfo',
      'coo',
      'cto',
      'cmo',
      'cio',
      'chief',
      'founder',
      'cofounder',
      'owner',
      'president',
      'partner',
    ],
  ],
  [0.5, 'management', ['manager', 'lead', 'principal', 'supervisor']],
];

export const FIT_PARTS: Record<'companySize' | 'industry' | 'jobTitle' | 'contact' | 'source', Part> = {
  companySize(lead, { companySize: { min, max } }) {
    const size = number(lead.company_size);
    if (size <= 0) return { share: 0, reason: 'The company size is not known.' };
    if (size < min) return { share: size / min, reason: `${size} employees, fewer than ${min}.` };
    if (size > max)
      return { share: Math.max(0.5, max / size), reason: `${size} employees, more than ${max}.` };
    return { share: 1, reason: `${size} employees, between ${min} and ${max}.` };
  },
  industry(lead, { industries }) {
    const industry = text(lead.industry);
    if (industry === '') return { share: 0, reason: 'The industry is not known.' };
    if (industries.length === 0)
      return { share: 0.5, reason: `Industry ${industry}; no target industries are set.` };
    const wanted = industries.some((each) => each.toLowerCase() === industry);
    return { share: wanted ? 1 : 0, reason: `Industry ${industry} is ${wanted ? '' : 'not '}a target.` };
  },
  jobTitle(lead) {
    const title = text(lead.job_title);
    if (title === '') return { share: 0, reason: 'The job title is not known.' };
    const words = title.split(/[^a-z]+/);
    const level = SENIORITY.find(([, , names]) => names.some((name) => words.includes(name)));
    return {
      share: level?.[0] ?? 0.3,
      reason: `"${String(lead.job_title)}" is ${level?.[1] ?? 'no management title'}.`,
    };
  },
  contact(lead) {
    const domain = text(lead.email).split('@')[1] ?? '';
    const business = domain !== '' && !FREE_MAIL.has(domain);
    const phone = text(lead.phone) !== '';
    const mail =
      domain === ''
        ? 'No e-mail address'
        : business
          ? 'A business e-mail address'
          : 'A private e-mail address';
    return {
      share: (business ? 0.6 : 0) + (phone ? 0.4 : 0),
      reason: `${mail}, ${phone ? 'a' : 'no'} phone number.`,
    };
  },
  source(lead, { sources }) {
    const source = text(lead.source);
    if (source === '') return { share: 0, reason: 'The source is not known.' };
    return {
      share: Object.hasOwn(sources, source) ? (sources[source] ?? 0) : 0.3,
      reason: `Came by ${source}.`,
    };
  },
};

export const ENGAGEMENT_PARTS: Record<
  'emailOpens' | 'emailClicks' | 'pageViews' | 'formSubmissions' | 'recency',
  Part
> = {
  emailOpens: counted('email_opens', 'emailOpens', 'e-mails opened'),
  emailClicks: counted('email_clicks', 'emailClicks', 'links clicked'),
  pageViews: counted('page_views', 'pageViews', 'pages viewed'),
  formSubmissions: counted('form_submissions', 'formSubmissions', 'forms sent'),
  recency(lead, { recencyHalfLifeDays }, now) {
    const last = Date.parse(String(lead.last_activity_at ?? ''));
    if (Number.isNaN(last)) return { share: 0, reason: 'No activity yet.' };
    const days = Math.max(0, (now.getTime() - last) / DAY_MS);
    return {
      share: 0.5 ** (days / recencyHalfLifeDays),
      reason: `Last active ${Math.floor(days)} days ago.`,
    };
  },
};

function counted(
  column: string,
  criterion: 'emailOpens' | 'emailClicks' | 'pageViews' | 'formSubmissions',
  what: string,
): Part {
  return (lead, criteria) => {
    const count = number(lead[column]);
    return {
      share: count / criteria[criterion],
      reason: `${count} ${what}; ${criteria[criterion]} earn all points.`,
    };
  };
}

function number(value: Json | undefined): number {
  const read = Number(value ?? 0);
  return Number.isFinite(read) ? read : 0;
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value.trim().toLowerCase() : '';
}
