// Messages, by the types of the package `@anthropic-ai/sdk` 1.14.0, its betas among them. What lets
// another model answer (fallbacks, advisor), or keeps a thread at the provider, is not in it.
#include "kernel/model_api/table.h"

namespace pawl {
namespace anthropic_shapes {

using enum MemberKind;

extern const RequestShape block;

constexpr MemberRow text_rows[] = {
    {"type"}, {"text", said}, {"cache_control", outside}, {"citations", free}};
constexpr RequestShape text_block{.members = text_rows, .needs = "text"};

constexpr MemberRow base64_image_rows[] = {{"type"}, {"media_type"}, {"data", image}};
constexpr MemberRow url_image_rows[] = {{"type"}, {"url", image_url}};
constexpr MemberRow file_rows[] = {{"type"}, {"file_id", reference, nullptr, "file"}};
constexpr RequestShape base64_image{.members = base64_image_rows, .needs = "data"};
constexpr RequestShape url_image{.members = url_image_rows, .needs = "url"};
constexpr RequestShape file_source{.members = file_rows, .needs = "file_id"};
constexpr ShapeVariant image_source_types[] = {
    {"base64", &base64_image}, {"url", &url_image}, {"file", &file_source}};
constexpr RequestShape image_source{.by = "type", .variants = image_source_types};
constexpr MemberRow image_rows[] = {{"type"},
                                    {"source", object, &image_source},
                                    {"cache_control", outside},
                                    {"transformations", outside}};
constexpr RequestShape image_block{.members = image_rows, .needs = "source"};

constexpr MemberRow pdf_rows[] = {
    {"type"}, {"media_type"}, {"data", binary, nullptr, "the pages of a PDF"}};
constexpr MemberRow plain_rows[] = {{"type"}, {"media_type"}, {"data", said}};
constexpr MemberRow content_rows[] = {{"type"}, {"content", said_or_list, &block}};
constexpr MemberRow url_pdf_rows[] = {{"type"}, {"url", file_url}};
constexpr RequestShape pdf_source{.members = pdf_rows, .needs = "data"};
constexpr RequestShape plain_source{.members = plain_rows, .needs = "data"};
constexpr RequestShape content_source{.members = content_rows, .needs = "content"};
constexpr RequestShape url_pdf_source{.members = url_pdf_rows, .needs = "url"};
constexpr ShapeVariant document_source_types[] = {{"base64", &pdf_source},
                                                  {"text", &plain_source},
                                                  {"content", &content_source},
                                                  {"url", &url_pdf_source},
                                                  {"file", &file_source}};
constexpr RequestShape document_source{.by = "type", .variants = document_source_types};
constexpr MemberRow document_rows[] = {{"type"},
                                       {"source", object, &document_source},
                                       {"title", text},
                                       {"context", text},
                                       {"citations", free},
                                       {"cache_control", outside}};
constexpr RequestShape document_block{.members = document_rows, .needs = "source"};

constexpr MemberRow search_result_rows[] = {
    {"type"},        {"content", list, &block}, {"source", text},
    {"title", text}, {"citations", free},       {"cache_control", outside}};
// The earlier thoughts are passed on as the provider sealed them; `thinking` may be a summary.
constexpr MemberRow thinking_rows[] = {{"type"}, {"thinking", text}, {"signature", sealed}};
constexpr MemberRow redacted_rows[] = {{"type"}, {"data", sealed}};
constexpr MemberRow tool_use_rows[] = {
    {"type"},         {"id", text},          {"name", text},         {"input", free},
    {"caller", free}, {"server_name", text}, {"toolset_name", text}, {"cache_control", outside}};
constexpr MemberRow tool_result_rows[] = {
    {"type"},           {"tool_use_id", text},  {"content", said_or_list, &block},
    {"is_error", flag}, {"toolset_name", text}, {"cache_control", outside}};
constexpr MemberRow hosted_result_rows[] = {{"type"},
                                            {"tool_use_id", text},
                                            {"content", free},
                                            {"caller", free},
                                            {"cache_control", outside}};
constexpr MemberRow upload_rows[] = {
    {"type"}, {"file_id", reference, nullptr, "file"}, {"cache_control", outside}};
constexpr MemberRow compaction_rows[] = {{"type"},
                                         {"content", text},
                                         {"encrypted_content", sealed},
                                         {"signature", sealed},
                                         {"cache_control", outside}};
constexpr MemberRow tool_reference_rows[] = {
    {"type"}, {"tool_name", text}, {"cache_control", outside}};
constexpr RequestShape search_result_block{.members = search_result_rows};
constexpr RequestShape thinking_block{.members = thinking_rows};
constexpr RequestShape redacted_block{.members = redacted_rows};
constexpr RequestShape tool_use_block{.members = tool_use_rows};
constexpr RequestShape tool_result_block{.members = tool_result_rows};
constexpr RequestShape hosted_result_block{.members = hosted_result_rows};
constexpr RequestShape upload_block{.members = upload_rows};
constexpr RequestShape compaction_block{.members = compaction_rows};
constexpr RequestShape tool_reference_block{.members = tool_reference_rows};
constexpr ShapeVariant block_types[] = {
    {"text", &text_block},
    {"image", &image_block},
    {"document", &document_block},
    {"search_result", &search_result_block},
    {"thinking", &thinking_block},
    {"redacted_thinking", &redacted_block},
    {"tool_use", &tool_use_block},
    {"tool_result", &tool_result_block},
    {"tool_reference", &tool_reference_block},
    {"tool_search_tool_result", &hosted_result_block},
    {"compaction", &compaction_block},
    {"server_tool_use", &tool_use_block},
    {"mcp_tool_use", &tool_use_block},
    {"mcp_tool_result", &tool_result_block},
    // What they hold is sealed, compressed, or kept at the provider.
    {"web_search_tool_result", &hosted_result_block, "", true},
    {"web_fetch_tool_result", &hosted_result_block, "", true},
    {"code_execution_tool_result", &hosted_result_block, "", true},
    {"bash_code_execution_tool_result", &hosted_result_block, "", true},
    {"text_editor_code_execution_tool_result", &hosted_result_block, "", true},
    {"container_upload", &upload_block, "code_execution", true},
};
constinit const RequestShape block{.by = "type", .variants = block_types};

constexpr MemberRow message_rows[] = {{"role"}, {"content", said_or_list, &block}};
constexpr RequestShape message{.members = message_rows, .needs = "content"};

constexpr MemberRow tool_rows[] = {
    {"type"},
    {"name", text},
    {"description", text},
    {"input_schema", free},
    {"input_examples", free},
    {"strict", flag},
    {"defer_loading", flag},
    {"eager_input_streaming", flag},
    {"allowed_callers", words},
    {"cache_control", outside},
};
constexpr MemberRow client_tool_rows[] = {
    {"type"},
    {"name", text},
    {"input_examples", free},
    {"strict", flag},
    {"defer_loading", flag},
    {"allowed_callers", words},
    {"cache_control", outside},
    {"configs", free},
    {"display_height_px", number},
    {"display_width_px", number},
    {"display_number", number},
    {"enable_zoom", flag},
    {"max_characters", number},
};
constexpr MemberRow hosted_tool_rows[] = {
    {"type"},
    {"name", text},
    {"strict", flag},
    {"defer_loading", flag},
    {"allowed_callers", words},
    {"allowed_domains", words},
    {"blocked_domains", words},
    {"citations", outside},
    {"max_content_tokens", number},
    {"max_uses", number},
    {"response_inclusion"},
    {"use_cache", flag},
    {"url_sources", outside},
    {"user_location", free},
    {"cache_control", outside},
};
constexpr MemberRow mcp_toolset_rows[] = {{"type"},
                                          {"mcp_server_name", text},
                                          {"configs", free},
                                          {"default_config", free},
                                          {"cache_control", outside}};
constexpr RequestShape tool{.members = tool_rows, .needs = "name"};
constexpr RequestShape client_tool{.members = client_tool_rows};
constexpr RequestShape hosted_tool{.members = hosted_tool_rows, .needs = "name"};
constexpr RequestShape mcp_toolset{.members = mcp_toolset_rows, .needs = "mcp_server_name"};
constexpr std::uint32_t built_in = 2048;   // tokens of a tool that the model knows
constexpr std::uint32_t toolset = 16'384;  // of several
constexpr ShapeVariant tool_types[] = {
    {"custom", &tool},
    {"bash_20241022", &client_tool, "", false, built_in},
    {"bash_20250124", &client_tool, "", false, built_in},
    {"text_editor_20241022", &client_tool, "", false, built_in},
    {"text_editor_20250124", &client_tool, "", false, built_in},
    {"text_editor_20250429", &client_tool, "", false, built_in},
    {"text_editor_20250728", &client_tool, "", false, built_in},
    {"memory_20250818", &client_tool, "", false, built_in},
    {"computer_20241022", &client_tool, "", false, built_in},
    {"computer_20250124", &client_tool, "", false, built_in},
    {"computer_20251124", &client_tool, "", false, built_in},
    {"computer_toolset_20260801", &client_tool, "", false, toolset},
    {"browser_toolset_20260801", &client_tool, "", false, toolset},
    {"tool_search_tool_bm25", &client_tool, "", false, built_in},
    {"tool_search_tool_bm25_20251119", &client_tool, "", false, built_in},
    {"tool_search_tool_regex", &client_tool, "", false, built_in},
    {"tool_search_tool_regex_20251119", &client_tool, "", false, built_in},
    {"web_search_20250305", &hosted_tool, "web_search", true},
    {"web_search_20260209", &hosted_tool, "web_search", true},
    {"web_search_20260318", &hosted_tool, "web_search", true},
    {"web_fetch_20250910", &hosted_tool, "web_fetch", true},
    {"web_fetch_20260209", &hosted_tool, "web_fetch", true},
    {"web_fetch_20260309", &hosted_tool, "web_fetch", true},
    {"web_fetch_20260318", &hosted_tool, "web_fetch", true},
    {"code_execution_20250522", &hosted_tool, "code_execution", true},
    {"code_execution_20250825", &hosted_tool, "code_execution", true},
    {"code_execution_20260120", &hosted_tool, "code_execution", true},
    {"code_execution_20260521", &hosted_tool, "code_execution", true},
    {"mcp_toolset", &mcp_toolset, "", true},
};
constexpr RequestShape any_tool{.by = "type", .usual = "custom", .variants = tool_types};

constexpr MemberRow thinking_option_rows[] = {{"type"}, {"budget_tokens", number}, {"display"}};
constexpr RequestShape thinking_options{.members = thinking_option_rows, .needs = "type"};
constexpr MemberRow output_option_rows[] = {{"effort"}, {"format", free}, {"task_budget", free}};
constexpr RequestShape output_options{.members = output_option_rows};
constexpr MemberRow mcp_server_rows[] = {{"type"},
                                         {"name", text},
                                         {"url", hosted_mcp},
                                         {"authorization_token"},
                                         {"tool_configuration", outside}};
constexpr RequestShape mcp_server{.members = mcp_server_rows, .needs = "url"};
constexpr MemberRow container_rows[] = {{"id", reference, nullptr, "container"},
                                        {"skills", input_effect, nullptr, "skill"}};
constexpr RequestShape container{.members = container_rows};
constexpr MemberRow edit_rows[] = {{"type"},
                                   {"trigger", outside},
                                   {"keep", outside},
                                   {"clear_at_least", outside},
                                   {"clear_tool_inputs", outside},
                                   {"exclude_tools", words},
                                   {"instructions", text},
                                   {"pause_after_compaction", flag}};
constexpr RequestShape edit{.members = edit_rows};
constexpr ShapeVariant edit_types[] = {
    {"clear_tool_uses_20250919", &edit},
    {"clear_thinking_20251015", &edit},
    {"compact_20260112", &edit, "compaction", true},
};
constexpr RequestShape any_edit{.by = "type", .variants = edit_types};
constexpr MemberRow context_rows[] = {{"edits", list, &any_edit}};
constexpr RequestShape context_management{.members = context_rows};

constexpr MemberRow body_rows[] = {
    {"model"},
    {"messages", list, &message},
    {"max_tokens", number},
    {"cache_control", outside},
    {"container", reference, &container, "container"},
    {"context_management", object, &context_management},
    {"inference_geo"},
    {"mcp_servers", list, &mcp_server},
    {"metadata", outside},
    {"output_config", object, &output_options},
    {"output_format", free},
    {"service_tier"},
    {"speed"},
    {"stop_sequences", words},
    {"stream", flag},
    {"system", said_or_list, &block},
    {"temperature", number},
    {"thinking", object, &thinking_options},
    {"tool_choice", free},
    {"tools", list, &any_tool},
    {"top_k", number},
    {"top_p", number},
};
constexpr RequestShape body{.members = body_rows, .needs = "messages"};

}  // namespace anthropic_shapes

// An image has at most 2,576 pixels a side where models take so many: 4,784 tokens.
constinit const RequestTable anthropic_table{&anthropic_shapes::body, "messages",
                                             "@anthropic-ai/sdk 1.14.0", 4'784};

}  // namespace pawl
