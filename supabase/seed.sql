-- A small organisation to look at. Does nothing where there is one already; nobody is a member of it
-- until someone is added. Times are relative to the day it runs.

with organization as (
  insert into public.organizations (id, name)
  select '00000000-0000-7000-8000-000000000001', 'Northwind Events'
  where not exists (select from public.organizations)
  returning id
)
insert into public.leads (organization_id, name, first_name, last_name, email, phone, company, job_title,
  company_size, industry, source, email_opens, email_clicks, page_views, form_submissions, last_activity_at, created_at)
select o.id, l.first_name || ' ' || l.last_name, l.*
from organization o, lateral (values
  ('Ines', 'Calder', 'ines.calder@harbourlive.example', '+44 20 7946 0101', 'Harbour Live', 'VP Operations',
    420, 'events', 'referral', 9, 4, 31, 2, now() - interval '5 hours', now() - interval '12 days'),
  ('Tomas', 'Ruiz', 'tomas@stagecraft.example', '+1 212 555 0102', 'Stagecraft', 'Production Manager',
    85, 'events', 'website', 4, 1, 12, 1, now() - interval '3 days', now() - interval '9 days'),
  ('Mei', 'Larsson', 'mei.larsson@polarhotels.example', null, 'Polar Hotels', 'Marketing Director',
    1900, 'hospitality', 'webinar', 6, 2, 8, 1, now() - interval '1 day', now() - interval '6 days'),
  ('Owen', 'Baptiste', 'owen.baptiste@gmail.example', null, null, 'Student',
    null, 'education', 'advertisement', 1, 0, 2, 0, now() - interval '40 days', now() - interval '41 days'),
  ('Priya', 'Nandan', 'priya@civicarena.example', '+1 415 555 0105', 'Civic Arena', 'Head of Programming',
    240, 'venues', 'partner', 0, 0, 1, 0, null, now() - interval '2 hours')
) as l (first_name, last_name, email, phone, company, job_title, company_size, industry, source,
  email_opens, email_clicks, page_views, form_submissions, last_activity_at, created_at);

insert into public.deals (organization_id, lead_id, name, stage, amount, currency, probability, expected_close_date)
select l.organization_id, l.id, l.company || ': summer season', 'proposal', 48000, 'GBP', 50, current_date + 30
from public.leads l
where l.organization_id = '00000000-0000-7000-8000-000000000001' and l.email = 'ines.calder@harbourlive.example'
on conflict on constraint deals_one_per_lead do nothing;

insert into public.ticket_categories (organization_id, name, description)
select o.id, c.name, c.description
from public.organizations o, lateral (values
  ('Billing', 'Invoices, payments and refunds'), ('Access', 'Accounts, passwords and badges'),
  ('Equipment', 'What is broken or missing on site')
) as c (name, description)
where o.id = '00000000-0000-7000-8000-000000000001'
on conflict (organization_id, name) do nothing;

insert into public.ticket_category_rules (organization_id, category_id, keyword, weight)
select c.organization_id, c.id, r.keyword, r.weight
from public.ticket_categories c
join (values
  ('Billing', 'refund', 3), ('Billing', 'invoice', 3), ('Billing', 'payment', 2), ('Billing', '"credit card"', 3),
  ('Access', 'password', 3), ('Access', 'login', 3), ('Access', 'badge', 2),
  ('Equipment', 'broken', 2), ('Equipment', 'printer', 3), ('Equipment', 'microphone', 3)
) as r (category, keyword, weight) on r.category = c.name
where c.organization_id = '00000000-0000-7000-8000-000000000001'
on conflict (organization_id, category_id, keyword) do nothing;

insert into public.support_tickets (organization_id, subject, body, status, priority, requester_name, requester_email,
  customer_tier, first_response_due_at, first_responded_at, resolution_due_at, created_at)
select o.id, t.*
from public.organizations o, lateral (values
  ('The badge printer in hall 4 is broken', 'It jams on every second badge.', 'open', 'high', 'Ines Calder',
    'ines.calder@harbourlive.example', 'vip', now() + interval '20 minutes', null::timestamptz,
    now() + interval '4 hours', now() - interval '10 minutes'),
  ('Badge printer hall 4 broken again', 'Same jam as this morning.', 'open', 'normal', 'Tomas Ruiz',
    'tomas@stagecraft.example', 'premium', now() - interval '15 minutes', null, now() + interval '7 hours',
    now() - interval '75 minutes'),
  ('Refund for a cancelled show', 'Please refund my credit card.', 'in_progress', 'normal', 'Mei Larsson',
    'mei.larsson@polarhotels.example', 'standard', now() - interval '20 hours', now() - interval '21 hours',
    now() + interval '40 minutes', now() - interval '1 day'),
  ('I cannot log in', 'My password is refused.', 'waiting_on_customer', 'low', 'Owen Baptiste',
    'owen.baptiste@gmail.example', 'free', now() - interval '2 days', now() - interval '2 days 1 hour',
    now() - interval '1 hour', now() - interval '3 days')
) as t (subject, body, status, priority, requester_name, requester_email, customer_tier, first_response_due_at,
  first_responded_at, resolution_due_at, created_at)
where o.id = '00000000-0000-7000-8000-000000000001'
  and not exists (select from public.support_tickets s where s.organization_id = o.id);

insert into public.knowledge_base_articles (organization_id, title, body, category, tags, status, published_at)
select o.id, a.*, 'published', now() - interval '30 days'
from public.organizations o, lateral (values
  ('Refunds', 'Cancelled shows are refunded to the card they were paid with, within ten days.', 'Billing',
    array['money', 'cancellation']),
  ('The badge printer jams', 'Open the left door, take the ribbon out and clean the roller.', 'Equipment',
    array['printer']),
  ('Setting a new password', 'Ask for a link on the sign-in page. It works for one hour.', 'Access', array['account'])
) as a (title, body, category, tags)
where o.id = '00000000-0000-7000-8000-000000000001'
  and not exists (select from public.knowledge_base_articles k where k.organization_id = o.id);
