// PostgreSQL as Debian has it, on a socket in a folder of its own; it does not run as root. Null
// where it is not installed. `t.after` is given what stops it again.
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const versions = '/usr/lib/postgresql';
const bin = (existsSync(versions) ? readdirSync(versions) : [])
  .map((version) => `${versions}/${version}/bin`)
  .find((folder) => existsSync(`${folder}/initdb`));
const nobody = 65534;

export function startPostgres(t) {
  if (!bin) return null;
  const dir = mkdtempSync(path.join(tmpdir(), 'pawl-postgres-'));
  const as = process.getuid() === 0 ? { uid: nobody, gid: nobody } : {};
  if (as.uid) chownSync(dir, nobody, nobody);
  const run = (program, ...args) => {
    const options = { encoding: 'utf8', cwd: dir, env: { ...process.env, HOME: dir }, ...as };
    return spawnSync(`${bin}/${program}`, args, { ...options, timeout: 60_000 });
  };
  const must = (...words) => {
    const done = run(...words);
    if (done.status !== 0) throw new Error(`${words[0]}: ${done.stderr}${done.stdout}`);
  };
  const files = `${dir}/data`;
  must('initdb', '-D', files, '-A', 'trust', '-U', 'agent', '--no-sync');
  const settings = `-c listen_addresses='' -c fsync=off -k ${dir}`;
  must('pg_ctl', '-D', files, '-o', settings, '-l', `${dir}/log`, '-w', 'start');
  t.after(() => {
    run('pg_ctl', '-D', files, '-m', 'immediate', 'stop');
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    // How clients of its protocol reach it.
    url: `postgresql://agent@localhost/postgres?host=${encodeURIComponent(dir)}`,
    sql: (text) => run('psql', '-h', dir, '-U', 'agent', '-d', 'postgres', '-At', '-c', text),
  };
}
