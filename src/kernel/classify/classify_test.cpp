#include "kernel/classify/classify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "kernel/classify/verbs.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

std::string class_of(std::string_view name) {
  const Placement placement = classify_name(name);
  EXPECT_FALSE(placement.why.empty());
  if (!placement.placed) {
    EXPECT_EQ(placement.action_class, kMostDangerous);
    return "unplaced";
  }
  return to_string(placement.action_class);
}

Placement placement_of(std::string_view tool) {
  const Result<json::Document> document = json::parse(tool);
  EXPECT_TRUE(document.has_value()) << tool;
  const Result<ToolDefinition> definition = parse_definition(document->root(), "");
  EXPECT_TRUE(definition.has_value()) << tool;
  return classify(*definition);
}

std::string class_with(std::string_view name, std::string_view rest) {
  return to_string(placement_of(std::string(R"({"name":")") + std::string(name) + "\"," +
                                std::string(rest) + "}")
                       .action_class);
}

TEST(ClassifyName, TheToolsOfTheSupportAgent) {
  EXPECT_EQ(class_of("read_customer_record"), "read_only");
  EXPECT_EQ(class_of("update_order_status"), "reversible small");
  EXPECT_EQ(class_of("send_customer_email"), "irreversible small external_sink");
  EXPECT_EQ(classify_name("delete_customer_record").action_class.reversibility,
            Reversibility::irreversible);
  EXPECT_EQ(class_of("bulk_send_email"), "irreversible large external_sink");
  EXPECT_EQ(class_of("access_payment_raw"), "unplaced");
}

TEST(ClassifyName, NounsDoNotPlace) {
  for (const char* name :
       {"read_email", "list_messages", "get_post", "get_workflow_run", "show_invoice", "getOrder",
        "list-transfers", "find_comment", "view_shell_history", "pull_request_read",
        "list_pull_requests", "get_file_info", "listAllowedDirectories", "get_page"}) {
    EXPECT_EQ(classify_name(name).action_class.reversibility, Reversibility::read_only) << name;
  }
}

TEST(ClassifyName, MoneyAndWhatGivesAccessAreMoreThanTheirVerbSays) {
  for (const char* name : {"verify_transaction",
                           "confirm-payment",
                           "validatePurchase",
                           "update_payment_method",
                           "create_refund",
                           "checkout_selected_cart",
                           "checkout",
                           "checkoutSession",
                           "update_password",
                           "git_add_ssh_key",
                           "create_api_key",
                           "rotate_access_token",
                           "set_secret",
                           "get-env",
                           "getEnvironment",
                           "print_env_vars",
                           "read_environment_variables",
                           "get_secret",
                           "list_credentials",
                           "showPassword",
                           "get_ssh_keys",
                           "export_private_key",
                           "read_passphrase",
                           "add_collaborator",
                           "set_permissions",
                           "create_token",
                           "assignRole",
                           "make_public",
                           "set_visibility",
                           "create_webhook",
                           "update_forwarding_rule",
                           "query_raw"}) {
    const Placement placement = classify_name(name);
    EXPECT_EQ(placement.action_class.reversibility, Reversibility::irreversible) << name;
    EXPECT_TRUE(placement.placed) << name;
  }
  for (const char* name :
       {"get_payment_status", "list_transactions", "git_checkout", "checkout_branch",
        "list_environments", "count_tokens", "get_key", "list_keys", "get_keyboard_layout",
        "list_secret_scanning_alerts", "add_to_cart", "list_permissions", "get_role",
        "get_password_policy", "git_log", "list_webhooks", "get_design_tokens"}) {
    EXPECT_NE(classify_name(name).action_class.reversibility, Reversibility::irreversible) << name;
  }
}

TEST(Classify, DescriptionsThatSpeakOfMoneyOrOfWhatGivesAccess) {
  const auto described = [](std::string_view words) {
    return class_with("get_thing", R"("description":")" + std::string(words) + "\"");
  };
  for (const char* words :
       {"Prints all environment variables, helpful for debugging",
        "Returns the server's entire environment", "Shows the stored passwords of a user",
        "Lists API keys with their values", "Reads secrets from the vault",
        "Returns an access token for the account", "Dumps the SSH keys",
        "Completes the payment for the cart", "Looks up the order and charges the card",
        "Gets a quote and pays it", "Confirms a purchase"}) {
    EXPECT_EQ(described(words), "irreversible small") << words;
  }
  for (const char* words : {"Requires an API key", "Needs the environment variable FOO to be set",
                            "Authenticated with the given access token", "Never returns passwords",
                            "Does not return any secrets", "Lists payments of a customer",
                            "Returns the status of a transaction",
                            "Gets an environment by its name", "The key of the entry"}) {
    EXPECT_EQ(described(words), "read_only") << words;
  }
}

TEST(ClassifyName, TheMostDangerousVerbWins) {
  EXPECT_EQ(class_of("get_delete_policy"), "irreversible small");
  EXPECT_EQ(class_of("getAndDeleteRepo"), "irreversible large");
  EXPECT_EQ(class_of("read_and_email"), "irreversible small external_sink");
  EXPECT_EQ(class_of("list_or_purge"), "irreversible large");
  EXPECT_EQ(class_of("getTHENDrop"), "irreversible large");
  EXPECT_EQ(class_of("get_then_drop"), "irreversible large");
}

TEST(ClassifyName, WordsThatAreVerbsOnlyWhereTheyStandFirst) {
  EXPECT_EQ(class_of("email_customer"), "irreversible small external_sink");
  EXPECT_EQ(class_of("run"), "irreversible large");
  EXPECT_EQ(class_of("workflow_run"), "irreversible large");
  EXPECT_EQ(class_of("shell"), "irreversible large");
  EXPECT_EQ(class_of("query"), "read_only");
  EXPECT_EQ(class_of("directory_tree"), "read_only");
  EXPECT_EQ(class_of("find_user_id_by_name_zip"), "read_only");
  EXPECT_EQ(class_of("get_zip"), "read_only");
  EXPECT_EQ(class_of("zip_folder"), "reversible small");
  EXPECT_EQ(class_of("read_and_zip"), "reversible small");
}

TEST(ClassifyName, MakingAMessageIsSendingIt) {
  EXPECT_EQ(class_of("add_issue_comment"), "irreversible small external_sink");
  EXPECT_EQ(class_of("create_email_draft"), "reversible small");
  EXPECT_EQ(class_of("create_issue"), "reversible small");
}

TEST(ClassifyName, BlastRadius) {
  EXPECT_EQ(class_of("update_all_orders"), "reversible large");
  EXPECT_EQ(class_of("batch_update"), "reversible large");
  EXPECT_EQ(class_of("delete_repository"), "irreversible large");
  EXPECT_EQ(class_of("create_repository"), "reversible small");
  EXPECT_EQ(class_of("drop_table"), "irreversible large");
  EXPECT_EQ(class_of("update_*"), "irreversible large");
  EXPECT_EQ(class_of("list_all_customers"), "read_only") << "a read has no blast radius";
}

TEST(ClassifyName, SinksCarryDataOutside) {
  EXPECT_EQ(class_of("fetch"), "read_only external_sink");
  EXPECT_EQ(class_of("search_web"), "read_only external_sink");
  EXPECT_EQ(class_of("search_files"), "read_only");
  EXPECT_EQ(class_of("resolve_hostname"), "read_only external_sink");
}

TEST(ClassifyName, WhatNothingPlacesIsTheWorst) {
  for (const char* name : {"", "frobnicate", "x", "_", "123", "g\u0435t_record",
                           "get_and_l\u00F6schen", "GETRECORD"}) {
    EXPECT_EQ(class_of(name), "unplaced") << name;
  }
}

TEST(ClassifyName, ServersOfTheProtocolsAuthors) {
  EXPECT_EQ(class_of("get-env"), "irreversible small");  // it returned all of its environment
  // server-filesystem
  for (const char* name :
       {"read_file", "read_text_file", "read_media_file", "read_multiple_files", "list_directory",
        "list_directory_with_sizes", "directory_tree", "search_files", "get_file_info",
        "list_allowed_directories", "open_nodes", "search_nodes", "read_graph", "echo", "get-sum",
        "list-tables", "describe-table", "read_query", "list_tables"}) {
    EXPECT_EQ(class_of(name), "read_only") << name;
  }
  for (const char* name : {"edit_file", "create_directory", "move_file", "create_entities",
                           "add_observations", "create_relations", "insert-record", "update-record",
                           "create-table", "alter_table", "append_insight"}) {
    EXPECT_EQ(class_of(name), "reversible small") << name;
  }
  EXPECT_EQ(class_of("write_file"), "irreversible small");
  for (const char* name : {"delete_entities", "delete_observations", "delete-record"}) {
    EXPECT_EQ(class_of(name), "irreversible small") << name;
  }
  for (const char* name : {"execute", "transaction", "drop-table", "write_query"}) {
    EXPECT_EQ(class_of(name), "irreversible large") << name;
  }
}

TEST(Classify, DescriptionsOnlyRaise) {
  EXPECT_EQ(class_with("update_x", R"("description":"Permanently changes it")"),
            "irreversible small");
  EXPECT_EQ(class_with("delete_x", R"("description":"Just reads, completely harmless")"),
            "irreversible small");
  EXPECT_EQ(class_with("get_x", R"("description":"This cannot be undone.")"), "irreversible small");
  EXPECT_EQ(class_with("get_x", R"("description":"It can be undone.")"), "read_only");
  EXPECT_EQ(class_with("get_x", R"("description":"Runs arbitrary shell commands")"),
            "irreversible large");
}

// A harmless name beside a sentence that says what else the tool does.
TEST(Classify, DescriptionsThatSayAnEffect) {
  const auto of = [](std::string_view words) {
    return class_with("get_x", R"("description":")" + std::string(words) + "\"");
  };
  EXPECT_EQ(of("Creates a public link to the file."), "reversible small");
  EXPECT_EQ(of("Create a public link to the file."), "reversible small");
  EXPECT_EQ(of("Makes the report and emails it to the team."), "irreversible small external_sink");
  EXPECT_EQ(of("Looks up a user. Then cancels the order."), "irreversible small");
  EXPECT_EQ(of("Reads the message and marks it as read."), "reversible small");
  EXPECT_EQ(of("Finds it, and also copies the file to the archive"), "reversible small");
  for (const char* harmless :
       {"Lists posts, comments and replies of a page.", "Gets files and links to pages",
        "Returns X. Create a branch first.", "Executes a SELECT query.", "Performs a search",
        "Returns the orders that a customer creates.", "Never sends anything.",
        "Generates a summary.", "Shows what the build creates"}) {
    EXPECT_EQ(of(harmless), "read_only") << harmless;
  }
}

TEST(Classify, PlainlyNegatedWordsDoNotRaise) {
  for (const char* text :
       {"Does not delete anything", "It doesn't overwrite files", "Never erases a row",
        "Reads without deleting", "A drop-down list", "Lists deleted items"}) {
    EXPECT_EQ(class_with("get_x", std::string("\"description\":\"") + text + "\""), "read_only")
        << text;
  }
}

TEST(Classify, AnnotationsOnlyRaise) {
  EXPECT_EQ(class_with("get_x", R"("annotations":{"readOnlyHint":false})"), "reversible small");
  EXPECT_EQ(class_with("get_x", R"("annotations":{"destructiveHint":true})"), "irreversible small");
  EXPECT_EQ(class_with("get_x", R"("annotations":{"openWorldHint":true})"),
            "read_only external_sink");
  EXPECT_EQ(class_with("get_x", R"("annotations":{})"), "read_only");
  EXPECT_EQ(
      class_with("delete_x", R"("annotations":{"readOnlyHint":true,"destructiveHint":false})"),
      "irreversible small");
  EXPECT_EQ(class_with("frobnicate", R"("annotations":{"readOnlyHint":true})"),
            to_string(kMostDangerous));
}

TEST(Classify, ArgumentsOnlyRaise) {
  const auto with = [](std::string_view name, std::string_view properties) {
    return class_with(name, std::string(R"("inputSchema":{"type":"object","properties":)") +
                                std::string(properties) + "}");
  };
  EXPECT_EQ(with("query", R"({"sql":{"type":"string"}})"), "irreversible large");
  EXPECT_EQ(with("read_query", R"({"query":{"type":"string"}})"), "read_only");
  EXPECT_EQ(with("get_page", R"({"url":{"type":"string"}})"), "read_only external_sink");
  EXPECT_EQ(with("update_x", R"({"force":{"type":"boolean"}})"), "irreversible small");
  EXPECT_EQ(with("get_x", R"({"force":{"type":"boolean"}})"), "read_only");
}

TEST(Classify, SaysWhatRaised) {
  const Placement placement = placement_of(
      R"({"name":"write_file","description":"Completely overwrite an existing file",
          "annotations":{"readOnlyHint":false,"destructiveHint":true,"openWorldHint":true}})");
  EXPECT_EQ(to_string(placement.action_class), "irreversible small external_sink");
  EXPECT_EQ(placement.why, "name: write file; annotation: openWorldHint");
  EXPECT_THAT(classify_name("bulk_send_email").why, HasSubstr("name: send; name: bulk"));
}

// Whatever a server adds, the class is never below what the name alone says.
TEST(ClassifyProperty, NothingLowersTheNamesReading) {
  const char* additions[] = {
      R"("annotations":{"readOnlyHint":true,"destructiveHint":false,"openWorldHint":false})",
      R"("description":"read-only, safe, harmless, reversible")", R"("title":"Get")",
      R"("inputSchema":{"type":"object","properties":{"dry_run":{"type":"boolean"}}})"};
  for (const Verb& verb : verbs()) {
    for (const char* suffix : {"", "_record", "_all"}) {
      const std::string name = std::string(verb.word) + suffix;
      const Class alone = classify_name(name).action_class;
      for (const char* addition : additions) {
        const Class with =
            placement_of(R"({"name":")" + name + "\"," + addition + "}").action_class;
        EXPECT_FALSE(less_dangerous(with, alone)) << name << ' ' << addition;
        EXPECT_TRUE(with.external_sink || !alone.external_sink) << name;
      }
    }
  }
}

TEST(Verbs, EachStandsOnceAndIsFound) {
  EXPECT_GT(verbs().size(), 250U);
  for (std::size_t i = 0; i < verbs().size(); ++i) {
    EXPECT_EQ(find_verb(verbs()[i].word), &verbs()[i]);
    if (i > 0) EXPECT_LT(verbs()[i - 1].word, verbs()[i].word);
  }
  EXPECT_EQ(find_verb(""), nullptr);
  EXPECT_EQ(find_verb("zzz"), nullptr);
}

}  // namespace
}  // namespace pawl
