-- Waking workers. pg_net only starts chains of invocations; a chain carries itself from step to step.
--
-- Work may not be stranded between a transaction that believes a worker is still there and a worker
-- that believes there is no more work. Hence the gate: a transaction skips its wake-up only while it
-- holds the gate shared and then, in a statement of its own, sees no free slot; a worker frees its
-- slot only while it holds the gate exclusively and has read the queue once more.

create function workflow.gate() returns bigint
language sql immutable set search_path = '' as $$ select hashtext('workflow.gate')::bigint $$;

create function workflow.read_secret(p_name text) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select decrypted_secret from vault.decrypted_secrets where name = p_name);
end $$;

-- Whether nobody holds a slot, neither by its own time nor by a lease.
create function workflow.is_free(p_slot workflow.slots) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return p_slot.expires_at <= clock_timestamp()
    and not exists (select from workflow.leases l where l.slot = p_slot.id and l.expires_at > clock_timestamp());
end $$;

create function workflow.has_free_slot() returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return exists (
    select from workflow.slots s
    where s.id <= (select max_slots from workflow.settings) and workflow.is_free(s));
end $$;

-- Which requests of pg_net were wake-ups of this hour, for workflow.health(): its answers do not say.
create unlogged table workflow.wake_ups (
  request_id bigint not null,
  sent_at timestamptz not null default clock_timestamp()
);
create index wake_ups_sent on workflow.wake_ups (sent_at);

-- Starts one chain, unless all slots are taken. Does nothing, with a warning, before the Vault
-- entries exist: the sweep calls again.
create function workflow.wake() returns void
language plpgsql security definer set search_path = '' as $$
begin
  if workflow.is_testing() then
    return;
  elsif pg_try_advisory_xact_lock_shared(workflow.gate()) then
    if not workflow.has_free_slot() then
      return;
    end if;
  end if;
  perform workflow.call_worker('{}');
end $$;

-- Posts to the worker, once this transaction has committed.
create function workflow.call_worker(p_body jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  v_key text;
  v_url text;
begin
  v_url := workflow.read_secret('project_url');
  v_key := workflow.read_secret('secret_key');
  if v_url is null or v_key is null then
    raise warning 'workflow: no wake-up, the Vault entries project_url and secret_key are missing';
    return;
  end if;
  insert into workflow.wake_ups (request_id) select net.http_post(
    url := rtrim(v_url, '/') || (select worker_path from workflow.settings),
    body := p_body,
    headers := jsonb_build_object('Content-Type', 'application/json', 'apikey', v_key),
    timeout_milliseconds := 2000);
end $$;

-- Takes a free slot for ten seconds; null when there is none.
create function workflow.acquire_slot() returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_slot jsonb;
begin
  update workflow.slots set token = gen_random_uuid(), expires_at = clock_timestamp() + interval '10 seconds'
    where id = (select s.id from workflow.slots s
                where s.id <= (select max_slots from workflow.settings) and workflow.is_free(s)
                order by s.id for update skip locked limit 1)
    returning jsonb_build_object('id', id, 'token', token, 'steps_per_invocation',
      (select steps_per_invocation from workflow.settings)) into v_slot;
  return v_slot;
end $$;

-- Keeps a slot while its chain has no lease to show; false when the slot belongs to another by now. A
-- chain that has found nothing to claim admits what may have found room meanwhile.
create function workflow.hold_slot(p_slot int, p_token uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  update workflow.slots set expires_at = clock_timestamp() + interval '10 seconds'
    where id = p_slot and token = p_token;
  if not found then
    return false;
  end if;
  perform workflow.admit();
  return true;
end $$;

-- Whether at least so much work is there to be claimed, or to be settled by a claim.
create function workflow.has_ready_work(p_least int default 1) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return workflow.has_messages(p_least) or (p_least = 1 and workflow.has_word());
end $$;

-- Ends a chain: frees its slot unless work has come in. Returns whether the slot is free and in how
-- many milliseconds the next timer or lane is due (null: none within 30 seconds).
create function workflow.retire(p_slot int, p_token uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_retired boolean := false;
  v_due timestamptz := least((select min(due_at) from workflow.timers), (select min(due_at) from workflow.lane_signals));
begin
  if v_due <= workflow.now() + interval '30 seconds' then
    return jsonb_build_object('retired', false,
      'timer_ms', greatest(0, ceil(extract(epoch from v_due - workflow.now()) * 1000)));
  end if;
  if pg_try_advisory_xact_lock(workflow.gate()) then
    if not workflow.has_ready_work() then
      update workflow.slots set token = null, expires_at = '-infinity' where id = p_slot and token = p_token;
      v_retired := true;
    end if;
  end if;
  return jsonb_build_object('retired', v_retired, 'timer_ms', null);
end $$;

create function workflow.forget_wake_ups() returns void
language sql set search_path = '' as $$
  delete from workflow.wake_ups where sent_at < clock_timestamp() - interval '1 hour'
$$;

-- Strands whose message is gone get a new one. Only those nobody holds: a lease's message may be
-- deleted by the completion that is just happening.
create function workflow.restore_messages() returns int
language plpgsql set search_path = '' as $$
declare
  v_strands uuid[];
begin
  select array_agg(id) into v_strands from (
    select s.id from workflow.strands s
      where not s.waiting
        and not exists (select from workflow.leases l where l.strand_id = s.id and l.expires_at > clock_timestamp())
        and not workflow.has_message(s.msg_id)
      order by s.id for update of s skip locked) lost;
  if v_strands is null then
    return 0;
  end if;
  update workflow.strands set waiting = true, msg_id = null where id = any (v_strands);
  perform workflow.resume_strands(v_strands);
  return cardinality(v_strands);
end $$;

-- What keeps the engine going without any wake-up: due timers, lost messages, schedules, the backlog, and a
-- worker for whatever is ready. Run by pg_cron; harmless at any time and any number of times.
create function workflow.sweep() returns jsonb
language plpgsql security definer set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_timers int := workflow.fire_timers(1000);
  v_ended int := workflow.find_ended();
  v_awaited int := workflow.settle_awaited(1000);
  v_leases int := workflow.recover_leases();
  v_restored int := workflow.restore_messages();
  v_scheduled int := workflow.fire_schedules(5000);
  v_admitted int := workflow.admit();
  v_partitions int := workflow.watch_new_partitions();
  v_pruned int := workflow.prune();
  v_tests int := workflow.sweep_tests();
  v_ready boolean := workflow.has_ready_work();
begin
  perform workflow.forget_wake_ups();
  if v_ready then
    perform workflow.wake();
  end if;
  return jsonb_build_object('timers', v_timers, 'ended_found', v_ended, 'awaited', v_awaited, 'leases_lost', v_leases,
    'messages_restored', v_restored, 'scheduled', v_scheduled, 'admitted', v_admitted, 'partitions', v_partitions,
    'pruned', v_pruned, 'tests', v_tests, 'ready', v_ready);
end $$;

-- Every 10 seconds where pg_cron can (1.5 and later), else every minute. There is a version 1.4-1.
select cron.schedule('workflow-sweep',
  case when string_to_array(split_part(extversion, '-', 1), '.')::int[] >= array[1, 5] then '10 seconds' else '* * * * *' end,
  'select workflow.sweep()')
from pg_extension where extname = 'pg_cron';
