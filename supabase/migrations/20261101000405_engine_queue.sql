-- The queue: the only place that calls pgmq. Two queues make one line that no organisation can fill up. The first
-- few ready strands of every organisation are in `workflow`, which is read first; what an organisation has
-- ready beyond them is in `workflow_bulk`. A message of `workflow_bulk` is written as a negative number.

select pgmq.create('workflow');
select pgmq.create('workflow_bulk');

-- Every fourth claim reads the bulk first: it moves on however busy the first queue is.
create sequence workflow.claim_turns;

-- A message for each strand, visible in `p_seconds`. The first four ready strands of an organisation go to the first queue.
create function workflow.send_messages(p_strands uuid[], p_organizations uuid[], p_seconds int default 0)
returns table (strand_id uuid, msg_id bigint)
language plpgsql set search_path = '' as $$
declare
  v_first uuid[];
  v_bulk uuid[];
begin
  select array_agg(r.id order by r.id) filter (where r.place <= 4), array_agg(r.id order by r.id) filter (where r.place > 4)
    into v_first, v_bulk
    from (
      select s.id, row_number() over (partition by s.organization_id order by s.id) + (
          select count(*) from (
            select from workflow.strands r
              where r.organization_id = s.organization_id and not r.waiting and r.id <> s.id limit 4) ready) as place
      from unnest(p_strands, p_organizations) s(id, organization_id)) r;
  if v_first is not null then
    return query select m.id, m.msg_id from rows from (unnest(v_first), pgmq.send_batch('workflow', array(
      select jsonb_build_object('strand_id', s) from unnest(v_first) s), p_seconds)) as m(id, msg_id);
  end if;
  if v_bulk is not null then
    return query select m.id, -m.msg_id from rows from (unnest(v_bulk), pgmq.send_batch('workflow_bulk', array(
      select jsonb_build_object('strand_id', s) from unnest(v_bulk) s), p_seconds)) as m(id, msg_id);
  end if;
end $$;

-- Takes up to `p_limit` visible messages, and hides them for so many seconds.
create function workflow.read_messages(p_limit int, p_seconds int, out messages bigint[], out strands uuid[])
language plpgsql set search_path = '' as $$
declare
  v_bulk boolean := nextval('workflow.claim_turns') % 4 = 0;
  v_read record;
begin
  messages := '{}';
  strands := '{}';
  for v_turn in 1 .. 2 loop
    if cardinality(messages) < p_limit
      and (v_bulk and workflow.has_bulk_work() or not v_bulk and workflow.has_first_work()) then
      v_read := workflow.read_queue(v_bulk, p_limit - cardinality(messages), p_seconds);
      messages := messages || v_read.messages;
      strands := strands || v_read.strands;
    end if;
    v_bulk := not v_bulk;
  end loop;
end $$;

create function workflow.read_queue(p_bulk boolean, p_limit int, p_seconds int, out messages bigint[], out strands uuid[])
language plpgsql set search_path = '' as $$
begin
  select array_agg(case when p_bulk then -m.msg_id else m.msg_id end), array_agg((m.message ->> 'strand_id')::uuid)
    into messages, strands
    from pgmq.read(case when p_bulk then 'workflow_bulk' else 'workflow' end, p_seconds, p_limit) m;
end $$;

-- Whether a message is visible. These read the tables: no function of pgmq tells without claiming.
create function workflow.has_first_work() returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return exists (select from pgmq.q_workflow where vt <= clock_timestamp());
end $$;

create function workflow.has_bulk_work() returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return exists (select from pgmq.q_workflow_bulk where vt <= clock_timestamp());
end $$;

-- Whether at least so many are visible.
create function workflow.has_messages(p_least int) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return p_least <= (
    select count(*) from (
      (select from pgmq.q_workflow where vt <= clock_timestamp() limit p_least)
      union all
      (select from pgmq.q_workflow_bulk where vt <= clock_timestamp() limit p_least)) ready);
end $$;

-- How many are visible, and since when the first is. Reads all of them: for workflow.health().
create function workflow.ready_messages(out count bigint, out since timestamptz)
language sql stable set search_path = '' as $$
  select count(*), min(vt) from (
    select vt from pgmq.q_workflow where vt <= clock_timestamp()
    union all
    select vt from pgmq.q_workflow_bulk where vt <= clock_timestamp()) ready
$$;

create function workflow.has_message(p_message bigint) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from pgmq.q_workflow where msg_id = p_message)
    or exists (select from pgmq.q_workflow_bulk where msg_id = -p_message);
end $$;

-- Makes a message visible in so many seconds.
create function workflow.set_visible(p_message bigint, p_seconds int) returns void
language plpgsql set search_path = '' as $$
begin
  perform pgmq.set_vt(case when p_message < 0 then 'workflow_bulk' else 'workflow' end, abs(p_message), p_seconds);
end $$;

create function workflow.drop_messages(p_messages bigint[]) returns void
language plpgsql set search_path = '' as $$
begin
  if cardinality(p_messages) > 0 then
    if 0 < any (p_messages) then
      perform pgmq.delete('workflow', array(select m from unnest(p_messages) m where m > 0));
    end if;
    if 0 > any (p_messages) then
      perform pgmq.delete('workflow_bulk', array(select -m from unnest(p_messages) m where m < 0));
    end if;
  end if;
end $$;
