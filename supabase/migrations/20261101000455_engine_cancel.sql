-- Cancelling: a user sets the status; the rest follows in the same transaction. A step that runs at
-- that moment is left to its worker: its outcome is refused, and what it did is rolled back.

create function workflow.before_execution_cancel() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.finished_at := clock_timestamp();
  new.revision := old.revision + 1;
  return new;
end $$;
create trigger before_cancel before update of status on public.workflow_executions
  for each row when (new.status = 'cancelled' and old.status in ('queued', 'running', 'waiting')
    and new.error ->> 'code' is distinct from 'debounced')
  execute function workflow.before_execution_cancel();

create function workflow.after_execution_cancel() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform workflow.clear_executions(array[new.id]);
  perform workflow.broadcast(array[new.id], array(
    select id from public.workflow_execution_steps where execution_id = new.id and status = 'cancelled'), true);
  perform workflow.wake_for_lanes();
  return null;
end $$;
create trigger after_cancel after update of status on public.workflow_executions
  for each row when (new.status = 'cancelled' and old.status in ('queued', 'running', 'waiting')
    and new.error ->> 'code' is distinct from 'debounced')
  execute function workflow.after_execution_cancel();

-- What a worker calls whose outcome was refused: if the execution has ended, the step it still held is
-- cancelled now and not at the end of its lease.
create function workflow.abandon_steps(p_strands uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  perform workflow.clear_ended(p_strands);
end $$;
