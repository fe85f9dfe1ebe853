// How programs read their words. Sorted by name; a test looks after that.
#include <array>

#include "lang/shell/programs.h"

namespace pawl::shell {
namespace {

constexpr Nature H = Nature::harmless;
constexpr Nature Ws = Nature::writes;
constexpr Nature U = Nature::unknown;
constexpr Nature C = Nature::code;

constexpr std::string_view kAws =
    "profile= region= output= endpoint-url= query= color= ca-bundle= cli-read-timeout= "
    "cli-connect-timeout= cli-binary-format= debug no-verify-ssl no-paginate no-sign-request "
    "no-cli-pager no-cli-auto-prompt";
constexpr std::string_view kCargo = "C= Z= config= color= v verbose q quiet offline locked frozen";
constexpr std::string_view kDocker =
    "config= c= context= D debug H= host= l= log-level= tls tlscacert= tlscert= tlskey= tlsverify";
constexpr std::string_view kGit =
    "C= c= git-dir= work-tree= namespace= config-env= super-prefix= attr-source= exec-path "
    "html-path man-path info-path p P paginate no-pager bare no-replace-objects no-lazy-fetch "
    "no-optional-locks no-advice literal-pathspecs glob-pathspecs noglob-pathspecs "
    "icase-pathspecs version v help h";
constexpr std::string_view kHelm =
    "kube-context= kubeconfig= n= namespace= kube-token= kube-apiserver= debug "
    "registry-config= repository-cache= repository-config=";
constexpr std::string_view kKubectl =
    "context= n= namespace= kubeconfig= cluster= user= s= server= token= as= as-group= v= "
    "request-timeout= cache-dir= certificate-authority= client-certificate= client-key= "
    "insecure-skip-tls-verify match-server-version tls-server-name= warnings-as-errors";
constexpr std::string_view kNpm =
    "C= prefix= w= workspace= loglevel= registry= userconfig= globalconfig= cache= silent s q "
    "quiet d dd ddd verbose g global workspaces ws if-present ignore-scripts no-audit no-fund "
    "json offline prefer-offline y yes color no-color no-progress";
constexpr std::string_view kNpmNames =
    "i=install in=install ins=install inst=install add=install isntall=install ci=ci "
    "clean-install=ci ic=ci t=test tst=test rum=run urn=run run-script=run x=exec "
    "it=install-test r=uninstall rm=uninstall un=uninstall remove=uninstall unlink=uninstall "
    "up=update upgrade=update ls=ls list=ls ll=ls la=ls c=config issues=bugs why=explain";
constexpr std::string_view kPip =
    "v verbose q quiet debug isolated no-input proxy= retries= timeout= trusted-host= cert= "
    "client-cert= cache-dir= no-cache-dir disable-pip-version-check no-color python= log=";
constexpr std::string_view kSystemctl =
    "user system H= host= M= machine= t= type= q quiet no-pager no-legend now f force l full a all";
constexpr std::string_view kYarn = "cwd= silent s verbose";
constexpr std::string_view kPnpm = "C= dir= F= filter= r recursive w workspace-root silent s";

constexpr auto kPrograms = std::to_array<Program>({
    {"[", H, "", "", ""},
    {"awk", C, "FvfeiEl", "", ""},
    {"aws", U, "", kAws, ""},
    {"base64", H, "w", "", ""},
    {"basename", H, "s", "", ""},
    {"bash", U, "oO", "", ""},
    {"bat", U, "", "", ""},
    {"cargo", U, "CZjpF", kCargo, "b=build c=check t=test r=run d=doc rm=remove"},
    {"cat", H, "", "", ""},
    {"cd", H, "", "", ""},
    {"chgrp", Ws, "", "", ""},
    {"chmod", Ws, "", "", ""},
    {"chown", Ws, "", "", ""},
    {"cksum", H, "a", "", ""},
    {"cmake", U, "ABCDGSTUW", "", ""},
    {"cmp", H, "in", "", ""},
    {"column", H, "csNoRHTWEld", "", ""},
    {"comm", H, "", "", ""},
    {"cp", Ws, "tS", "", ""},
    {"curl", U, "oXHdFuAebcTKmwxyzrCEPQtUY", "", ""},
    {"cut", H, "bcdf", "", ""},
    {"dd", Ws, "", "", ""},
    {"df", H, "Btx", "", ""},
    {"diff", H, "CUFILSWx", "", ""},
    {"dirname", H, "", "", ""},
    {"docker", U, "cHlfepuvwh", kDocker, ""},
    {"du", H, "BdtX", "", ""},
    {"echo", H, "", "", ""},
    {"expand", H, "t", "", ""},
    {"expr", H, "", "", ""},
    {"false", H, "", "", ""},
    {"find", U, "D", "", ""},
    {"fmt", H, "gpw", "", ""},
    {"fold", H, "w", "", ""},
    {"gh", U, "RHXFftTbBlaramq", "", ""},
    {"git", U, "C", kGit, "stage=add"},
    {"go", U, "C", "C=", ""},
    {"grep", H, "efmABCDd", "", ""},
    {"head", H, "nc", "", ""},
    {"helm", U, "nf", kHelm, "ls=list del=uninstall delete=uninstall un=uninstall"},
    {"hexdump", H, "efns", "", ""},
    {"id", H, "", "", ""},
    {"install", Ws, "gmoSt", "", ""},
    {"join", H, "12aeijotv", "", ""},
    {"jq", H, "fL", "", ""},
    {"kubectl", U, "nsflocv", kKubectl, ""},
    {"ln", Ws, "tS", "", ""},
    {"ls", H, "IwT", "", ""},
    {"make", U, "CEfIjlOoW", "C= directory= f= file= makefile= I= j l", ""},
    {"md5sum", H, "", "", ""},
    {"mkdir", Ws, "m", "", ""},
    {"mkfifo", Ws, "m", "", ""},
    {"mktemp", Ws, "p", "", ""},
    {"mv", Ws, "tS", "", ""},
    {"nl", H, "bdfhilnsvw", "", ""},
    {"node", U, "erC", "", ""},
    {"npm", U, "wCc", kNpm, kNpmNames, true},
    {"nproc", H, "", "", ""},
    {"od", H, "AjNStw", "", ""},
    {"paste", H, "d", "", ""},
    {"patch", Ws, "BdDFgioprVYz", "", ""},
    {"perl", U, "", "", ""},
    {"pip", U, "crteifd", kPip, ""},
    {"pnpm", U, "CFw", kPnpm, "i=install t=test rm=remove un=remove"},
    {"printf", H, "", "", ""},
    {"ps", H, "pCugGtoO", "", ""},
    {"pwd", H, "", "", ""},
    {"python", U, "cmWXQ", "", ""},
    {"readlink", H, "", "", ""},
    {"realpath", H, "", "", ""},
    {"rev", H, "", "", ""},
    {"rg", U, "efgtTABCmMjErd", "", ""},
    {"rm", Ws, "", "", ""},
    {"rmdir", Ws, "", "", ""},
    {"rsync", U, "eTfBM", "", ""},
    {"ruby", U, "eIrCEFx", "", ""},
    {"sed", C, "efil", "", ""},
    {"seq", H, "fs", "", ""},
    {"sha256sum", H, "", "", ""},
    {"shred", Ws, "ns", "", ""},
    {"shuf", U, "ino", "", ""},
    {"sleep", H, "", "", ""},
    {"sort", U, "koStT", "", ""},
    {"split", Ws, "abClnt", "", ""},
    {"ssh", U, "BbcDEeFIiJLlmOopQRSWw", "", ""},
    {"stat", H, "cf", "", ""},
    {"strings", H, "nte", "", ""},
    {"systemctl", U, "HMtpsn", kSystemctl, ""},
    {"tac", H, "s", "", ""},
    {"tail", H, "ncs", "", ""},
    {"tar", U, "fbCKLNTVXgHIF", "", ""},
    {"tee", Ws, "", "", ""},
    {"terraform", U, "", "chdir=", ""},
    {"test", H, "", "", ""},
    {"touch", Ws, "drt", "", ""},
    {"tr", H, "", "", ""},
    {"tree", U, "LPIoHT", "", ""},
    {"true", H, "", "", ""},
    {"truncate", Ws, "sr", "", ""},
    {"tsort", H, "", "", ""},
    {"uname", H, "", "", ""},
    {"unexpand", H, "t", "", ""},
    {"unlink", Ws, "", "", ""},
    {"wc", H, "", "", ""},
    {"wget", U, "oOaiBtTwQPUDARIXel", "", ""},
    {"which", H, "", "", ""},
    {"whoami", H, "", "", ""},
    {"yarn", U, "", kYarn, ""},
});

}  // namespace

std::span<const Program> program_table() {
  return kPrograms;
}

}  // namespace pawl::shell
