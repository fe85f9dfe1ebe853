// How each agent is set up: its model is a stand-in on this machine, which it asks through the
// gateway, and its one MCP server is a role of the gateway. Nothing else of it is changed. What an
// agent is told by a file stands in the folder that is its home.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const modules = process.env.PAWL_AGENT_MODULES;

const file = (where, name, content) => {
  const target = path.join(where, name);
  mkdirSync(path.dirname(target), { recursive: true });
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(target, text, { mode: 0o600 });
  return target;
};
const bin = (name) => path.join(modules, '.bin', name);
const ask = 'Do what the notes in hello.txt say.';

// `{home, work, model, gate, key}` -> `{command, env}`; gate is the address of the role, model that of
// the model proxy, without a provider.
export const agents = {
  'Claude Code': ({ home, model, gate, key }) => ({
    command: [
      path.join(modules, '@anthropic-ai', `claude-code-linux-${process.arch}`, 'claude'),
      ...['-p', ask, '--model', 'stand-in', '--strict-mcp-config', '--mcp-config'],
      file(home, 'mcp.json', {
        mcpServers: {
          files: { type: 'http', url: gate, headers: { Authorization: `Bearer ${key}` } },
        },
      }),
      ...['--allowedTools', 'mcp__files', '--output-format', 'stream-json', '--verbose'],
    ],
    env: {
      ANTHROPIC_BASE_URL: `${model}/anthropic`,
      ANTHROPIC_API_KEY: key,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
    },
  }),

  Codex: ({ home, work, model, gate, key }) => {
    const settings = file(
      home,
      'codex/config.toml',
      `model = "stand-in"
model_provider = "local"
approval_policy = "never"
sandbox_mode = "read-only"
check_for_update_on_startup = false
[analytics]
enabled = false
[otel]
exporter = "none"
[model_providers.local]
name = "local"
base_url = "${model}/openai/v1"
wire_api = "responses"
env_key = "MODEL_KEY"
request_max_retries = 0
stream_max_retries = 0
[projects."${work}"]
trust_level = "trusted"
[mcp_servers.files]
url = "${gate}"
bearer_token_env_var = "GATE_KEY"
default_tools_approval_mode = "approve"
required = true
`,
    );
    return {
      command: [bin('codex'), 'exec', '--skip-git-repo-check', '--json', ask],
      env: { CODEX_HOME: path.dirname(settings), MODEL_KEY: key, GATE_KEY: key },
    };
  },

  'Gemini CLI': ({ home, model, gate, key }) => {
    file(home, '.gemini/settings.json', {
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      general: {
        enableAutoUpdate: false,
        enableAutoUpdateNotification: false,
        disableAutoUpdate: true,
      },
      mcpServers: {
        files: { httpUrl: gate, headers: { Authorization: `Bearer ${key}` }, trust: true },
      },
    });
    return {
      command: [
        bin('gemini'),
        ...['-p', ask, '-m', 'gemini-2.5-flash', '--yolo', '--output-format', 'stream-json'],
      ],
      env: {
        GEMINI_API_KEY: key,
        GOOGLE_GEMINI_BASE_URL: `${model}/gemini`,
        GEMINI_CLI_TRUST_WORKSPACE: 'true',
        GEMINI_SANDBOX: 'false',
        NO_BROWSER: '1',
      },
    };
  },

  OpenCode: ({ home, model, gate, key }) => {
    file(home, 'config/opencode/opencode.json', {
      autoupdate: false,
      share: 'disabled',
      model: 'local/stand-in',
      small_model: 'local/stand-in',
      provider: {
        local: {
          npm: '@ai-sdk/openai-compatible',
          name: 'local',
          options: { baseURL: `${model}/openai/v1`, apiKey: key },
          models: {
            'stand-in': { name: 'stand-in', limit: { context: 200000, output: 8000 } },
          },
        },
      },
      mcp: {
        files: {
          type: 'remote',
          url: gate,
          headers: { Authorization: `Bearer ${key}` },
          oauth: false,
          enabled: true,
        },
      },
    });
    return {
      command: [
        path.join(modules, `opencode-linux-${process.arch}`, 'bin', 'opencode'),
        ...['run', '--format', 'json', '--print-logs', '--log-level', 'ERROR', ask],
      ],
      env: {
        XDG_CONFIG_HOME: path.join(home, 'config'),
        XDG_DATA_HOME: path.join(home, 'share'),
        XDG_CACHE_HOME: path.join(home, 'cache'),
        XDG_STATE_HOME: path.join(home, 'state'),
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      },
    };
  },
};
