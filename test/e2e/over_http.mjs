// A tool server over HTTP in a process of its own.
import { spawn } from 'node:child_process';

// Its port is the first line that it says.
export async function serve(t, file, args = [], env = {}) {
  const child = spawn('node', [file, ...args], { env: { ...process.env, ...env } });
  t.after(() => child.kill('SIGKILL'));
  const port = await new Promise((resolve) => {
    let said = '';
    child.stdout.on('data', (bytes) => {
      said += bytes;
      if (said.includes('\n')) resolve(Number(said.split('\n')[0]));
    });
  });
  return { child, port, url: `http://127.0.0.1:${port}/mcp` };
}
