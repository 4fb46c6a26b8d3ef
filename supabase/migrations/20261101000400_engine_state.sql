-- THE STATE MACHINE, private tables
--
-- Publishing a version writes its plan here, flat: one row per step path with everything that
-- follows from its outcome already resolved. Advancing an execution is a look-up in plan_steps.
--
--   execution  ── admitted ──▶  main strand  ──▶  step run, step run, …  ──▶  end
--
--   strand   A sequential line of an execution: its main line (id = the execution's id), each
--            running iteration and each branch. It points at its current step run and owns ONE
--            queue message for its life: claimed = hidden, ready = visible, waiting = deleted.
--   lease    A strand's current step in a worker's hands. The token fences: an outcome reported
--            under any other token is refused, and the late worker's transaction rolls back.
--   fork     A container whose branches or iterations are strands of their own: its strand waits for them.
--   awaited  An execution that a step of another one waits for.
--   lane     Executions of a workflow that share a limit: its concurrency, rate or debounce.
--   timer    Something due later: a delay, a retry, a timeout. The queue holds ready work only.
--   slot     The right of one chain of invocations to work. Taken while its holder renews it or
--            holds a lease.
--
-- Step runs (public.workflow_execution_steps) are the truth; the queue is derived and the sweep
-- repairs it. Only these tables are scanned for work, and all of them stay small.
--
-- Lock order: executions by id, then what belongs to them. Claims and the sweep skip what is
-- locked, so they never wait while they hold something.

create table workflow.plans (
  workflow_id uuid not null,
  version int not null,
  first text not null,
  on_failure text,
  -- The JSON Schema that a start's input has to fit, if there is one.
  inputs jsonb,
  primary key (workflow_id, version),
  foreign key (workflow_id, version) references public.workflow_versions on delete cascade
);

create table workflow.plan_steps (
  workflow_id uuid not null,
  version int not null,
  path text not null,
  step_id text not null,
  type text not null,
  kind text not null,
  section text not null,
  depth int not null,
  parent text,
  next text,
  closes text[] not null,
  branches jsonb not null,
  on_error text not null,
  catch text,
  fails text[] not null,
  handler text,
  read_paths text[] not null,
  read_depths int[] not null,
  error_path text,
  error_depth int,
  roots text[] not null,
  -- How long one attempt may take; null: the default. What waits in the database has a timer instead.
  timeout interval,
  timer interval,
  retry jsonb,
  primary key (workflow_id, version, path),
  foreign key (workflow_id, version) references workflow.plans on delete cascade
);

create table workflow.strands (
  id uuid primary key,
  execution_id uuid not null references public.workflow_executions on delete cascade,
  -- Copied from the execution: transitions read plan and strand, never the wide execution row.
  organization_id uuid not null,
  min_role text not null,
  workflow_id uuid not null,
  version int not null,
  -- Of a main strand: the lane its execution came from.
  lane text,
  -- The current step run and its path.
  step_id uuid not null,
  path text not null,
  -- Scope ids from the main line down to this strand.
  scopes uuid[] not null,
  msg_id bigint,
  waiting boolean not null default false,
  -- Leases lost on the current step; apart from its attempts.
  deliveries int not null default 0,
  -- To end, but its worker is inside a database action: left to that worker, or to the end of its lease.
  cancelled boolean not null default false,
  -- To go on elsewhere, but its worker is inside a database action: its timer moves it once that has ended.
  interrupted boolean not null default false,
  check (waiting = (msg_id is null))
) with (fillfactor = 60);
create index strands_execution on workflow.strands (execution_id);
create index strands_in_flight on workflow.strands (organization_id) where not waiting;
create index strands_main on workflow.strands (workflow_id, lane) where id = execution_id;

-- No index but the key: the table holds what runs at this moment, and its updates stay HOT.
create table workflow.leases (
  strand_id uuid primary key references workflow.strands on delete cascade,
  execution_id uuid not null,
  step_id uuid not null,
  token uuid not null,
  slot int,
  msg_id bigint not null,
  expires_at timestamptz not null,
  -- Until when the message is hidden: well beyond the lease, so that a successor of the same strand
  -- seldom has to move it. pgmq.set_vt took a fifth of a step's time.
  hidden_until timestamptz not null,
  -- Steps the strand has gone on without passing through the queue.
  carried int not null default 0
) with (fillfactor = 50);

-- A loop or parallel whose children run: the strand that waits for them, and how it will go on. It has
-- succeeded with `needed` successes, or when all have ended with no more than `tolerated` failures.
create table workflow.forks (
  strand_id uuid primary key references workflow.strands on delete cascade,
  step_id uuid not null,
  concurrency int not null,
  collect boolean not null,
  total int not null,
  needed int not null,
  tolerated int not null,
  opened int not null default 0,
  succeeded int not null default 0,
  failed int not null default 0
) with (fillfactor = 50);

create table workflow.timers (
  id bigint generated always as identity primary key,
  strand_id uuid not null references workflow.strands on delete cascade,
  execution_id uuid not null,
  step_id uuid not null,
  kind text not null check (kind in ('delay', 'retry', 'timeout', 'reminder')),
  due_at timestamptz not null
);
create index timers_due on workflow.timers (due_at, id);
create index timers_strand on workflow.timers (strand_id);

-- A lane is to be looked at when it is due: something may begin in it. Signals, not state: they are only
-- inserted and consumed, so that nobody ever waits for a row of a lane. `lane` null: any lane of the
-- workflow that waits for the workflow as a whole; such lanes are held by signals due at infinity.
create table workflow.lane_signals (
  id bigint generated always as identity primary key,
  workflow_id uuid not null references public.workflows on delete cascade,
  lane text,
  due_at timestamptz not null,
  -- When the burst began that a debounce waits out.
  since timestamptz
);
create index lane_signals_due on workflow.lane_signals (due_at, id);
create index lane_signals_lane on workflow.lane_signals (workflow_id, lane, due_at);

-- Starts within the span of a rate limit; older ones go when the lane is looked at. `lane` '*': the workflow's.
create table workflow.rate_log (
  workflow_id uuid not null references public.workflows on delete cascade,
  lane text not null,
  started_at timestamptz not null
);
create index rate_log_lane on workflow.rate_log (workflow_id, lane, started_at);

create table workflow.slots (
  id int primary key,
  token uuid,
  expires_at timestamptz not null default '-infinity'
) with (fillfactor = 50);
insert into workflow.slots (id) select generate_series(1, 100);

create table workflow.watched_tables (
  relation regclass primary key,
  tenant_column name not null,
  key_columns name[] not null
);

-- The trigger of every active or paused event workflow, found by (table, organisation).
create table workflow.event_triggers (
  workflow_id uuid primary key references public.workflows on delete cascade,
  relation regclass not null references workflow.watched_tables on delete cascade,
  organization_id uuid not null,
  events text[] not null,
  columns text[],
  filter jsonb,
  variables jsonb not null,
  allow_self boolean not null,
  -- It is paused, and what would start it meanwhile is dropped.
  drops boolean not null
);
create index event_triggers_candidates on workflow.event_triggers (relation, organization_id);

-- Which transitions exist. The diagram in ARCHITECTURE.md shows exactly these.
create table workflow.transitions (
  entity text not null check (entity in ('execution', 'step')),
  from_status text not null,
  to_status text not null,
  cause text not null,
  primary key (entity, from_status, to_status)
);
insert into workflow.transitions values
  ('execution', 'queued', 'running', 'admitted'),
  ('execution', 'queued', 'cancelled', 'cancelled before admission'),
  ('execution', 'running', 'waiting', 'every strand waits'),
  ('execution', 'waiting', 'running', 'a strand is ready again'),
  ('execution', 'waiting', 'succeeded', 'main line ended with a wait'),
  ('execution', 'waiting', 'failed', 'wait failed or ended onFailure'),
  ('execution', 'running', 'succeeded', 'main line ended'),
  ('execution', 'running', 'failed', 'error not handled'),
  ('execution', 'running', 'cancelled', 'cancelled'),
  ('execution', 'waiting', 'cancelled', 'cancelled'),
  ('step', 'queued', 'running', 'claimed'),
  ('step', 'queued', 'cancelled', 'execution ended'),
  ('step', 'running', 'queued', 'lease given back'),
  ('step', 'running', 'waiting', 'delay, retry or what is inside'),
  ('step', 'running', 'succeeded', 'outcome reported'),
  ('step', 'running', 'failed', 'outcome reported'),
  ('step', 'running', 'skipped', 'when was false'),
  ('step', 'running', 'cancelled', 'execution ended'),
  ('step', 'waiting', 'queued', 'retry is due'),
  ('step', 'waiting', 'succeeded', 'what it waited for ended well'),
  ('step', 'waiting', 'failed', 'what it waited for failed or took too long'),
  ('step', 'waiting', 'cancelled', 'execution ended');
