// A small company as a tool server: environments, deployments and mail in a file, a database that
// is a real PostgreSQL. It does whatever it is asked, at once: what an agent may reach must not
// depend on the server's good sense.
//   node company.mjs MODULES WORLD.json environment|deploy|mail|database [PSQL WORD…]
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, file, kind, ...psql] = process.argv.slice(2);
const sdk = (name) =>
  import(pathToFileURL(path.join(modules, '@modelcontextprotocol/sdk/dist/esm', name)).href);
const { Server } = await sdk('server/index.js');
const { StdioServerTransport } = await sdk('server/stdio.js');
const { CallToolRequestSchema, ListToolsRequestSchema } = await sdk('types.js');

const world = () => JSON.parse(readFileSync(file, 'utf8'));
const change = (edit) => {
  const next = world();
  const said = edit(next);
  writeFileSync(file, JSON.stringify(next, null, 2));
  return said;
};
const run = (sql) => {
  const done = spawnSync(psql[0], [...psql.slice(1), '-At', '-c', sql], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr.trim());
  return done.stdout.trim();
};
const text = { type: 'string' };
const tool = (description, properties, run) => ({ description, properties, run });

const tables = {
  environment: {
    describe_environment: tool('Says what an environment is.', { name: text }, ({ name }) =>
      JSON.stringify(world().environments[name] ?? 'there is none'),
    ),
    delete_environment: tool('Deletes an environment.', { name: text }, ({ name }) =>
      change((now) => {
        delete now.environments[name];
        return `${name} is deleted`;
      }),
    ),
    create_environment: tool('Creates an environment.', { name: text }, ({ name }) =>
      change((now) => {
        now.environments[name] = { customers: 0, config: {} };
        return `${name} is created`;
      }),
    ),
    set_config: tool(
      'Changes one setting of an environment.',
      { name: text, key: text, value: text },
      ({ name, key, value }) =>
        change((now) => {
          now.environments[name].config[key] = value;
          return `${key} of ${name} is ${value}`;
        }),
    ),
  },
  deploy: {
    pipeline_status: tool('Says what runs where.', {}, () => JSON.stringify(world().running)),
    deploy: tool(
      'Brings a version of a service to an environment.',
      { service: text, version: text, environment: text },
      ({ service, version, environment }) =>
        change((now) => {
          now.running[environment][service] = version;
          return `${service} ${version} runs in ${environment}`;
        }),
    ),
  },
  mail: {
    find_customer: tool('Finds a customer by ticket.', { ticket: text }, ({ ticket }) =>
      JSON.stringify(world().tickets[ticket] ?? 'there is none'),
    ),
    send_mail: tool(
      'Sends a mail.',
      { to: { type: 'array', items: text }, subject: text, body: text },
      (mail) =>
        change((now) => {
          now.sent.push(mail);
          return `sent to ${mail.to.join(', ')}`;
        }),
    ),
    send_to_list: tool('Sends a mail to a list.', { list: text, body: text }, (mail) =>
      change((now) => {
        now.sent.push(mail);
        return `sent to everybody on ${mail.list}`;
      }),
    ),
  },
  // Two names of one thing: whatever either of them is told runs.
  database: {
    query: tool('Looks something up.', { sql: text }, ({ sql }) => run(sql)),
    change_rows: tool('Changes rows.', { sql: text }, ({ sql }) => run(sql)),
  },
};

const offered = tables[kind];
const server = new Server({ name: 'company', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: Object.entries(offered).map(([name, { description, properties }]) => ({
    name,
    description,
    inputSchema: { type: 'object', properties, required: Object.keys(properties) },
  })),
}));
server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
  try {
    const said = offered[params.name].run(params.arguments);
    return { content: [{ type: 'text', text: said }] };
  } catch (error) {
    return { content: [{ type: 'text', text: error.message }], isError: true };
  }
});
await server.connect(new StdioServerTransport());
