// Chat Completions, Responses and Embeddings, by the types of the package `openai` 6.49.0.
// `reasoning_content` and `client_metadata` are from servers and clients that build on them.
#include "kernel/model_api/table.h"

namespace pawl {
namespace openai_shapes {

using enum MemberKind;

extern const RequestShape response_part, response_tool;

constexpr std::string_view version = "openai 6.49.0";
// gpt-4o-mini: 2,833 and 5,667 for each of 8 tiles.
constexpr std::uint64_t image_tokens_most = 48'169;

// Chat.

constexpr MemberRow text_part_rows[] = {
    {"type"}, {"text", said}, {"prompt_cache_breakpoint", outside}};
constexpr MemberRow image_url_rows[] = {{"url", image_url}, {"detail"}};
constexpr RequestShape image_url_shape{.members = image_url_rows};
constexpr MemberRow image_part_rows[] = {
    {"type"}, {"image_url", object, &image_url_shape}, {"prompt_cache_breakpoint", outside}};
constexpr MemberRow audio_part_rows[] = {
    {"type"}, {"input_audio", outside}, {"prompt_cache_breakpoint", outside}};
constexpr MemberRow file_rows[] = {{"file_id", reference, nullptr, "file"},
                                   {"file_data", binary, nullptr, "the pages of a file"},
                                   {"filename", text}};
constexpr RequestShape file_shape{.members = file_rows};
constexpr MemberRow file_part_rows[] = {
    {"type"}, {"file", object, &file_shape}, {"prompt_cache_breakpoint", outside}};
constexpr MemberRow refusal_part_rows[] = {{"type"}, {"refusal", text}};
constexpr RequestShape text_part{.members = text_part_rows};
constexpr RequestShape image_part{.members = image_part_rows};
constexpr RequestShape audio_part{.members = audio_part_rows};
constexpr RequestShape file_part{.members = file_part_rows};
constexpr RequestShape refusal_part{.members = refusal_part_rows};
constexpr ShapeVariant chat_part_types[] = {
    {"text", &text_part}, {"image_url", &image_part}, {"input_audio", &audio_part, "", true},
    {"file", &file_part}, {"refusal", &refusal_part},
};
constexpr RequestShape chat_part{.by = "type", .variants = chat_part_types};

constexpr MemberRow called_function_rows[] = {{"name", text}, {"arguments", text}};
constexpr RequestShape called_function{.members = called_function_rows};
constexpr MemberRow function_call_rows[] = {
    {"id"}, {"type"}, {"index", number}, {"function", object, &called_function}};
constexpr MemberRow called_custom_rows[] = {{"name", text}, {"input", text}};
constexpr RequestShape called_custom{.members = called_custom_rows};
constexpr MemberRow custom_call_rows[] = {{"id"}, {"type"}, {"custom", object, &called_custom}};
constexpr RequestShape function_call{.members = function_call_rows};
constexpr RequestShape custom_call{.members = custom_call_rows};
constexpr ShapeVariant chat_call_types[] = {{"function", &function_call}, {"custom", &custom_call}};
constexpr RequestShape chat_call{.by = "type", .usual = "function", .variants = chat_call_types};

constexpr MemberRow chat_message_rows[] = {
    {"role"},
    {"content", said_or_list, &chat_part},
    {"name", text},
    {"tool_calls", list, &chat_call},
    {"tool_call_id", text},
    {"refusal", text},
    {"function_call", object, &called_function},
    {"audio", reference, nullptr, "audio"},
    {"reasoning_content", text},
};
constexpr RequestShape chat_message{.members = chat_message_rows, .needs = "role"};

constexpr MemberRow function_rows[] = {
    {"name", text}, {"description", text}, {"parameters", free}, {"strict", flag}};
constexpr RequestShape function{.members = function_rows, .needs = "name"};
constexpr MemberRow function_tool_rows[] = {{"type"}, {"function", object, &function}};
constexpr MemberRow custom_rows[] = {{"name", text}, {"description", text}, {"format", free}};
constexpr RequestShape custom{.members = custom_rows, .needs = "name"};
constexpr MemberRow custom_tool_rows[] = {{"type"}, {"custom", object, &custom}};
constexpr RequestShape function_tool{.members = function_tool_rows, .needs = "function"};
constexpr RequestShape custom_tool{.members = custom_tool_rows, .needs = "custom"};
constexpr ShapeVariant chat_tool_types[] = {{"function", &function_tool}, {"custom", &custom_tool}};
constexpr RequestShape chat_tool{.by = "type", .variants = chat_tool_types};

constexpr MemberRow stream_options_rows[] = {{"include_usage", flag},
                                             {"include_obfuscation", flag}};
constexpr RequestShape stream_options{.members = stream_options_rows};

constexpr MemberRow chat_rows[] = {
    {"model"},
    {"messages", list, &chat_message},
    {"audio", effect, nullptr, "audio_output"},
    {"frequency_penalty", number},
    {"function_call", free},
    {"functions", list, &function},
    {"logit_bias", outside},
    {"logprobs", flag},
    {"max_completion_tokens", number},
    {"max_tokens", number},
    {"metadata", outside},
    {"modalities", words},
    {"n", number},
    {"parallel_tool_calls", flag},
    {"presence_penalty", number},
    {"prompt_cache_key"},
    {"prompt_cache_options", outside},
    {"prompt_cache_retention"},
    {"reasoning_effort"},
    {"response_format", free},
    {"safety_identifier"},
    {"seed", number},
    {"service_tier"},
    {"stop", free},
    {"store", effect, nullptr, "stored"},
    {"stream", flag},
    {"stream_options", object, &stream_options},
    {"temperature", number},
    {"tool_choice", free},
    {"tools", list, &chat_tool},
    {"top_logprobs", number},
    {"top_p", number},
    {"user"},
    {"verbosity"},
    {"web_search_options", input_effect, nullptr, "web_search"},
};
constexpr RequestShape chat_body{.members = chat_rows, .needs = "messages"};

// Responses: parts.

constexpr MemberRow input_text_rows[] = {{"type"},
                                         {"text", said},
                                         {"annotations", free},
                                         {"logprobs", outside},
                                         {"prompt_cache_breakpoint", outside}};
constexpr MemberRow input_image_rows[] = {{"type"},
                                          {"detail"},
                                          {"image_url", image_url},
                                          {"file_id", reference, nullptr, "file"},
                                          {"prompt_cache_breakpoint", outside}};
constexpr MemberRow input_file_rows[] = {{"type"},
                                         {"detail"},
                                         {"filename", text},
                                         {"file_data", binary, nullptr, "the pages of a file"},
                                         {"file_id", reference, nullptr, "file"},
                                         {"file_url", file_url},
                                         {"prompt_cache_breakpoint", outside}};
constexpr MemberRow summary_rows[] = {{"type"}, {"text", text}};
constexpr RequestShape input_text{.members = input_text_rows};
constexpr RequestShape input_image{.members = input_image_rows};
constexpr RequestShape input_file{.members = input_file_rows};
constexpr RequestShape summary_part{.members = summary_rows};
constexpr ShapeVariant response_part_types[] = {
    {"input_text", &input_text},
    {"output_text", &input_text},
    {"text", &input_text},
    {"summary_text", &summary_part},
    {"reasoning_text", &summary_part},
    {"refusal", &refusal_part},
    {"input_image", &input_image},
    {"input_file", &input_file},
    {"input_audio", &audio_part, "", true},
};
constinit const RequestShape response_part{.by = "type", .variants = response_part_types};

// Responses: items.

constexpr MemberRow message_item_rows[] = {
    {"type"}, {"id"}, {"role"}, {"status"}, {"phase"}, {"content", said_or_list, &response_part}};
constexpr MemberRow call_item_rows[] = {{"type"},
                                        {"id"},
                                        {"call_id", text},
                                        {"name", text},
                                        {"status"},
                                        {"arguments", free},
                                        {"input", text},
                                        {"caller", free},
                                        {"namespace", text},
                                        {"action", free},
                                        {"actions", free},
                                        {"operation", free},
                                        {"created_by"},
                                        {"execution"},
                                        {"pending_safety_checks", free}};
constexpr MemberRow output_item_rows[] = {{"type"},
                                          {"id"},
                                          {"call_id", text},
                                          {"status"},
                                          {"caller", free},
                                          {"created_by"},
                                          {"output", said_or_list, &response_part}};
constexpr MemberRow shell_output_rows[] = {
    {"type"},         {"id"},         {"call_id", text}, {"status"},
    {"caller", free}, {"created_by"}, {"output", free},  {"max_output_length", number}};
constexpr MemberRow shell_call_rows[] = {
    {"type"},         {"id"},         {"call_id", text}, {"status"},
    {"caller", free}, {"created_by"}, {"action", free},  {"environment", free}};
constexpr MemberRow screenshot_rows[] = {
    {"type"}, {"image_url", image_url}, {"file_id", reference, nullptr, "file"}};
constexpr RequestShape screenshot{.members = screenshot_rows};
constexpr MemberRow computer_output_rows[] = {{"type"},
                                              {"id"},
                                              {"call_id", text},
                                              {"status"},
                                              {"created_by"},
                                              {"output", object, &screenshot},
                                              {"acknowledged_safety_checks", free}};
constexpr MemberRow reasoning_rows[] = {{"type"},
                                        {"id"},
                                        {"status"},
                                        {"summary", list, &response_part},
                                        {"content", list, &response_part},
                                        {"encrypted_content", sealed}};
constexpr MemberRow compaction_rows[] = {
    {"type"}, {"id"}, {"created_by"}, {"encrypted_content", sealed}};
constexpr MemberRow hosted_call_rows[] = {
    {"type"},          {"id"},
    {"status"},        {"action", free},
    {"queries", free}, {"results", free},
    {"code", text},    {"container_id", reference, nullptr, "container"},
    {"outputs", free}, {"server_label", text},
    {"name", text},    {"arguments", free},
    {"output", text},  {"error", free},
    {"tools", free},   {"approval_request_id"},
    {"approve", flag}, {"reason", text}};
constexpr MemberRow made_image_rows[] = {{"type"}, {"id"}, {"status"}, {"result", image}};
constexpr MemberRow item_reference_rows[] = {{"type"}, {"id", reference, nullptr, "item"}};
constexpr MemberRow tools_item_rows[] = {
    {"type"},   {"id"},        {"role"},       {"call_id", text},
    {"status"}, {"execution"}, {"created_by"}, {"tools", list, &response_tool}};
constexpr RequestShape message_item{.members = message_item_rows, .needs = "role"};
constexpr RequestShape call_item{.members = call_item_rows};
constexpr RequestShape output_item{.members = output_item_rows};
constexpr RequestShape shell_call_item{.members = shell_call_rows};
constexpr RequestShape shell_output_item{.members = shell_output_rows};
constexpr RequestShape computer_output_item{.members = computer_output_rows};
constexpr RequestShape reasoning_item{.members = reasoning_rows};
constexpr RequestShape compaction_item{.members = compaction_rows};
constexpr RequestShape hosted_call_item{.members = hosted_call_rows};
constexpr RequestShape made_image_item{.members = made_image_rows};
constexpr RequestShape item_reference{.members = item_reference_rows, .needs = "id"};
constexpr RequestShape tools_item{.members = tools_item_rows, .needs = "tools"};
constexpr ShapeVariant response_item_types[] = {
    {"message", &message_item},
    {"function_call", &call_item},
    {"function_call_output", &output_item},
    {"custom_tool_call", &call_item},
    {"custom_tool_call_output", &output_item},
    {"reasoning", &reasoning_item},
    {"compaction", &compaction_item},
    {"compaction_trigger", &compaction_item, "compaction", true},
    {"local_shell_call", &call_item},
    {"local_shell_call_output", &output_item},
    {"shell_call", &shell_call_item},
    {"shell_call_output", &shell_output_item},
    {"apply_patch_call", &call_item},
    {"apply_patch_call_output", &output_item},
    {"computer_call", &call_item},
    {"computer_call_output", &computer_output_item},
    {"tool_search_call", &call_item},
    {"tool_search_output", &tools_item},
    {"additional_tools", &tools_item},
    {"image_generation_call", &made_image_item},
    // What was found then comes again, and is not in the request.
    {"web_search_call", &hosted_call_item, "", true},
    {"file_search_call", &hosted_call_item, "", true},
    {"code_interpreter_call", &hosted_call_item, "", true},
    {"mcp_list_tools", &hosted_call_item},
    {"mcp_call", &hosted_call_item},
    {"mcp_approval_request", &hosted_call_item},
    {"mcp_approval_response", &hosted_call_item},
    {"item_reference", &item_reference},
};
constexpr RequestShape response_item{
    .by = "type", .usual = "message", .variants = response_item_types};

// Responses: tools.

constexpr MemberRow response_function_rows[] = {{"type"},
                                                {"name", text},
                                                {"description", text},
                                                {"parameters", free},
                                                {"strict", flag},
                                                {"defer_loading", flag},
                                                {"allowed_callers", words},
                                                {"format", free},
                                                {"output_schema", free}};
constexpr MemberRow namespace_rows[] = {
    {"type"}, {"name", text}, {"description", text}, {"tools", list, &response_tool}};
constexpr MemberRow client_tool_rows[] = {{"type"},
                                          {"allowed_callers", words},
                                          {"display_height", number},
                                          {"display_width", number},
                                          {"environment", free},
                                          {"execution"},
                                          {"description", text},
                                          {"parameters", free}};
// A shell runs at the client; in a container it runs at the provider, which is an effect.
constexpr MemberRow local_rows[] = {{"type"}, {"skills", free}};
constexpr MemberRow container_rows[] = {{"type"},
                                        {"container_id", reference, nullptr, "container"},
                                        {"file_ids", references, nullptr, "file"},
                                        {"memory_limit"},
                                        {"network_policy", outside},
                                        {"skills", input_effect, nullptr, "skill"}};
constexpr RequestShape local_environment{.members = local_rows};
constexpr RequestShape container{.members = container_rows};
constexpr ShapeVariant shell_environment_types[] = {
    {"local", &local_environment},
    {"container_auto", &container, "code_execution", true},
    {"container_reference", &container, "code_execution", true},
};
constexpr RequestShape shell_environment{.by = "type", .variants = shell_environment_types};
constexpr MemberRow shell_tool_rows[] = {
    {"type"}, {"allowed_callers", words}, {"environment", object, &shell_environment}};
constexpr MemberRow web_search_rows[] = {{"type"},
                                         {"filters", outside},
                                         {"search_context_size"},
                                         {"search_content_types", words},
                                         {"user_location", free},
                                         {"external_web_access", flag}};
constexpr MemberRow file_search_rows[] = {{"type"},
                                          {"vector_store_ids", references, nullptr, "vector_store"},
                                          {"filters", outside},
                                          {"max_num_results", number},
                                          {"ranking_options", outside}};
constexpr ShapeVariant interpreter_container_types[] = {{"auto", &container}};
constexpr RequestShape interpreter_container{.by = "type", .variants = interpreter_container_types};
constexpr MemberRow interpreter_rows[] = {
    {"type"},
    {"allowed_callers", words},
    {"container", reference, &interpreter_container, "container"}};
constexpr MemberRow mask_rows[] = {{"image_url", image_url},
                                   {"file_id", reference, nullptr, "file"}};
constexpr RequestShape mask{.members = mask_rows};
constexpr MemberRow image_generation_rows[] = {{"type"},
                                               {"action"},
                                               {"background"},
                                               {"input_fidelity"},
                                               {"input_image_mask", object, &mask},
                                               {"model"},
                                               {"moderation"},
                                               {"output_compression", number},
                                               {"output_format"},
                                               {"partial_images", number},
                                               {"quality"},
                                               {"size"}};
constexpr MemberRow mcp_rows[] = {{"type"},
                                  {"server_label", text},
                                  {"server_url", hosted_mcp},
                                  {"server_description", text},
                                  {"connector_id", reference, nullptr, "connector"},
                                  {"authorization"},
                                  {"headers", outside},
                                  {"allowed_callers", words},
                                  {"allowed_tools", outside},
                                  {"defer_loading", flag},
                                  {"require_approval", outside}};
constexpr RequestShape response_function{.members = response_function_rows, .needs = "name"};
constexpr RequestShape tool_namespace{.members = namespace_rows, .needs = "tools"};
constexpr RequestShape client_tool{.members = client_tool_rows};
constexpr RequestShape shell_tool{.members = shell_tool_rows};
constexpr RequestShape web_search{.members = web_search_rows};
constexpr RequestShape file_search{.members = file_search_rows};
constexpr RequestShape interpreter{.members = interpreter_rows};
constexpr RequestShape image_generation{.members = image_generation_rows};
constexpr RequestShape mcp{.members = mcp_rows};
constexpr std::uint32_t built_in = 2048;  // tokens of a tool that the model knows
constexpr ShapeVariant response_tool_types[] = {
    {"function", &response_function},
    {"custom", &response_function},
    {"namespace", &tool_namespace},
    {"local_shell", &client_tool, "", false, built_in},
    {"shell", &shell_tool, "", false, built_in},
    {"apply_patch", &client_tool, "", false, built_in},
    {"computer", &client_tool, "", false, built_in},
    {"computer_use_preview", &client_tool, "", false, built_in},
    {"tool_search", &client_tool, "", false, built_in},
    {"web_search", &web_search, "web_search", true},
    {"web_search_2025_08_26", &web_search, "web_search", true},
    {"web_search_preview", &web_search, "web_search", true},
    {"web_search_preview_2025_03_11", &web_search, "web_search", true},
    {"file_search", &file_search, "file_search", true},
    {"code_interpreter", &interpreter, "code_execution", true},
    {"programmatic_tool_calling", &client_tool, "code_execution", true},
    {"image_generation", &image_generation, "image_generation", true},
    {"mcp", &mcp, "", true},
};
constinit const RequestShape response_tool{.by = "type", .variants = response_tool_types};

constexpr MemberRow prompt_rows[] = {
    {"id", reference, nullptr, "prompt"}, {"variables", free}, {"version"}};
constexpr RequestShape stored_prompt{.members = prompt_rows, .needs = "id"};
constexpr MemberRow reasoning_option_rows[] = {
    {"effort"}, {"summary"}, {"generate_summary"}, {"context"}};
constexpr RequestShape reasoning_options{.members = reasoning_option_rows};
constexpr MemberRow text_option_rows[] = {{"format", free}, {"verbosity"}};
constexpr RequestShape text_options{.members = text_option_rows};

constexpr MemberRow response_rows[] = {
    {"model"},
    {"input", said_or_list, &response_item},
    {"background", effect, nullptr, "background"},
    {"client_metadata", outside},
    {"context_management", input_effect, nullptr, "compaction"},
    {"conversation", reference, nullptr, "conversation"},
    {"include", words},
    {"instructions", said},
    {"max_output_tokens", number},
    {"max_tool_calls", number},
    {"metadata", outside},
    {"parallel_tool_calls", flag},
    {"previous_response_id", reference, nullptr, "previous_response_id"},
    {"prompt", object, &stored_prompt},
    {"prompt_cache_key"},
    {"prompt_cache_options", outside},
    {"prompt_cache_retention"},
    {"reasoning", object, &reasoning_options},
    {"safety_identifier"},
    {"service_tier"},
    {"store", flag},
    {"stream", flag},
    {"stream_options", object, &stream_options},
    {"temperature", number},
    {"text", object, &text_options},
    {"tool_choice", free},
    {"tools", list, &response_tool},
    {"top_logprobs", number},
    {"top_p", number},
    {"truncation"},
    {"user"},
};
constexpr RequestShape response_body{.members = response_rows};

constexpr MemberRow embedding_rows[] = {
    {"model"}, {"input", embedded}, {"dimensions", number}, {"encoding_format"}, {"user"}};
constexpr RequestShape embedding_body{.members = embedding_rows, .needs = "input"};

}  // namespace openai_shapes

constinit const RequestTable chat_table{&openai_shapes::chat_body, "messages",
                                        openai_shapes::version, openai_shapes::image_tokens_most};
constinit const RequestTable responses_table{&openai_shapes::response_body, "input",
                                             openai_shapes::version,
                                             openai_shapes::image_tokens_most};
constinit const RequestTable embeddings_table{&openai_shapes::embedding_body, "",
                                              openai_shapes::version, 0};

}  // namespace pawl
