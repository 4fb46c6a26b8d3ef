-- Approvals: a strand waits until enough of those who were asked have approved, one has rejected, or time
-- is over. Deciding is inserting a row; everything else follows in that transaction.

-- One request for each run of an approval step, under the step run's id.
create table public.approval_requests (
  id uuid primary key references public.workflow_execution_steps on delete cascade,
  execution_id uuid not null,
  organization_id uuid not null,
  min_role text not null,
  title text not null,
  details jsonb,
  -- Who may decide: these users, and members with these roles.
  approver_ids uuid[] not null,
  approver_roles text[] not null,
  quorum int not null,
  requested_by uuid,
  allow_requester boolean not null,
  on_timeout text not null check (on_timeout in ('approve', 'reject', 'fail')),
  due_at timestamptz not null,
  -- Over what those who are asked are told; null: they are not.
  channel text,
  -- When those who have not decided are reminded, and when they last were.
  remind_at timestamptz[] not null,
  reminders_sent int not null default 0,
  reminded_at timestamptz,
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected', 'expired', 'cancelled')),
  created_at timestamptz not null default clock_timestamp(),
  decided_at timestamptz
);
create index approval_requests_organization on public.approval_requests (organization_id, id desc);
create index approval_requests_open on public.approval_requests (execution_id) where status = 'pending';

create table public.approval_decisions (
  id uuid primary key default workflow.new_id(),
  request_id uuid not null references public.approval_requests on delete cascade,
  organization_id uuid not null,
  user_id uuid not null default auth.uid(),
  -- Delegating passes the question on to another user, who then decides instead.
  decision text not null check (decision in ('approve', 'reject', 'delegate')),
  delegate_to uuid,
  comment text,
  created_at timestamptz not null default clock_timestamp(),
  unique (request_id, user_id),
  check ((decision = 'delegate') = (delegate_to is not null))
);
create index approval_decisions_organization on public.approval_decisions (organization_id, id desc);

alter table public.approval_requests enable row level security;
alter table public.approval_decisions enable row level security;
revoke all on public.approval_requests, public.approval_decisions from anon, authenticated, service_role;
grant select on public.approval_requests to authenticated;
grant select, insert on public.approval_decisions to authenticated;
grant all on public.approval_requests, public.approval_decisions to service_role;

create policy members_and_approvers_see on public.approval_requests for select to authenticated using (
  (select auth.uid()) = any (approver_ids)
  or ((min_role = 'viewer' or 'viewer' = any (approver_roles))
      and organization_id in (select workflow.member_organizations('viewer')))
  or ((min_role = 'editor' or 'editor' = any (approver_roles))
      and organization_id in (select workflow.member_organizations('editor')))
  or ((min_role = 'admin' or 'admin' = any (approver_roles))
      and organization_id in (select workflow.member_organizations('admin')))
  or ((min_role = 'owner' or 'owner' = any (approver_roles))
      and organization_id in (select workflow.member_organizations('owner'))));
create policy seen_with_request on public.approval_decisions for select to authenticated
  using (exists (select from public.approval_requests r where r.id = request_id));
create policy approvers_decide on public.approval_decisions for insert to authenticated
  with check (user_id = (select auth.uid()) and exists (select from public.approval_requests r where r.id = request_id));

-- The approvers of a step as it names them: user ids, e-mail addresses of users, roles. `unknown` is the
-- first that is none of these.
create function workflow.resolve_approvers(p_approvers jsonb, out user_ids uuid[], out roles text[], out unknown text)
language plpgsql stable set search_path = '' as $$
declare
  v_approver text;
  v_user uuid;
begin
  user_ids := '{}';
  roles := '{}';
  for v_approver in select jsonb_array_elements_text(p_approvers) loop
    if v_approver in ('role:viewer', 'role:editor', 'role:admin', 'role:owner') then
      roles := roles || substr(v_approver, 6);
      continue;
    end if;
    select u.id into v_user from auth.users u
      where u.id::text = lower(v_approver) or lower(u.email) = lower(v_approver) limit 1;
    if v_user is null then
      unknown := v_approver;
      return;
    end if;
    user_ids := user_ids || v_user;
  end loop;
end $$;

-- Makes the requests of outcomes that ask for approval, and lets their strands wait. An outcome that names
-- an approver who does not exist becomes a failure. Returns the outcomes.
create function workflow.request_approvals(p_outcomes workflow.outcome[]) returns workflow.outcome[]
language plpgsql set search_path = '' as $$
declare
  v_outcome workflow.outcome;
  v_outcomes workflow.outcome[] := '{}';
  v_asked record;
begin
  foreach v_outcome in array p_outcomes loop
    if v_outcome.approval is not null then
      v_asked := workflow.resolve_approvers(v_outcome.approval -> 'approvers');
      if v_asked.unknown is not null then
        v_outcome.status := 'failed';
        v_outcome.approval := null;
        v_outcome.error := jsonb_build_object('code', 'unknown_approver', 'retryable', false, 'path', 'approvers',
          'message', format('There is no user %L to ask.', v_asked.unknown),
          'hint', 'Name a user id, the e-mail address of a user, or role:viewer, role:editor, role:admin, role:owner.');
      else
        perform workflow.request_approval(v_outcome, v_asked.user_ids, v_asked.roles);
      end if;
    end if;
    v_outcomes := v_outcomes || v_outcome;
  end loop;
  return v_outcomes;
end $$;

create function workflow.request_approval(p_outcome workflow.outcome, p_users uuid[], p_roles text[]) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.approval_requests (id, execution_id, organization_id, min_role, title, details, approver_ids,
      approver_roles, quorum, requested_by, allow_requester, on_timeout, due_at, channel, remind_at)
    select p_outcome.step_run_id, e.id, e.organization_id, e.min_role, p_outcome.approval ->> 'title',
      nullif(p_outcome.approval -> 'details', 'null'), p_users, p_roles, (p_outcome.approval -> 'quorum')::int,
      e.created_by, (p_outcome.approval -> 'allow_requester')::boolean, p_outcome.approval ->> 'on_timeout',
      workflow.now() + p.timer, p_outcome.approval ->> 'channel', array(
        select workflow.now() + make_interval(secs => ms::float8 / 1000)
        from jsonb_array_elements_text(p_outcome.approval -> 'reminders') ms)
    from workflow.strands st
    join public.workflow_executions e on e.id = st.execution_id
    join workflow.plan_steps p on p.workflow_id = st.workflow_id and p.version = st.version and p.path = st.path
    where st.id = p_outcome.strand_id;
  insert into workflow.timers (strand_id, execution_id, step_id, kind, due_at)
    select p_outcome.strand_id, r.execution_id, r.id, 'timeout', r.due_at
    from public.approval_requests r where r.id = p_outcome.step_run_id;
  perform workflow.suspend_strands(array[p_outcome.strand_id]);
  perform workflow.announce_approval(p_outcome.step_run_id);
end $$;

-- Requests of steps that have been cancelled are not open any more.
create function workflow.withdraw_approvals(p_executions uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  update public.approval_requests r set status = 'cancelled', decided_at = clock_timestamp()
    where r.execution_id = any (p_executions) and r.status = 'pending'
      and exists (select from public.workflow_execution_steps s where s.id = r.id and s.finished_at is not null);
end $$;

-- Who may not decide is told why. The execution is locked first, as everywhere.
create function workflow.before_decision_insert() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_request public.approval_requests;
begin
  if (select auth.uid()) is not null then
    new.user_id := (select auth.uid());
  end if;
  perform from public.workflow_executions e join public.approval_requests r on r.execution_id = e.id
    where r.id = new.request_id for no key update of e;
  select * into v_request from public.approval_requests where id = new.request_id;
  if not found then
    perform workflow.refuse('approval_not_found', 'There is no such approval request here.', 'Check its id.');
  elsif not (new.user_id = any (v_request.approver_ids)
      or exists (select from unnest(v_request.approver_roles) role
                 where new.user_id = (select auth.uid()) and workflow.has_role(v_request.organization_id, role))) then
    perform workflow.refuse('not_an_approver', 'You were not asked for this approval.',
      'One of its approvers decides, or delegates to you.');
  elsif exists (select from public.approval_decisions d where d.request_id = new.request_id and d.user_id = new.user_id) then
    perform workflow.refuse('already_decided', 'You have decided this already.', 'A decision is final.');
  elsif v_request.status <> 'pending' then
    perform workflow.refuse('approval_closed', format('This approval is %s.', v_request.status), 'Nothing more is to be done.');
  elsif new.user_id = v_request.requested_by and not v_request.allow_requester and new.decision <> 'delegate' then
    perform workflow.refuse('requester_may_not_decide', 'You started this execution, so somebody else has to decide.',
      'Ask another approver, delegate, or set allowRequester in the workflow.');
  elsif new.decision = 'delegate' and not exists (select from auth.users where id = new.delegate_to) then
    perform workflow.refuse('unknown_approver', 'There is no user to delegate to.', 'Name the id of a user.');
  end if;
  new.organization_id := v_request.organization_id;
  new.created_at := clock_timestamp();
  return new;
end $$;
create trigger before_insert before insert on public.approval_decisions
  for each row execute function workflow.before_decision_insert();

create function workflow.after_decision_insert() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_request public.approval_requests;
begin
  select * into v_request from public.approval_requests where id = new.request_id;
  if new.decision = 'delegate' then
    update public.approval_requests
      set approver_ids = array_append(array_remove(approver_ids, new.user_id), new.delegate_to)
      where id = new.request_id;
    perform workflow.send_approval_message(new.request_id, 'request', new.delegate_to);
    perform workflow.wake();
  elsif new.decision = 'reject' then
    perform workflow.close_approval(v_request, 'rejected', new);
  elsif v_request.quorum <= (
      select count(*) from public.approval_decisions where request_id = new.request_id and decision = 'approve') then
    perform workflow.close_approval(v_request, 'approved', new);
  end if;
  return null;
end $$;
create trigger after_insert after insert on public.approval_decisions
  for each row execute function workflow.after_decision_insert();

-- The decision is there: the execution goes on.
create function workflow.close_approval(p_request public.approval_requests, p_status text,
  p_decision public.approval_decisions) returns void
language plpgsql set search_path = '' as $$
declare
  v_move workflow.move;
  v_applied record;
  v_steps uuid[];
begin
  v_move := workflow.conclude_approval(p_request, p_status, p_decision);
  v_applied := workflow.resume_moves(array[v_move]);
  v_steps := v_applied.finished || p_request.id;
  perform workflow.settle_executions(array[p_request.execution_id], v_steps);
  perform workflow.broadcast(array[p_request.execution_id], v_steps || v_applied.touched, true);
  perform workflow.wake();
end $$;

-- Writes a decision, or the end of the time for one, into request and step run; returns where the strand goes.
create function workflow.conclude_approval(p_request public.approval_requests, p_status text,
  p_decision public.approval_decisions) returns workflow.move
language plpgsql set search_path = '' as $$
declare
  v_strand workflow.strands;
  v_plan workflow.plan_steps;
  v_first text;
begin
  select * into v_strand from workflow.strands where execution_id = p_request.execution_id and step_id = p_request.id;
  select * into v_plan from workflow.plan_steps
    where workflow_id = v_strand.workflow_id and version = v_strand.version and path = v_strand.path;
  v_first := v_plan.branches ->> p_status;
  update public.approval_requests
    set status = case when p_decision.id is null then 'expired' else p_status end, decided_at = clock_timestamp()
    where id = p_request.id;
  perform workflow.stop_asking(p_request);
  update public.workflow_execution_steps
    set status = case when v_first is null then 'succeeded' else 'waiting' end,
        finished_at = case when v_first is null then clock_timestamp() end,
        output = jsonb_build_object('decision', p_status, 'decidedBy', p_decision.user_id,
          'comment', p_decision.comment, 'decidedAt', clock_timestamp())
    where id = p_request.id;
  return (v_strand.id, v_strand.step_id, coalesce(v_first, v_plan.next),
    case when v_first is null then v_plan.closes else '{}'::text[] end, '{}'::uuid[], null)::workflow.move;
end $$;

-- An approval whose time is over, as its step says: approved, rejected, or failed. No move if it is none.
create function workflow.expire_approval(p_step uuid) returns workflow.move
language plpgsql set search_path = '' as $$
declare
  v_request public.approval_requests;
  v_outcome workflow.outcome;
begin
  select * into v_request from public.approval_requests where id = p_step and status = 'pending';
  if not found then
    return null;
  elsif v_request.on_timeout <> 'fail' then
    return workflow.conclude_approval(v_request, case v_request.on_timeout when 'approve' then 'approved' else 'rejected' end, null);
  end if;
  update public.approval_requests set status = 'expired', decided_at = clock_timestamp() where id = p_step;
  perform workflow.stop_asking(v_request);
  select id into v_outcome.strand_id from workflow.strands where execution_id = v_request.execution_id and step_id = p_step;
  v_outcome.step_run_id := p_step;
  v_outcome.status := 'failed';
  v_outcome.error := '{"code": "approval_timeout", "retryable": false, "message": "Nobody decided in time.",
    "hint": "Start it again, give it more time, or set onTimeout."}';
  return workflow.fail_step(v_outcome);
end $$;
