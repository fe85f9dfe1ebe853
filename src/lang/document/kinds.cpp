#include "lang/document/kinds.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace pawl::document {
namespace {

// From the API reference of Kubernetes 1.31 and `kubectl api-resources`.
constexpr auto kKinds = std::to_array<ClusterKind>({
    {"APIService", "apiservices", "apiregistration.k8s.io", ""},
    {"Binding", "bindings", "", ""},
    {"CSIDriver", "csidrivers", "storage.k8s.io", ""},
    {"CSINode", "csinodes", "storage.k8s.io", ""},
    {"CSIStorageCapacity", "csistoragecapacities", "storage.k8s.io", ""},
    {"CertificateSigningRequest", "certificatesigningrequests", "certificates.k8s.io", "csr"},
    {"ClusterRole", "clusterroles", "rbac.authorization.k8s.io", ""},
    {"ClusterRoleBinding", "clusterrolebindings", "rbac.authorization.k8s.io", ""},
    {"ComponentStatus", "componentstatuses", "", "cs"},
    {"ConfigMap", "configmaps", "", "cm"},
    {"ControllerRevision", "controllerrevisions", "apps", ""},
    {"CronJob", "cronjobs", "batch", "cj"},
    {"CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io", "crd crds"},
    {"DaemonSet", "daemonsets", "apps", "ds"},
    {"Deployment", "deployments", "apps", "deploy"},
    {"EndpointSlice", "endpointslices", "discovery.k8s.io", ""},
    {"Endpoints", "endpoints", "", "ep endpoint"},
    {"Event", "events", "", "ev"},
    {"Eviction", "evictions", "policy", ""},
    {"FlowSchema", "flowschemas", "flowcontrol.apiserver.k8s.io", ""},
    {"HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling", "hpa"},
    {"Ingress", "ingresses", "networking.k8s.io", "ing"},
    {"IngressClass", "ingressclasses", "networking.k8s.io", ""},
    {"Job", "jobs", "batch", ""},
    {"Lease", "leases", "coordination.k8s.io", ""},
    {"LimitRange", "limitranges", "", "limits"},
    {"LocalSubjectAccessReview", "localsubjectaccessreviews", "authorization.k8s.io", ""},
    {"MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
     "admissionregistration.k8s.io", ""},
    {"Namespace", "namespaces", "", "ns"},
    {"NetworkPolicy", "networkpolicies", "networking.k8s.io", "netpol"},
    {"Node", "nodes", "", "no"},
    {"PersistentVolume", "persistentvolumes", "", "pv"},
    {"PersistentVolumeClaim", "persistentvolumeclaims", "", "pvc"},
    {"Pod", "pods", "", "po"},
    {"PodDisruptionBudget", "poddisruptionbudgets", "policy", "pdb"},
    {"PodTemplate", "podtemplates", "", ""},
    {"PriorityClass", "priorityclasses", "scheduling.k8s.io", "pc"},
    {"PriorityLevelConfiguration", "prioritylevelconfigurations", "flowcontrol.apiserver.k8s.io",
     ""},
    {"ReplicaSet", "replicasets", "apps", "rs"},
    {"ReplicationController", "replicationcontrollers", "", "rc"},
    {"ResourceQuota", "resourcequotas", "", "quota"},
    {"Role", "roles", "rbac.authorization.k8s.io", ""},
    {"RoleBinding", "rolebindings", "rbac.authorization.k8s.io", ""},
    {"RuntimeClass", "runtimeclasses", "node.k8s.io", ""},
    {"Secret", "secrets", "", ""},
    {"SelfSubjectAccessReview", "selfsubjectaccessreviews", "authorization.k8s.io", ""},
    {"SelfSubjectReview", "selfsubjectreviews", "authentication.k8s.io", ""},
    {"SelfSubjectRulesReview", "selfsubjectrulesreviews", "authorization.k8s.io", ""},
    {"Service", "services", "", "svc"},
    {"ServiceAccount", "serviceaccounts", "", "sa"},
    {"StatefulSet", "statefulsets", "apps", "sts"},
    {"StorageClass", "storageclasses", "storage.k8s.io", "sc"},
    {"SubjectAccessReview", "subjectaccessreviews", "authorization.k8s.io", ""},
    {"TokenRequest", "tokenrequests", "authentication.k8s.io", ""},
    {"TokenReview", "tokenreviews", "authentication.k8s.io", ""},
    {"ValidatingAdmissionPolicy", "validatingadmissionpolicies", "admissionregistration.k8s.io",
     ""},
    {"ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings",
     "admissionregistration.k8s.io", ""},
    {"ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
     "admissionregistration.k8s.io", ""},
    {"VolumeAttachment", "volumeattachments", "storage.k8s.io", ""},
});

bool is_short(const ClusterKind& kind, std::string_view word) {
  const auto shorts = split(kind.shorts, ' ');
  return !word.empty() && std::ranges::find(shorts, word) != shorts.end();
}

const ClusterKind* meant_by(std::string_view small) {
  for (const ClusterKind& kind : kKinds) {
    if (lower_ascii(kind.kind) == small || kind.plural == small || is_short(kind, small)) {
      return &kind;
    }
  }
  return nullptr;
}

bool is_word(std::string_view word) {
  return !word.empty() && word.size() <= 253 && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  });
}

}  // namespace

const ClusterKind* find_kind(std::string_view kind) {
  const auto found = std::ranges::find(kKinds, kind, &ClusterKind::kind);
  return found == kKinds.end() ? nullptr : &*found;
}

std::string near_kind(std::string_view word) {
  std::vector<std::string> kinds;
  for (const ClusterKind& kind : kKinds) kinds.emplace_back(kind.kind);
  return closest_match(word, kinds);
}

std::string kind_of_word(std::string_view word) {
  if (!is_word(word)) return {};
  std::string small = lower_ascii(word.substr(0, word.find('.')));
  if (small.empty() || small == "all") return {};
  const ClusterKind* kind = meant_by(small);
  return kind == nullptr ? small : std::string(kind->kind);
}

Status compile_kinds(std::vector<std::string>& words) {
  if (words.empty()) return fail(ErrorKind::invalid, "the list of kinds is empty");
  for (std::string& word : words) {
    const std::string kind = kind_of_word(word);
    if (kind.empty()) {
      return fail(ErrorKind::invalid,
                  "`" + escape_untrusted(word) + "` is not the name of one kind");
    }
    word = kind;
  }
  return {};
}

std::string check_kind(const std::vector<std::string>& kinds, bool excludes,
                       std::string_view value) {
  const std::string kind = kind_of_word(value);
  if (kind.empty()) return "is not the name of one kind";
  const auto listed = [&](std::string_view one) {
    return std::ranges::find(kinds, one) != kinds.end();
  };
  if (!excludes) return listed(kind) ? "" : "is a kind that the policy does not list";
  // `SecretList` is what a list of secrets is called.
  const bool list = kind.ends_with("list") &&
                    listed(kind_of_word(std::string_view(kind).substr(0, kind.size() - 4)));
  return listed(kind) || list ? "is a kind that the policy excludes" : "";
}

}  // namespace pawl::document
