/** Reads the inserts out of Postgres' logical replication stream (plugin `pgoutput`, protocol version 1). */
export class InsertReader {
  readonly #columns = new Map<number, string[]>();

  /** @returns the row that a message inserts, its values as text; undefined for every other message */
  read(message: Buffer): Record<string, string | null> | undefined {
    const kind = String.fromCharCode(message[0] ?? 0);
    if (kind === 'R') this.#readRelation(message);
    return kind === 'I' ? this.#readInsert(message) : undefined;
  }

  /** `R`, id, schema, table, replica identity, columns of (flags, name, type, modifier). */
  #readRelation(message: Buffer): void {
    let at = message.indexOf(0, message.indexOf(0, 5) + 1) + 2;
    const names: string[] = [];
    for (let left = message.readUInt16BE(at); left > 0; left--) {
      const end = message.indexOf(0, at + 3);
      names.push(message.toString('utf8', at + 3, end));
      at = end + 7;
    }
    this.#columns.set(message.readUInt32BE(1), names);
  }

  /** `I`, relation id, `N`, number of columns, then of each `n`, `u`, or `t` with length and text. */
  #readInsert(message: Buffer): Record<string, string | null> {
    const row: Record<string, string | null> = {};
    let at = 8;
    for (const name of this.#columns.get(message.readUInt32BE(1)) ?? []) {
      const length = message[at] === 0x74 ? message.readUInt32BE(at + 1) : undefined;
      row[name] = length === undefined ? null : message.toString('utf8', at + 5, at + 5 + length);
      at += length === undefined ? 1 : 5 + length;
    }
    return row;
  }
}
