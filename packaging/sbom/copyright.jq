# What a copyright file of Debian says of licences: `jq -R -s -f copyright.jq FILE`.
#
#   {declared, names, texts}
#
# `declared` is an expression of SPDX for the files that have no line of their own (`Files: *`),
# `names` are all that the file gives to a part of the source, in its own words, and `texts` has the
# words behind each name that SPDX does not know. A file that is not written for machines has
# NOASSERTION and nothing else: no guesses here.
# https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

# Debian's short names that SPDX has under another one.
def known: {
  "Expat": "MIT", "MIT": "MIT", "X11": "X11", "ISC": "ISC", "curl": "curl",
  "PostgreSQL": "PostgreSQL",
  "Apache-2.0": "Apache-2.0", "BSL-1.0": "BSL-1.0", "CC0": "CC0-1.0", "CC0-1.0": "CC0-1.0",
  "2-BSD": "BSD-2-Clause", "BSD-2-clause": "BSD-2-Clause", "BSD-2-Clause": "BSD-2-Clause",
  "3-BSD": "BSD-3-Clause", "BSD-3-clause": "BSD-3-Clause", "BSD-3-Clause": "BSD-3-Clause",
  "APACHE-2-LLVM-EXCEPTIONS": "Apache-2.0 WITH LLVM-exception",
  "Apache-2.0 with LLVM exception": "Apache-2.0 WITH LLVM-exception",
  "GPL-1": "GPL-1.0-only", "GPL-2": "GPL-2.0-only", "GPL-3": "GPL-3.0-only",
  "GPL-1+": "GPL-1.0-or-later", "GPL-2+": "GPL-2.0-or-later", "GPL-2.0+": "GPL-2.0-or-later",
  "GPL-3+": "GPL-3.0-or-later", "LGPL-2": "LGPL-2.0-only", "LGPL-2+": "LGPL-2.0-or-later",
  "LGPL-2.1": "LGPL-2.1-only", "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-3": "LGPL-3.0-only",
  "LGPL-3+": "LGPL-3.0-or-later", "MPL-2.0": "MPL-2.0", "Zlib": "Zlib", "zlib": "Zlib"
};
def reference: "LicenseRef-debian-" + gsub("[^A-Za-z0-9.]+"; "-");
def one: known[.] // reference;
# `A and B`, `A or B`; what mixes them, or has a comma, is one name that SPDX does not know.
def expression:
  if known[.] then known[.]
  elif test(",| (and|AND) .* (or|OR) | (or|OR) .* (and|AND) ") then reference
  elif test(" (and|AND) ") then [splits(" (?:and|AND) ") | one] | join(" AND ")
  elif test(" (or|OR) ") then [splits(" (?:or|OR) ") | one] | join(" OR ")
  else reference end;
# By hand and not by patterns, because Boost's file has fifty thousand lines.
def field($name):
  ("\n" + .) | split("\n" + $name + ":") | if length < 2 then null else
    .[1] | split("\n")
    | .[:1] + [label $out | .[1:][]
        | if startswith(" ") or startswith("\t") then . else break $out end]
    | join("\n") | ltrimstr(" ")
  end;

if test("^Format: *https?://[^\n]*copyright-format/") | not then
  {declared: "NOASSERTION", names: [], texts: {}}
else
  [split("\n\n")[] | ltrimstr("\n") | {files: field("Files"), license: field("License")}
    | select(.license) | .name = (.license | split("\n")[0] | sub("[ \t]+$"; ""))
    | .words = (.license | split("\n")[1:] | map(sub("^[ \t]"; "") | sub("^\\.$"; "")) | join("\n"))
    | select(.name != "")] as $all
  | [$all[] | select(.files) | select(.files | test("^[ \t\n]*debian/") | not)] as $of_source
  | ([$of_source[] | select(.files | test("^[ \t\n]*\\*[ \t]*$"))] | first) as $of_all
  | ($of_all.name // "") as $name
  | (if $name == "" then "NOASSERTION" else ($name | expression) end) as $declared
  | {
      declared: $declared,
      names: ([$of_source[].name] | unique),
      texts: ([$declared | scan("LicenseRef-[A-Za-z0-9.-]+")] | unique | map(. as $ref | {
        key: $ref,
        value: ([$all[] | select((.name | reference) == $ref) | .words | select(. != "")]
          | first // "The copyright file of the package has only its name.")
      }) | from_entries)
    }
end
