# The document of packaging/sbom/make, of its lines.
def of_file: "SPDXRef-file-" + gsub("[^A-Za-z0-9.]+"; "-");
def of_component: "SPDXRef-package-" + (.package + "-" + .version | gsub("[^A-Za-z0-9.]+"; "-"))
  + (if .architecture == "source" then "-source" else "" end);
# As the form of these addresses has it: a colon stays one.
def in_address: @uri | gsub("%3A"; ":");
# What is known to be wrong with Debian's packages is known by the name of the source.
def purl:
  "pkg:deb/\($vendor)/\(.package | in_address)@\(.version | in_address)"
  + "?arch=\(.architecture)&distro=\($distro)"
  + (if .architecture == "source" then ""
     elif .source == .package and .of == .version then ""
     elif .of == .version then "&upstream=\(.source | in_address)"
     else "&upstream=\("\(.source)@\(.of)" | in_address)" end);
def comment($licence):
  if ($licence.names | length) > 0 then
    {licenseComments: ("Parts of the source are under: "
      + ($licence.names | join("; ")) + " (names of Debian's copyright file).")}
  else {licenseComments: "Debian's copyright file of it is not written for machines."} end;
def way: {"static": "STATIC_LINK", "dynamic": "DYNAMIC_LINK", "headers": "CONTAINS",
  "copied": "CONTAINS"};

[inputs | select(. != "") | split("\t")] as $lines
| [$lines[] | select(.[0] == "file") | {id: .[1], name: .[2], purpose: .[3]}] as $files
| [$lines[] | select(.[0] == "component")
    | {id: .[1], how: .[2], package: .[3], version: .[4], architecture: .[5], source: .[6],
       of: .[7], copyright: .[8]}] as $components
| (if ($files | length) == 0 then error("there is no file") else . end)
| [$components[] | select(way[.how] == null or .copyright == null)
    | error("a line that is none: \(.)")] as $none
| {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: "pawl-\($version)",
    documentNamespace: "https://spdx.org/spdxdocs/pawl-\($version)-\($sum)",
    creationInfo: {created: $created, creators: ["Tool: pawl-scripts-release-\($version)"]},
    packages: (
      [$files[] | {
        SPDXID: (.id | of_file), name: "pawl", versionInfo: $version, packageFileName: .name,
        supplier: "NOASSERTION", downloadLocation: "NOASSERTION", filesAnalyzed: false,
        licenseDeclared: "Apache-2.0", licenseConcluded: "NOASSERTION",
        copyrightText: "2026 the authors of pawl", primaryPackagePurpose: .purpose,
        checksums: [{algorithm: "SHA256", checksumValue: $sums[0][.name]}]
      }]
      + ([$components[] | del(.id, .how)] | unique | map($licences[0][.copyright] as $licence | {
        SPDXID: of_component, name: .package, versionInfo: .version,
        supplier: "Organization: Debian", downloadLocation: "NOASSERTION", filesAnalyzed: false,
        sourceInfo: "built from the source package \(.source) \(.of)",
        licenseDeclared: $licence.declared, licenseConcluded: "NOASSERTION",
        copyrightText: "NOASSERTION", primaryPackagePurpose: "LIBRARY",
        externalRefs: [{referenceCategory: "PACKAGE-MANAGER", referenceType: "purl",
          referenceLocator: purl}]
      } + comment($licence)))),
    hasExtractedLicensingInfos: (
      [$components[].copyright] | unique | map($licences[0][.].texts | to_entries[])
      | group_by(.key) | map({licenseId: .[0].key,
        extractedText: (map(.value) | unique | join("\n\n")),
        name: (.[0].key | ltrimstr("LicenseRef-debian-"))})),
    relationships: (
      [$files[] | {spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES",
        relatedSpdxElement: (.id | of_file)}]
      + [$lines[] | select(.[0] == "inside") | {spdxElementId: (.[1] | of_file),
        relationshipType: "CONTAINS", relatedSpdxElement: (.[2] | of_file)}]
      + ([$components[] | {spdxElementId: (.id | of_file), relationshipType: way[.how],
          relatedSpdxElement: of_component}
          + if .how == "headers" then {comment: "code of its headers alone"} else {} end] | unique))
  }
