begin;
select plan(14);

select is(workflow.describe_entity(name), null, name || ' is no entity')
from unnest(array['workflows', 'workflow_executions', 'workflow_audit_log', 'notification_templates', 'organizations', 'public.organization_members',
  'pg_class', 'auth.users', 'no_such_table']) name;

create table public.parcels (
  company_id uuid not null, code text not null default 'x', size varchar(20), weights numeric(8, 2)[],
  primary key (company_id, code));
create view public.parcel_view as select * from public.parcels;
select is(workflow.describe_entity('parcel_view'), null, 'a view is no entity');
select is(workflow.describe_entity('public.parcels'), '{
    "schema": "public", "table": "parcels", "primary_key": ["company_id", "code"], "tenant_column": null,
    "columns": {
      "company_id": {"type": "uuid", "nullable": false, "has_default": false},
      "code": {"type": "text", "nullable": false, "has_default": true},
      "size": {"type": "character varying", "nullable": true, "has_default": false},
      "weights": {"type": "numeric[]", "nullable": true, "has_default": false}}}'::jsonb,
  'a table is described with its columns, key and tenant');

select workflow.watch_table('public.parcels', tenant_column => 'company_id');
select is(workflow.describe_entity('parcels') ->> 'tenant_column', 'company_id',
  'the column a table is watched by holds its organisation');

set local role authenticated;
select is(workflow.describe_entity('leads') ->> 'tenant_column', 'organization_id', 'users may ask');
set local role anon;
select throws_ok($$select workflow.describe_entity('leads')$$, '42501', null, 'who is not signed in may not');

select * from finish();
rollback;
