import { existsSync } from 'node:fs';
import path from 'node:path';

export const REPOSITORY = path.resolve(import.meta.dirname, '../..');

/** What cargo built last; the server may also be named by `E2E_SERVER`. */
export function builtBinary(name: 'auftakt' | 'impair'): string {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(REPOSITORY, 'target');
  const named = name === 'auftakt' ? process.env.E2E_SERVER : undefined;
  const found = [named, `${target}/debug/${name}`, `${target}/release/${name}`].find(
    (candidate) => candidate !== undefined && existsSync(candidate),
  );
  if (!found) throw new Error(`No ${name} to test with: run \`cargo build --bin auftakt --bin impair -p auftakt -p auftakt-tests\` first.`);
  return found;
}
