// generateContent, by the types of the package `@google/genai` 2.32.0. Names are those of JSON; the
// provider takes `max_output_tokens` for `maxOutputTokens` as well, and so does the reader.
#include "kernel/model_api/table.h"

namespace pawl {
namespace gemini_shapes {

using enum MemberKind;

constexpr MemberRow blob_rows[] = {{"mimeType"}, {"data", inline_file}, {"displayName", text}};
constexpr RequestShape blob{.members = blob_rows, .needs = "data"};
constexpr MemberRow file_rows[] = {{"mimeType"}, {"fileUri", file_uri}, {"displayName", text}};
constexpr RequestShape file{.members = file_rows, .needs = "fileUri"};
constexpr MemberRow call_rows[] = {{"id", text}, {"name", text}, {"args", free}};
constexpr RequestShape call{.members = call_rows, .needs = "name"};
constexpr MemberRow response_part_rows[] = {{"inlineData", object, &blob},
                                            {"fileData", object, &file}};
constexpr RequestShape response_part{.members = response_part_rows};
constexpr MemberRow response_rows[] = {{"id", text},       {"name", text},
                                       {"response", free}, {"parts", list, &response_part},
                                       {"scheduling"},     {"willContinue", flag}};
constexpr RequestShape response{.members = response_rows, .needs = "name"};
constexpr MemberRow part_rows[] = {
    {"text", said},
    {"thought", flag},
    {"thoughtSignature", sealed},
    {"inlineData", object, &blob},
    {"fileData", object, &file},
    {"functionCall", object, &call},
    {"functionResponse", object, &response},
    {"executableCode", free},
    {"codeExecutionResult", free},
    {"videoMetadata", outside},
    {"mediaResolution", outside},
    {"partMetadata", outside},
};
constexpr RequestShape part{.members = part_rows};
constexpr MemberRow content_rows[] = {{"role"}, {"parts", list, &part}};
constexpr RequestShape content{.members = content_rows};

constexpr MemberRow function_rows[] = {{"name", text},       {"description", text},
                                       {"parameters", free}, {"parametersJsonSchema", free},
                                       {"response", free},   {"responseJsonSchema", free},
                                       {"behavior"}};
constexpr RequestShape function{.members = function_rows, .needs = "name"};
constexpr MemberRow transport_rows[] = {{"url", hosted_mcp},
                                        {"headers", outside},
                                        {"timeout", outside},
                                        {"sseReadTimeout", outside},
                                        {"terminateOnClose", flag}};
constexpr RequestShape transport{.members = transport_rows, .needs = "url"};
constexpr MemberRow mcp_server_rows[] = {{"name", text},
                                         {"streamableHttpTransport", object, &transport}};
constexpr RequestShape mcp_server{.members = mcp_server_rows, .needs = "streamableHttpTransport"};
constexpr MemberRow tool_rows[] = {
    {"functionDeclarations", list, &function},
    {"computerUse", free},
    {"googleSearch", input_effect, nullptr, "web_search"},
    {"googleSearchRetrieval", input_effect, nullptr, "web_search"},
    {"enterpriseWebSearch", input_effect, nullptr, "web_search"},
    {"urlContext", input_effect, nullptr, "web_fetch"},
    {"codeExecution", input_effect, nullptr, "code_execution"},
    {"googleMaps", input_effect, nullptr, "maps"},
    {"fileSearch", input_effect, nullptr, "file_search"},
    {"retrieval", input_effect, nullptr, "file_search"},
    {"mcpServers", list, &mcp_server},
};
constexpr RequestShape tool{.members = tool_rows};

constexpr MemberRow tool_config_rows[] = {{"functionCallingConfig", free},
                                          {"retrievalConfig", outside}};
constexpr RequestShape tool_config{.members = tool_config_rows};
constexpr MemberRow safety_rows[] = {{"category"}, {"threshold"}, {"method"}};
constexpr RequestShape safety{.members = safety_rows};
constexpr MemberRow thinking_rows[] = {
    {"includeThoughts", flag}, {"thinkingBudget", number}, {"thinkingLevel"}};
constexpr RequestShape thinking{.members = thinking_rows};
constexpr MemberRow generation_rows[] = {
    {"maxOutputTokens", number},
    {"candidateCount", number},
    {"thinkingConfig", object, &thinking},
    {"temperature", number},
    {"topP", number},
    {"topK", number},
    {"stopSequences", words},
    {"responseMimeType"},
    {"responseSchema", free},
    {"responseJsonSchema", free},
    {"responseModalities", words},
    {"seed", number},
    {"presencePenalty", number},
    {"frequencyPenalty", number},
    {"responseLogprobs", flag},
    {"logprobs", number},
    {"mediaResolution"},
    {"audioTimestamp", flag},
    {"speechConfig", effect, nullptr, "audio_output"},
    {"imageConfig", effect, nullptr, "image_output"},
};
constexpr RequestShape generation{.members = generation_rows};
constexpr MemberRow body_rows[] = {
    {"contents", list, &content},
    {"systemInstruction", object, &content},
    {"tools", list, &tool},
    {"toolConfig", object, &tool_config},
    {"safetySettings", list, &safety},
    {"generationConfig", object, &generation},
    {"cachedContent", reference, nullptr, "cache"},
    {"serviceTier"},
    {"labels", outside},
    {"store", effect, nullptr, "stored"},
};
constexpr RequestShape body{.members = body_rows, .needs = "contents"};

}  // namespace gemini_shapes

// An image is cut into at most 16 tiles of 258 tokens.
constinit const RequestTable gemini_table{&gemini_shapes::body, "contents", "@google/genai 2.32.0",
                                          16 * 258};

const RequestTable& request_table(ModelApi api) {
  switch (api) {
    case ModelApi::openai_chat:
      return chat_table;
    case ModelApi::openai_responses:
      return responses_table;
    case ModelApi::openai_embeddings:
      return embeddings_table;
    case ModelApi::anthropic_messages:
      return anthropic_table;
    case ModelApi::gemini_generate:
      break;
  }
  return gemini_table;
}

}  // namespace pawl
