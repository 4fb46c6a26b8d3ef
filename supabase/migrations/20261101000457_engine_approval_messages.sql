-- Approval messages: those who are asked are told, and reminded, over the channel of the approval.
--
-- A message is a step run of type `message` in a strand of its own beside the strand that waits, so that it
-- is claimed, fenced, retried and cancelled like any other work, and its id is the idempotency key. Nothing
-- waits for it: one that fails stays visible as a failed step run, and the approval goes on.
--
--   request made ──▶ message: request          delegated ──▶ message: request, to the delegate
--   reminder due ──▶ message: reminder         decided, expired, cancelled ──▶ timers and unsent messages go

create function workflow.announce_approval(p_request uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform workflow.send_approval_message(p_request, 'request');
  perform workflow.set_reminder(p_request);
end $$;

-- Queues a message to everybody who has still to decide, or to one of them. Returns its step run, null
-- where the approval has no channel or does not wait any more.
create function workflow.send_approval_message(p_request uuid, p_kind text, p_to uuid default null) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_id uuid := workflow.new_id();
begin
  insert into public.workflow_execution_steps
      (id, execution_id, organization_id, min_role, scope_id, path, step_id, iteration, type, input)
    select v_id, st.execution_id, st.organization_id, st.min_role, st.id, p.path, p.step_id, (
        select count(*) from public.workflow_execution_steps s
          where s.execution_id = st.execution_id and s.scope_id = st.id and s.path = p.path),
      p.type, jsonb_build_object('kind', p_kind, 'to', p_to)
    from public.approval_requests r
    join workflow.strands st on st.execution_id = r.execution_id and st.step_id = r.id
    join workflow.plan_steps p on p.workflow_id = st.workflow_id and p.version = st.version
      and p.path = st.path || '.message'
    where r.id = p_request and r.status = 'pending' and r.due_at > workflow.now();
  if not found then
    return null;
  end if;
  insert into workflow.strands
      (id, execution_id, organization_id, min_role, workflow_id, version, step_id, path, scopes, waiting)
    select v_id, st.execution_id, st.organization_id, st.min_role, st.workflow_id, st.version, v_id, s.path,
      st.scopes || v_id, true
    from public.workflow_execution_steps s join workflow.strands st on st.id = s.scope_id where s.id = v_id;
  perform workflow.resume_strands(array[v_id]);
  return v_id;
end $$;

-- A timer for the next reminder. Reminders that were missed are not made up for one by one.
create function workflow.set_reminder(p_request uuid) returns void
language plpgsql set search_path = '' as $$
begin
  insert into workflow.timers (strand_id, execution_id, step_id, kind, due_at)
    select st.id, r.execution_id, r.id, 'reminder', (select min(m) from unnest(r.remind_at) m where m > workflow.now())
    from public.approval_requests r
    join workflow.strands st on st.execution_id = r.execution_id and st.step_id = r.id
    where r.id = p_request and r.status = 'pending'
      and exists (select from unnest(r.remind_at) m where m > workflow.now() and m < r.due_at);
end $$;

-- Reminders among fired timers.
create function workflow.remind(p_timers workflow.timers[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_timer workflow.timers;
begin
  foreach v_timer in array p_timers loop
    if v_timer.kind = 'reminder' and workflow.send_approval_message(v_timer.step_id, 'reminder') is not null then
      update public.approval_requests set reminders_sent = reminders_sent + 1, reminded_at = workflow.now()
        where id = v_timer.step_id;
      perform workflow.set_reminder(v_timer.step_id);
    end if;
  end loop;
end $$;

-- A request that is over: nobody is asked any more.
create function workflow.stop_asking(p_request public.approval_requests) returns void
language plpgsql set search_path = '' as $$
begin
  delete from workflow.timers t using workflow.strands st
    where st.execution_id = p_request.execution_id and st.step_id = p_request.id
      and t.strand_id = st.id and t.step_id = p_request.id;
  if p_request.channel is not null then
    perform workflow.cancel_strands(array(
      select m.id from workflow.strands st
        join workflow.strands m on m.execution_id = st.execution_id and m.id = m.step_id and st.id = any (m.scopes)
        where st.execution_id = p_request.execution_id and st.step_id = p_request.id));
  end if;
end $$;

-- Messages that have been sent, or have failed for good: their strands are over.
create function workflow.end_messages(p_moves workflow.move[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_messages bigint[];
begin
  with ended as (
    delete from workflow.strands where id in (select m.strand_id from unnest(p_moves) m) returning msg_id
  )
  select array_agg(msg_id) into v_messages from ended where msg_id is not null;
  perform workflow.drop_messages(v_messages);
end $$;

-- Who has still to decide: those who were asked, by name or by role, without whoever may not or already has.
create function workflow.people_to_ask(p_request public.approval_requests) returns setof uuid
language plpgsql stable set search_path = '' as $$
begin
  return query
    select p.id from (
      select unnest(p_request.approver_ids)
      union
      select m from unnest(p_request.approver_roles) role, workflow.members_with_role(p_request.organization_id, role) m
    ) p(id)
    where (p_request.allow_requester or p.id is distinct from p_request.requested_by)
      and not exists (
        select from public.approval_decisions d where d.request_id = p_request.id and d.user_id = p.id);
end $$;

-- What a worker needs to send a message it has claimed: what is asked, and whom, at this moment, each with a
-- link of their own.
create function workflow.describe_message(p_strand uuid, p_token uuid) returns jsonb
language plpgsql set search_path = '' as $$
begin
  return (
    select jsonb_build_object('kind', s.input ->> 'kind', 'request_id', r.id, 'title', r.title, 'details', r.details,
      'due_at', r.due_at, 'recipients', (
        select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'email', u.email, 'phone', u.phone,
            'link', workflow.approval_link(r.id, u.id)) order by u.id), '[]')
        from workflow.people_to_ask(r) p join auth.users u on u.id = p
        where s.input ->> 'to' is null or u.id = (s.input ->> 'to')::uuid))
    from workflow.leases l
    join workflow.strands st on st.id = l.strand_id
    join public.workflow_execution_steps s on s.id = l.step_id
    join workflow.strands asking on asking.id = s.scope_id
    join public.approval_requests r on r.id = asking.step_id
    where l.strand_id = p_strand and l.token = p_token);
end $$;
