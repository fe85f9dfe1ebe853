# A tool server over pipes: `jq -c --unbuffered -f tools.jq`.
def answer(result): {jsonrpc: "2.0", id, result: result};
def tool(name; key):
  {name: name, inputSchema: {type: "object", properties: {(key): {type: "string"}}}};
if .id == null then empty
elif .method == "initialize" then
  answer({protocolVersion: .params.protocolVersion, capabilities: {tools: {}},
    serverInfo: {name: "notes", version: "1"}})
elif .method == "tools/list" then answer({tools: [tool("read_note"; "id"), tool("query"; "sql")]})
elif .method == "tools/call" then
  answer({content: [{type: "text", text: "\(.params.name): \(.params.arguments | add)"}]})
elif .method == "ping" then answer({})
else {jsonrpc: "2.0", id, error: {code: -32601, message: "there is no such method"}}
end
