import { writeFileSync } from 'node:fs';
import { seedMigration } from '../../../shared/notifications/seed.ts';
import { notificationTemplates } from '../../../templates/notifications/index.ts';
import { documentedTemplates, seedFile } from './support.ts';

// `npm run notifications:update`, after a change of templates/notifications.
writeFileSync(seedFile, seedMigration(notificationTemplates));
documentedTemplates.write();
