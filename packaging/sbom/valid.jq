# What is wrong with a document of packaging/sbom/make, a line each: `jq -r -f valid.jq FILE`. What
# SPDX 2.3 asks for of the parts that are used here, and what a reader of it relies on.
def id: test("^SPDXRef-[A-Za-z0-9.-]+$");
def text: type == "string" and . != "";
def expected($what; condition): if condition then empty else $what end;
def terms: gsub("[()]"; " ") | [splits(" +(?:AND|OR|WITH) +| +") | select(. != "")];

. as $document
| [.packages[]?.SPDXID] as $ids
| [.hasExtractedLicensingInfos[]?.licenseId] as $refs
| [.relationships[]? | select(.relationshipType == "DESCRIBES") | .relatedSpdxElement] as $files
| (
  expected("it is not SPDX 2.3"; .spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0"),
  expected("the document has no name"; .SPDXID == "SPDXRef-DOCUMENT" and (.name | text)),
  expected("its namespace is no address";
    .documentNamespace | text and test("^https://[^#]+-[0-9a-f]{64}$")),
  expected("its time is none"; .creationInfo.created | text
    and test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")),
  expected("it names no creator"; .creationInfo.creators | length > 0
    and all(test("^(Tool|Organization|Person): .+"))),
  expected("it describes no file"; $files | length > 0),
  expected("it has no packages"; $ids | length > ($files | length)),
  expected("an id stands twice"; ($ids | unique | length) == ($ids | length)),
  (.packages[]? | .SPDXID as $id | (
    expected("`\($id)` is no id"; $id | text and id),
    expected("`\($id)` has no name, version or place";
      (.name | text) and (.versionInfo | text) and (.downloadLocation | text)),
    expected("`\($id)` says nothing of licences";
      (.licenseDeclared | text) and (.licenseConcluded | text)),
    (.licenseDeclared // "" | terms[] | select(startswith("LicenseRef-")) as $ref
      | expected("the words of `\($ref)` are not there"; $refs | index($ref))),
    if ($files | index($id)) then
      expected("`\($id)` has no sum"; [.checksums[]? | select(.algorithm == "SHA256")
        | .checksumValue | test("^[0-9a-f]{64}$")] == [true]),
      expected("`\($id)` names no file"; .packageFileName | text)
    else
      expected("`\($id)` has no address by which its faults are known";
        [.externalRefs[]? | select(.referenceType == "purl") | .referenceLocator
          | test("^pkg:deb/[a-z]+/[a-zA-Z0-9.+%-]+@[A-Za-z0-9.%:~_-]+[?]arch=[a-z0-9]+"
              + "&distro=[a-z]+-[0-9.]+(&upstream=[A-Za-z0-9.%:~_-]+)?$")]
        == [true]),
      expected("`\($id)` is in no file";
        [$document.relationships[]? | select(.relatedSpdxElement == $id) | .spdxElementId]
        | any(. as $of | $files | index($of) != null))
    end)),
  (.relationships[]? | (
    expected("`\(.spdxElementId)` is nothing of this";
      .spdxElementId as $id | $id == "SPDXRef-DOCUMENT" or ($ids | index($id) != null)),
    expected("`\(.relatedSpdxElement)` is nothing of this";
      .relatedSpdxElement as $id | $ids | index($id) != null),
    expected("`\(.relationshipType)` is no way to stand to each other"; .relationshipType as $way
      | ["DESCRIBES", "CONTAINS", "STATIC_LINK", "DYNAMIC_LINK"] | index($way) != null))),
  (.hasExtractedLicensingInfos[]? | expected("`\(.licenseId)` has no words"; .extractedText | text))
)
