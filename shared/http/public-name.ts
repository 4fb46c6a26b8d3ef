/** Endings that name hosts of a network of one's own, whatever DNS says. */
const PRIVATE_ENDINGS = [
  'localhost',
  'localdomain',
  'local',
  'internal', // also metadata.google.internal
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'home.arpa',
];

/** A host name as names are compared: in lower case, without the dot of the root. */
export function normalName(host: string): string {
  return host.toLowerCase().replace(/\.+$/, '');
}

/** Whether a name may belong to the public internet: it has a dot and no private ending. */
export function isPublicName(name: string): boolean {
  return name.includes('.') && !PRIVATE_ENDINGS.some((ending) => name.endsWith(`.${ending}`));
}
