#include "base/yaml_format.h"

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml_extent.h"

namespace pawl::yaml {

namespace {

constexpr std::size_t step = 2;  // columns of one level

std::string in_quotes(std::string_view text) {
  std::string out;
  json::write_string(text, out);
  return out;
}

class Formatter {
 public:
  Formatter(const Extents& source, const Node& root) : source_(source), root_(root) {}

  std::string run() {
    put_collection(root_, 0, false);
    // What is left stands behind the last value.
    while (next_ < source_.comments().size()) put_comment(source_.comments()[next_++], 0);
    return std::move(out_);
  }

 private:
  void indent(std::size_t columns) { out_.append(columns, ' '); }

  // An empty line of the source is kept in front of what it stood before.
  void keep_gap(std::uint32_t line) {
    if (!out_.empty() && line > written_ + 1 && source_.blank(line - 1)) out_ += '\n';
  }

  void put_comment(const Comment& comment, std::size_t columns) {
    keep_gap(comment.line);
    indent(columns);
    out_ += comment.text;
    out_ += '\n';
  }

  // The comments before an offset of the source, each in a line of its own.
  void put_comments_before(std::size_t offset, std::size_t columns) {
    const auto& all = source_.comments();
    while (next_ < all.size() && all[next_].begin < offset) put_comment(all[next_++], columns);
  }

  // Comments behind the last part of a collection that are indented like it.
  void put_comments_of(const Node& collection, std::size_t columns, std::size_t until) {
    const auto& all = source_.comments();
    if (source_.in_brackets(collection)) return;
    while (next_ < all.size() && all[next_].begin < until && all[next_].alone &&
           all[next_].column >= collection.at.column && collection.at.column > 1) {
      put_comment(all[next_++], columns);
    }
  }

  // A comment that stands in the same line behind this offset, with nothing between.
  void end_line(std::size_t behind) {
    const auto& all = source_.comments();
    if (next_ < all.size() && all[next_].begin >= behind &&
        all[next_].line == source_.line(behind == 0 ? 0 : behind - 1)) {
      const std::string_view between = source_.text().substr(behind, all[next_].begin - behind);
      if (between.find_first_not_of(" \t,[]{}:-") == std::string_view::npos) {
        out_ += "  " + all[next_++].text;
      }
    }
    out_ += '\n';
  }

  std::string scalar(const Node& node) const {
    if (!node.quoted) return node.text;
    const std::size_t begin = source_.offset(node.at);
    const std::size_t end = source_.behind(node, 0);
    const std::string_view raw = source_.text().substr(begin, end - begin);
    return raw.find('\n') == std::string_view::npos ? std::string(raw) : in_quotes(node.text);
  }

  std::string in_one_line(const Node& node) const {  // NOLINT(misc-no-recursion)
    switch (node.kind) {
      case Kind::null:
        return "null";
      case Kind::scalar:
        return scalar(node);
      case Kind::sequence: {
        std::string out = "[";
        for (const Node& item : node.items) out += (out.size() > 1 ? ", " : "") + in_one_line(item);
        return out + "]";
      }
      case Kind::map: {
        std::string out = "{";
        for (const Entry& entry : node.entries) {
          out += (out.size() > 1 ? ", " : "") + entry.key + ": " + in_one_line(entry.value);
        }
        return out + "}";
      }
    }
    return {};
  }

  bool stays_in_one_line(const Node& node, std::size_t used, const std::string& line) const {
    if (!source_.in_brackets(node)) return false;
    if (node.items.empty() && node.entries.empty()) return true;
    const std::size_t begin = source_.offset(node.at);
    if (source_.comment_between(begin, source_.behind(node, 0))) return false;
    return used + columns(escape_untrusted(line)) <= layout_columns_max;
  }

  // A block of text, its lines moved as a whole. `columns` is where they begin.
  void put_block_text(const Node& node, std::uint32_t parent, std::size_t columns) {
    const std::size_t begin = source_.offset(node.at);
    const std::size_t behind = source_.behind(node, parent);
    const std::uint32_t first = source_.line(begin) + 1;
    std::uint32_t last = source_.line(behind);
    std::string_view head = source_.line_text(first - 1);
    head = head.substr(begin - (source_.text().rfind('\n', begin) + 1));
    const std::string_view marks = trim(head.substr(0, head.find(" #")));
    const std::size_t digit = marks.find_first_of("123456789");
    std::size_t stripped = 0;
    if (digit != std::string_view::npos) {
      stripped = parent - 1 + static_cast<std::size_t>(marks[digit] - '0');
    } else {
      for (std::uint32_t line = first; line <= last; ++line) {
        if (source_.blank(line)) continue;
        stripped = source_.line_text(line).find_first_not_of(' ');
        break;
      }
    }
    const bool keeps = marks.contains('+');
    while (keeps && source_.blank(last + 1)) ++last;
    written_ = last;
    std::string shown(marks);
    if (digit != std::string_view::npos) shown[digit] = static_cast<char>('0' + step);
    out_ += shown;
    if (const auto comment = head.find(" #"); comment != std::string_view::npos) {
      out_ += " ";
      out_ += head.substr(comment);
    }
    out_ += '\n';
    for (std::uint32_t line = first; line <= last; ++line) {
      const std::string_view found = source_.line_text(line);
      if (found.size() > stripped) {
        indent(columns);
        out_ += found.substr(stripped);
      }
      out_ += '\n';
    }
  }

  // Behind `key:` or `-`. `columns` is the indentation of that key or dash, `used` what is written
  // of its line.
  void put_value(const Node& node, std::uint32_t parent, std::size_t columns, std::size_t used,
                 std::size_t key_end, bool in_list) {  // NOLINT(misc-no-recursion)
    if (node.kind == Kind::null) return end_line(key_end);
    if (source_.is_block_text(node)) {
      out_ += ' ';
      return put_block_text(node, parent, columns + step);
    }
    const std::string line = node.is_scalar() || source_.in_brackets(node) ? in_one_line(node) : "";
    if (node.is_scalar() || stays_in_one_line(node, used + 1, line)) {
      out_ += " " + line;
      return end_line(source_.behind(node, parent));
    }
    if (in_list) {
      out_ += ' ';
      put_collection(node, columns + step, true);
    } else {
      end_line(key_end);
      put_collection(node, columns + step, false);
    }
  }

  // `inside`: the first part goes on in the line of a dash.
  void put_collection(const Node& node, std::size_t columns,  // NOLINT(misc-no-recursion)
                      bool inside) {
    for (const Entry& entry : node.entries) {
      const std::size_t begin = source_.offset(entry.key_at);
      if (!inside) {
        put_comments_before(begin, columns);
        keep_gap(entry.key_at.line);
        indent(columns);
      }
      inside = false;
      out_ += entry.key + ":";
      const std::size_t key_end = source_.text().find(':', begin + entry.key.size()) + 1;
      put_value(entry.value, entry.key_at.column, columns, columns + entry.key.size() + 1, key_end,
                false);
      finish(entry.value, columns + step);
    }
    for (const Node& item : node.items) {
      const std::size_t begin = source_.offset(item.at);
      if (!inside) {
        put_comments_before(begin, columns);
        keep_gap(item.at.line);
        indent(columns);
      }
      inside = false;
      out_ += '-';
      put_value(item, node.at.column, columns, columns + 1, begin, true);
      finish(item, columns + step);
    }
  }

  void finish(const Node& value, std::size_t columns) {
    if (value.is_map() || value.is_sequence()) {
      put_comments_of(value, columns, source_.text().size());
    }
  }

  const Extents& source_;
  const Node& root_;
  std::string out_;
  std::size_t next_ = 0;       // comments that are written
  std::uint32_t written_ = 1;  // the last line of the source whose emptiness is written already
};

void put_tree(const Node& node, json::Writer& out) {  // NOLINT(misc-no-recursion)
  switch (node.kind) {
    case Kind::null:
      out.null();
      return;
    case Kind::scalar:
      out.array().boolean(node.quoted).string(node.text).end();
      return;
    case Kind::sequence:
      out.array().string("list");
      for (const Node& item : node.items) put_tree(item, out);
      out.end();
      return;
    case Kind::map:
      out.object();
      for (const Entry& entry : node.entries) {
        out.key(entry.key);
        put_tree(entry.value, out);
      }
      out.end();
      return;
  }
}

std::vector<std::string> texts_of(const std::vector<Comment>& comments) {
  std::vector<std::string> texts;
  for (const Comment& comment : comments) texts.push_back(comment.text);
  return texts;
}

}  // namespace

Digest digest_of(const Node& root) {
  json::Writer out;
  put_tree(root, out);
  return sha256(out.text());
}

Result<std::string> formatted(std::string_view text, std::string_view file) {
  const Read before = read(text, file);
  if (!before.errors.empty()) return std::unexpected(before.errors.front());
  const Extents source(text, before.root);
  std::string out = Formatter(source, before.root).run();
  const Read after = read(out, file);
  const bool same = after.errors.empty() && digest_of(after.root) == digest_of(before.root) &&
                    texts_of(Extents(out, after.root).comments()) == texts_of(source.comments());
  if (!same) {
    return fail(ErrorKind::internal, "another layout would change what the file says, so it stays",
                {std::string(file), 0, 0});
  }
  return out;
}

}  // namespace pawl::yaml
