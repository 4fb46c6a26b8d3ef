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
