export const help = `Puts the workflow engine into an existing Supabase project, and takes it out again.

  npx atlvs-workflow-engine init        writes the engine into the project, or upgrades it to this release
  npx atlvs-workflow-engine uninstall   removes what init has written, and writes a migration that drops the engine

Both show what they will do and ask first.

  --dir <path>    the root of the repository, which holds supabase/ (default: here)
  --yes, -y       do not ask
  --dry-run       only show
  --help, -h      this text

init:
  --tenancy       also tables for organisations and their members, for a project that has none
  --business      also leads, deals and what else the templates use (brings --tenancy)
  --force         overwrite files of the engine that were changed here

uninstall:
  --print         print the SQL that drops the engine, and write nothing
  --drop-data     also drop the tables of --tenancy and --business with their rows
  --not-pushed    no database has the migrations yet: delete them

init again changes nothing until there is a new release. A migration that was copied once is never written again.`;

/** What to type after `init` has done its part. */
export const afterInit = `Done. Next:

  npx supabase db push --remote
  npx supabase functions deploy

then, once, in the SQL editor (the key is a secret key of the project: Settings → API keys):

  select vault.create_secret('https://<ref>.supabase.co', 'project_url');
  select vault.create_secret('sb_secret_…', 'secret_key');

Who belongs to which organisation is yours to say, in a migration: docs/adopting.md shows it.`;

/**
 * What to type after `uninstall` has done its part.
 * @param {string[]} functions names of the engine's
 */
export const afterUninstall = (functions) => `Done. Next, where it was deployed:

  npx supabase db push --remote
${functions.map((name) => `  npx supabase functions delete ${name}`).join('\n')}`;
