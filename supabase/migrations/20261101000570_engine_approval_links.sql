-- Approval links: somebody who is asked can decide from a message, without signing in.
--
--   workflow.approval_link(request, user)   a new link, for one message to one person
--   workflow.show_approval(token)           what the page shows; changes nothing
--   workflow.decide_approval(token, …)      decides as that person, by inserting into approval_decisions
--
-- Only the message knows the token: here is its hash, and the look-up is by hash, so neither a copy of this
-- table nor the time a look-up takes tells anything about a token. It decides once, because its person does.

create table workflow.approval_links (
  token_hash bytea primary key check (length(token_hash) = 32),
  request_id uuid not null references public.approval_requests on delete cascade,
  user_id uuid not null,
  created_at timestamptz not null default clock_timestamp()
);
create index approval_links_request on workflow.approval_links (request_id);

alter table public.approval_decisions add column via text not null default 'session' check (via in ('session', 'link'));
comment on column public.approval_decisions.via is 'How the person was known: signed in, or by the link sent to them.';

-- A token is made for each message, so that nothing but the message ever holds it; those of earlier
-- messages stay good. Null when there is nothing to decide any more.
create function workflow.new_approval_token(p_request uuid, p_user uuid) returns text
language plpgsql set search_path = '' as $$
declare
  -- Two random UUIDs have 244 random bits; hashing spreads them over the whole token.
  v_token text := rtrim(translate(encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64'),
    '+/', '-_'), '=');
begin
  insert into workflow.approval_links (token_hash, request_id, user_id)
    select sha256(convert_to(v_token, 'UTF8')), r.id, p_user
    from public.approval_requests r where r.id = p_request and r.status = 'pending';
  return case when found then v_token end;
end $$;

-- Where a person decides. The token stands behind the #, which no browser sends to the server of the page.
-- Null without `settings.page_url`: the message then tells to sign in.
create function workflow.approval_link(p_request uuid, p_user uuid) returns text
language plpgsql set search_path = '' as $$
declare
  v_page text := (select page_url from workflow.settings);
begin
  if v_page is null then
    return null;
  end if;
  return rtrim(v_page, '/') || '/#/approvals/' || workflow.new_approval_token(p_request, p_user);
end $$;

create function workflow.approval_link_of(p_token text) returns workflow.approval_links
language plpgsql stable set search_path = '' as $$
declare
  v_link workflow.approval_links;
begin
  select l.* into v_link from workflow.approval_links l join auth.users u on u.id = l.user_id
    where l.token_hash = sha256(convert_to(p_token, 'UTF8'));
  if not found then
    perform workflow.refuse('unknown_approval_link', 'This link leads to no approval.',
      'Open the whole link from the message, or sign in and decide there.');
  end if;
  return v_link;
end $$;

-- What a token shows: the request, and what its person has decided. A request that is due is expired, even
-- if the sweep has not come by yet.
create function workflow.show_approval(p_token text) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_link workflow.approval_links := workflow.approval_link_of(p_token);
begin
  return (
    select jsonb_build_object('id', r.id, 'title', r.title, 'details', r.details, 'workflow', w.name,
      'status', case when r.status = 'pending' and r.due_at <= workflow.now() then 'expired' else r.status end,
      'quorum', r.quorum,
      'approvals', (select count(*) from public.approval_decisions d where d.request_id = r.id and d.decision = 'approve'),
      'created_at', r.created_at, 'due_at', r.due_at, 'decided_at', r.decided_at,
      'approver', (select jsonb_build_object('id', u.id, 'email', u.email) from auth.users u where u.id = v_link.user_id),
      'decision', (
        select jsonb_build_object('decision', d.decision, 'comment', d.comment, 'via', d.via, 'created_at', d.created_at)
        from public.approval_decisions d where d.request_id = r.id and d.user_id = v_link.user_id))
    from public.approval_requests r
    join public.workflow_executions e on e.id = r.execution_id
    join public.workflows w on w.id = e.workflow_id
    where r.id = v_link.request_id);
end $$;

-- Decides as the person of the token, through the same trigger as whoever is signed in: it alone knows who
-- may. p_origin: { ip, user_agent } of the HTTP request that came with it.
create function workflow.decide_approval(p_token text, p_decision text, p_comment text, p_origin jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_link workflow.approval_links := workflow.approval_link_of(p_token);
begin
  if p_decision is null or p_decision not in ('approve', 'reject') then
    perform workflow.refuse('invalid_decision', 'A link decides with approve or reject.', 'To delegate, sign in.');
  elsif workflow.show_approval(p_token) ->> 'status' = 'expired' then
    perform workflow.refuse('approval_expired', 'The time for this approval is over.', 'Ask for it to be started again.');
  end if;
  perform set_config('request.jwt.claims', jsonb_build_object('sub', v_link.user_id, 'role', 'authenticated')::text, true),
    set_config('request.jwt.claim.sub', v_link.user_id::text, true),
    set_config('workflow.approval_link', p_origin::text, true);
  insert into public.approval_decisions (request_id, user_id, decision, comment)
    values (v_link.request_id, v_link.user_id, p_decision, p_comment);
  perform set_config('request.jwt.claims', '', true), set_config('request.jwt.claim.sub', '', true),
    set_config('workflow.approval_link', '', true);
  return workflow.show_approval(p_token);
end $$;

create function workflow.note_way_of_decision() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.via := case when current_setting('workflow.approval_link', true) <> '' then 'link' else 'session' end;
  return new;
end $$;
create trigger note_way before insert on public.approval_decisions
  for each row execute function workflow.note_way_of_decision();

-- From where a decision comes: what the function of the links says, or the headers of the Data API's request.
-- Of a list of addresses the last is the gateway's own entry, the others are what the caller claims.
create function workflow.request_origin() returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_link jsonb := nullif(current_setting('workflow.approval_link', true), '');
  v_headers jsonb := coalesce(nullif(current_setting('request.headers', true), ''), '{}');
begin
  return coalesce(v_link, jsonb_build_object(
    'ip', coalesce(v_headers ->> 'cf-connecting-ip', trim(split_part(v_headers ->> 'x-forwarded-for', ',', -1))),
    'user_agent', left(v_headers ->> 'user-agent', 300)));
end $$;

-- Who decided what, when, how and from where. Addresses are personal data: in the log, which admins see,
-- and not in the decision, which everybody sees who sees the request.
create function workflow.record_decision() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.workflow_audit_log (organization_id, workflow_id, execution_id, event, actor, details)
    select new.organization_id, e.workflow_id, e.id, 'approval_decided', new.user_id,
      jsonb_build_object('request_id', new.request_id, 'decision', new.decision, 'via', new.via) || workflow.request_origin()
    from public.approval_requests r join public.workflow_executions e on e.id = r.execution_id
    where r.id = new.request_id;
  return null;
end $$;
create trigger record_decision after insert on public.approval_decisions
  for each row execute function workflow.record_decision();
