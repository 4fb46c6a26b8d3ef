/** Something has happened that the definition does not allow. */
export class Impossible extends Error {}
