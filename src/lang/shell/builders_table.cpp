// What is known of programs that build, test, package and deploy, and of interpreters.
#include <array>

#include "lang/shell/programs.h"

namespace pawl::shell {
namespace {

constexpr std::string_view kGh =
    "-R|--repo= --json= -q|--jq= -t|--template= -L|--limit= -w|--web n:--help ";
constexpr std::string_view kTerraform =
    "-json -no-color -var= r:-var-file= -lock= -input= -compact-warnings ";
constexpr std::string_view kKubeGet =
    "-o|--output= -l|--selector= -A|--all-namespaces -w|--watch --show-labels --sort-by= "
    "--field-selector= --no-headers --ignore-not-found r:-f|--filename= --chunk-size= "
    "-L|--label-columns= --show-kind --template= ";
constexpr std::string_view kGoBuild =
    "-race -msan -asan -cover -covermode= -coverpkg= -v -x -n -a -work -p= -tags= -trimpath -mod= "
    "-buildmode= -buildvcs= -installsuffix= -pkgdir= x:-exec= x:-toolexec= x:-ldflags= x:-gcflags= "
    "x:-asmflags= x:-gccgoflags= x:-overlay= x:-modfile= x:-pgo= x:-compiler= d:-C= w:-o= ";
constexpr std::string_view kCargoBuild =
    "-p|--package= --workspace --all --exclude= --lib --bin= --bins --example= --examples --test= "
    "--tests --bench= --benches --all-targets -F|--features= --all-features --no-default-features "
    "-r|--release --profile= -j|--jobs= --keep-going --target= i:--target-dir= d:--manifest-path= "
    "--message-format= --timings? --ignore-rust-version --future-incompat-report --no-run --doc "
    "--no-fail-fast ";
constexpr std::string_view kVitest =
    "-t|--testNamePattern= -u|--update --run --watch -w --coverage? --coverage.enabled "
    "--coverage.reporter= m:--reporter= --silent? --dom m:--environment= --passWithNoTests "
    "--bail= --retry= --logHeapUsage --no-color --color -h|--help -v|--version --changed? "
    "--related "
    "--shard= --project= --typecheck --hideSkippedTests --testTimeout= --hookTimeout= --mode= "
    "--sequence.shuffle --no-coverage --no-watch --pool= --maxWorkers= --minWorkers= "
    "--no-file-parallelism --exclude= --dir= d:--root= x:-c|--config= d:-r w:--outputFile= "
    "w:--coverage.reportsDirectory= ";
constexpr std::string_view kNpmInstall =
    "-S|--save -D|--save-dev -O|--save-optional -E|--save-exact -P|--save-prod -B|--save-bundle "
    "--save-peer --no-save --legacy-peer-deps --strict-peer-deps --force -f --omit= --include= "
    "--package-lock-only --no-package-lock --dry-run --install-links --foreground-scripts "
    "--no-bin-links --before= --tag= ";

constexpr auto kBuilders = std::to_array<Usage>({
    {"Rscript", "", "", "script text*",
     "--vanilla --verbose --no-environ --no-site-file --no-init-file --no-restore --version --help "
     "x:-e=",
     "Rscript(1)"},
    {"acorn", "", "", "read*",
     "--ecma3 --ecma5 --ecma6 --ecma7 --ecma8 --ecma9 --ecma10 --ecma2015 --ecma2016 --ecma2017 "
     "--ecma2018 --ecma2019 --ecma2020 --ecma2021 --ecma2022 --ecma2023 --ecma2024 --ecma2025 "
     "--module --locations --allow-hash-bang --allow-await-outside-function --compact --silent "
     "--tokenize --help",
     "acorn"},
    {"biome", "", "", "text look*",
     "--reporter= --max-diagnostics= --colors= --verbose W:--write W:--apply", "biome"},
    {"cargo", "", "", "text*",
     "d:-C= x:-Z= x:--config= --color= -v|--verbose -q|--quiet --offline --locked --frozen "
     "-V|--version --list --explain= -h|--help",
     "cargo(1)"},
    {"cargo", "build,check,test,bench,doc,rustdoc", "", "text*",
     "x:--open --no-deps --document-private-items --nocapture i:--artifact-dir=", "cargo-build(1)",
     kCargoBuild},
    {"cargo", "run", "", "text*", "", "cargo-run(1)", kCargoBuild},
    {"cargo", "fix", "w", "",
     "--allow-dirty --allow-staged --allow-no-vcs --broken-code --edition --edition-idioms",
     "cargo-fix(1)", kCargoBuild},
    {"cargo", "clippy", "", "text*",
     "y:--fix --no-deps --allow-dirty --allow-staged --allow-no-vcs --broken-code --edition "
     "--edition-idioms",
     "cargo-clippy", kCargoBuild},
    // What stands behind `--` is files.
    {"cargo", "fmt", "w", "write*",
     "n:--check --all -p|--package= d:--manifest-path= --message-format=", "cargo-fmt"},
    {"cargo", "add,remove,update,generate-lockfile,fetch", "w", "text*",
     "--git= --branch= --tag= --rev= l:--path= --base= --registry= --dev --build --target= "
     "n:--dry-run "
     "--rename= --optional --no-optional --public --no-public --no-default-features "
     "--default-features -F|--features= d:--manifest-path= -p|--package= --ignore-rust-version "
     "--recursive --precise= --breaking -w|--workspace",
     "cargo-add(1)"},
    {"cargo", "version,read-manifest,config get,msrv list,msrv show", "", "text*", "",
     "cargo-version(1)"},
    {"cargo", "report future-incompatibilities,report future-incompat", "", "",
     "--id= -p|--package=", "cargo-report(1)"},
    {"cargo", "miri test,miri run,criterion,insta test", "", "text*", "", "cargo-miri",
     kCargoBuild},
    {"cargo", "package", "w", "",
     "n:-l|--list --no-verify --no-metadata --allow-dirty --exclude-lockfile --registry= --index=",
     "cargo-package(1)", kCargoBuild},
    {"cargo", "nextest", "", "", "", "cargo-nextest"},
    {"cargo", "nextest run,nextest list", "", "text*",
     "-E|--filter-expr= -P= --cargo-profile= --retries= --no-capture --test-threads= --fail-fast "
     "--status-level= --final-status-level= --success-output= --failure-output= --run-ignored= "
     "--partition= -T= --list-type= --max-fail= --no-tests= --hide-progress-bar --skip= --exact "
     "x:--config-file= x:--tool-config-file= x:--archive-file=",
     "cargo-nextest", kCargoBuild},
    // What it changes are copies of the tree, unless it is told otherwise; reports lie in a folder.
    {"cargo", "mutants", "w", "",
     "--list --list-files --json --diff --check -j|--jobs= --shard= -f|--file= -e|--exclude= "
     "-F|--re= -E|--exclude-re= -p|--package= --workspace --test-workspace= --test-package= "
     "-t|--timeout= --timeout-multiplier= --minimum-test-timeout= --build-timeout= --baseline= "
     "--no-times --shuffle --no-shuffle -v|--caught -V|--unviable --all-logs -L|--level= "
     "--annotations= --colors= --line-col= --iterate --features= --all-features "
     "--no-default-features --profile= --no-config --gitignore= --copy-vcs= --copy-target= "
     "--test-tool= --cap-lints= d:-d|--dir= d:--manifest-path= w:-o|--output= r:--in-diff= "
     "x:--config= x:--error= x:-C|--cargo-arg= x:--cargo-test-arg=",
     "cargo-mutants"},
    // Below each folder that is named.
    {"cargo", "sweep", "w", "write*",
     "n:-d|--dry-run -t|--time= -s|--stamp -f|--file -i|--installed --toolchains= -m|--maxsize= "
     "-r|--recursive --hidden -h|--help -V|--version",
     "cargo-sweep"},
    {"cargo", "about", "", "", "-L|--log-level=", "cargo-about"},
    {"cargo", "about generate", "", "read*",
     "r:-c|--config= w:-o|--output-file= d:-m|--manifest-path= --all-features "
     "--no-default-features -F|--features= --workspace --fail --format= -n|--name= --target= "
     "-L|--log-level=",
     "cargo-about"},
    {"cargo", "about init", "w", "into",
     "--overwrite --no-handlebars -L|--log-level=", "cargo-about"},
    {"cargo", "fuzz,fuzz list", "", "", "d:--fuzz-dir=", "cargo-fuzz"},
    {"cargo", "swift", "", "", "", "cargo-swift"},
    {"cargo", "swift init", "w", "into", "--lib-type= --vcs= --plain --udl --accept-all --silent",
     "cargo-swift"},
    {"cargo", "swift package", "w", "",
     "-p|--platforms= -n|--name= --xcframework-name= -r|--release --lib-type= --accept-all "
     "--target= -F|--features= --all-features --no-default-features --skip-toolchains-check "
     "--silent",
     "cargo-swift"},
    {"cargo",
     "audit,outdated,udeps,bloat,geiger,deny check,deny list,semver-checks,"
     "semver-checks check-release",
     "", "",
     "--json -r|--root-deps-only -R -d|--depth= --exit-code= -i|--ignore= --deny= --crates "
     "--filter= --time --no-fetch --stale --show-stats --hide-inclusion-graph",
     "cargo-audit", kCargoBuild},
    {"cargo", "machete", "", "look*", "--with-metadata --skip-target-dir --no-ignore",
     "cargo-machete"},
    {"cargo", "expand", "", "text*", "--ugly --theme= --themes", "cargo-expand", kCargoBuild},
    {"cargo", "llvm-cov,tarpaulin", "", "",
     "--summary-only --text --json --lcov --html --open --ignore-filename-regex= "
     "--fail-under-lines= --fail-under= --skip-clean --engine= -o|--out= --exclude-files= "
     "w:--output-path= i:--output-dir=",
     "cargo-llvm-cov", kCargoBuild},
    {"cargo", "tree,metadata,pkgid,locate-project,verify-project", "", "text*",
     "-i|--invert= --prune= --depth= --prefix= --no-dedupe -d|--duplicates --charset= -f|--format= "
     "-e|--edges= --format-version= --no-deps --filter-platform= --message-format=",
     "cargo-tree(1)", kCargoBuild},
    {"cargo", "search,info", "", "text*", "--limit= --registry=", "cargo-search(1)"},
    {"cargo", "clean", "w", "", "n:-n|--dry-run --doc", "cargo-clean(1)", kCargoBuild},
    {"clang", "", "xW", "text*", "", "clang(1)"},
    {"cmake", "", "", "text*",
     "-D= -S= -B= -G= -A= -T= -U= -W= x:-P= x:-C= x:-E= x:--build= x:--install= x:--open= "
     "x:--toolchain= x:--preset= x:--workflow= --log-level= --fresh --version --help",
     "cmake(1)"},
    {"docker", "", "", "text*",
     "x:--config= x:-c|--context= -D|--debug x:-H|--host= n:--help -l|--log-level= --tls "
     "x:--tlscacert= "
     "x:--tlscert= x:--tlskey= --tlsverify -v|--version",
     "docker(1)"},
    {"docker", "ps,images,image ls,container ls,volume ls,network ls,context ls", "", "text*",
     "-a|--all -f|--filter= --format= -n|--last= -l|--latest --no-trunc -q|--quiet -s|--size "
     "--digests",
     "docker(1)"},
    {"docker", "version,info,compose version,buildx version", "", "", "-f|--format= --short",
     "docker(1)"},
    {"docker",
     "compose ps,compose ls,compose logs,compose top,compose images,buildx ls,buildx du,system df,"
     "plugin ls,image history,container logs,container top,container port,container stats,"
     "container diff,image inspect,container inspect,volume inspect,network inspect,"
     "manifest inspect,node ls,service ls,stack ls,stack ps,service ps,service logs,events,wait,"
     "system info,system events,context show,buildx inspect,compose events,compose port,"
     "secret ls,config ls,trust inspect",
     "", "text*",
     "-a|--all --filter= --format= -q|--quiet -f|--follow --no-log-prefix --no-color --since= "
     "-n|--tail= "
     "-t|--timestamps --until= --services --status= --orphans? -s|--size -v|--verbose --no-trunc "
     "--no-stream -H|--human --details --index= --no-resolve",
     "docker(1)"},
    {"docker", "logs,inspect,top,port,stats,history,diff,search", "", "text*",
     "-f|--follow --since= -n|--tail= -t|--timestamps --until= --details --format= -s|--size "
     "--type= --no-stream --no-trunc -a|--all -q|--quiet -H|--human --limit= --filter=",
     "docker(1)"},
    {"docker",
     "compose,buildx,container,image,volume,network,system,context,builder,plugin,manifest,trust",
     "", "", "", "docker(1)"},
    {"docker", "run,exec,create", "xO", "text*",
     "-v|--volume= --mount= -e|--env= -i|--interactive -t|--tty -d|--detach --rm --privileged "
     "-u|--user= -w|--workdir= -p|--publish= --name= --network= --entrypoint=",
     "docker-run(1)"},
    {"docker", "rm,rmi,kill", "x", "text*", "-f|--force -v|--volumes -s|--signal=", "docker(1)"},
    {"eslint", "", "", "read*",
     "--ext= --quiet --max-warnings= --no-eslintrc m:-f|--format= --color --no-color --cache "
     "oy:--fix --fix-dry-run --debug -v|--version -h|--help --no-inline-config "
     "--report-unused-disable-directives --no-error-on-unmatched-pattern --ignore-pattern= "
     "--no-ignore --rule= --env= --global= --stats --no-warn-ignored w:-o|--output-file= "
     "x:-c|--config= x:--rulesdir= x:--resolve-plugins-relative-to= x:--plugin= x:--parser=",
     "eslint"},
    // An operand may be a file of options.
    {"gcc", "", "xW", "text*", "", "gcc(1)"},
    {"gh", "", "", "text*", "-R|--repo= n:--help --version", "gh(1)"},
    // Alone they say what they have.
    {"gh",
     "pr,issue,repo,release,run,workflow,gist,label,cache,variable,ruleset,search,project,org,"
     "alias,"
     "extension,ssh-key,gpg-key,codespace,auth,config",
     "", "", "", "gh(1)"},
    {"gh",
     "pr list,issue list,issue status,repo list,release list,run list,workflow list,"
     "label list,gist list,cache list,ruleset list,search repos,search issues,search prs,"
     "search code,search commits,variable list,secret list,project list,org list,extension list,"
     "extension search,alias list,ssh-key list,gpg-key list,codespace list,pr status",
     "", "text*",
     "-a|--author= --assignee= --app= -B|--base= -H|--head= -d|--draft -l|--label= -s|--state= "
     "-S|--search= -m|--mention= --milestone= --all -u|--user= -b|--branch= -e|--event= --status= "
     "--created= -c|--commit= --language= --topic= --source --fork --visibility= --archived "
     "--no-archived --order= --sort= --owner= --match= --extension= --filename= --size= "
     "--exclude-drafts --exclude-pre-releases --conflict-status --public --secret --closed= "
     "--updated= --merged --review= --checks= --key= --ref= --stars= --comments= --workflow= "
     "-o|--org= --env=",
     "gh(1)", kGh},
    {"gh",
     "pr view,pr diff,pr checks,issue view,repo view,release view,run view,workflow view,"
     "gist view,ruleset view,ruleset check,variable get,project view,attestation verify",
     "", "text*",
     "-c|--comments --watch --fail-fast -i|--interval= --required --color= --patch --name-only "
     "-v|--verbose --log --log-failed --exit-status -j|--job= -a|--attempt= -b|--branch= -y|--yaml "
     "-r|--raw -f|--filename= --files --ref= --owner= -o|--org= --predicate-type= --format=",
     "gh(1)", kGh},
    {"gh", "run watch", "", "text*", "--exit-status -i|--interval= --compact", "gh(1)", kGh},
    {"gh", "help,completion", "", "text*", "-s|--shell=", "gh(1)"},
    {"gh", "status,auth status,version", "", "",
     "-e|--exclude= -o|--org= -h|--hostname= -a|--active", "gh(1)"},
    {"gh", "pr create,issue create,pr comment,issue comment,pr edit,issue edit", "s", "text*",
     "-t|--title= -b|--body= r:-F|--body-file= -d|--draft -f|--fill --fill-first --fill-verbose "
     "-B|--base= -H|--head= -a|--assignee= -l|--label= -m|--milestone= -p|--project= "
     "-r|--reviewer= "
     "--add-label= --remove-label= --add-assignee= --remove-assignee= --add-reviewer= "
     "--remove-reviewer= --no-maintainer-edit --dry-run --edit-last",
     "gh-pr-create(1)", kGh},
    {"gh", "pr close,pr reopen,pr ready,issue close,issue reopen,run rerun,run cancel", "s",
     "text*", "-c|--comment= -r|--reason= --undo --failed -j|--job= -d|--debug", "gh(1)", kGh},
    {"go", "", "", "text*", "d:-C=", "go help"},
    {"go", "build,install", "w", "look*", "", "go help build", kGoBuild},
    {"go", "test", "", "look*",
     "-run= -bench= -benchmem -benchtime= -count= -cpu= -failfast -fullpath -json -list= "
     "-parallel= "
     "-short -shuffle= -skip= -timeout= -c -i -fuzz= -fuzztime= x:-vettool= -vet= "
     "w:-coverprofile= w:-cpuprofile= w:-memprofile= w:-blockprofile= w:-mutexprofile= w:-trace= "
     "i:-outputdir= -args",
     "go help test", kGoBuild},
    // What is run is a package or files of the tree, or one that is fetched.
    {"go", "run", "", "script text*", "", "go help run", kGoBuild},
    {"go", "vet", "", "look*", "-json -c=", "go help vet", kGoBuild},
    {"go", "fmt", "w", "into*", "-n -x -mod=", "go help fmt"},
    {"go", "clean", "w", "text*", "-i -r -cache -testcache -modcache -fuzzcache", "go help clean",
     kGoBuild},
    {"go", "get", "w", "text*", "-t -u? -tool", "go help get", kGoBuild},
    {"go", "mod init", "w", "text", "-x", "go help mod init"},
    {"go", "mod edit", "w", "write*",
     "n:-json n:-print -fmt -module= -go= -toolchain= -godebug= -dropgodebug= -require= "
     "-droprequire= -exclude= -dropexclude= -replace= -dropreplace= -retract= -dropretract= "
     "-tool= -droptool= -ignore= -dropignore=",
     "go help mod edit"},
    {"go", "help", "", "text*", "", "go help"},
    {"go", "tool cover", "", "text*", "r:-func= w:-o= -mode= -var=", "go tool cover"},
    {"go", "work sync,work vendor", "w", "text*", "-v -e i:-o=", "go help work"},
    {"go", "list,doc", "", "text*",
     "-f= -json? -m -u -deps -test -e -compiled -find -versions -retracted -reuse= -all -c -cmd "
     "-short -src",
     "go help list", kGoBuild},
    {"go", "env", "", "text*", "-json -changed W:-w W:-u", "go help env"},
    {"go", "version", "", "look*", "-m -v", "go help version"},
    {"go", "mod graph,mod verify,mod why", "", "text*", "-m -vendor -go= -x", "go help mod"},
    {"go", "mod tidy,mod download,mod vendor", "w", "text*", "-v -x -e -go= -compat= -json -diff",
     "go help mod"},
    {"gofmt", "", "", "read*", "-l -d -s -e -r= oy:-w w:-cpuprofile=", "gofmt"},
    {"helm", "", "", "text*",
     "--kube-context= x:--kubeconfig= -n|--namespace= x:--kube-token= x:--kube-apiserver= --debug "
     "x:--registry-config= x:--repository-cache= x:--repository-config=",
     "helm"},
    {"helm",
     "list,status,history,get values,get manifest,version,search repo,search hub,show chart,"
     "show values",
     "", "text*",
     "-A|--all-namespaces -a|--all -o|--output= -q|--quiet -f|--filter= --revision= --max= --short "
     "--versions --version= -l|--versions",
     "helm"},
    {"helm", "lint,template", "", "read*",
     "r:-f|--values= --set= --set-string= --strict -n|--namespace= --version= -s|--show-only= "
     "--include-crds x:--post-renderer= w:--output-dir=",
     "helm"},
    {"java", "", "", "script text*",
     "r:-jar= -version --version -showversion -ea -da -esa -Xmx512m -Xmx1g -Xmx2g -Xmx4g -help "
     "x:-cp|-classpath|--class-path= x:-agentpath= x:-agentlib= x:-javaagent= x:-XX=",
     "java(1)"},
    {"jest", "", "", "text*",
     "-t|--testNamePattern= -u|--updateSnapshot --coverage? --watch? --watchAll? -i|--runInBand "
     "--ci --silent --verbose --bail? --passWithNoTests --json --no-cache --maxWorkers= -w= "
     "--testPathPattern= --findRelatedTests --onlyChanged -o --listTests --detectOpenHandles "
     "--forceExit --colors --no-coverage --version --help w:--outputFile= x:-c|--config= "
     "x:--globals= x:--setupFiles= x:--reporters= x:--testRunner=",
     "jest"},
    // A module of python, behind -m.
    {"json.tool", "", "", "read write",
     "--sort-keys --no-ensure-ascii --json-lines --indent= --tab --no-indent --compact -h|--help",
     "python(1)"},
    {"julia", "", "", "script text*",
     "-i -q|--quiet --banner --no-banner -t|--threads= -p= -O0 -O1 -O2 -O3 --project? -v|--version "
     "-h|--help x:-e|--eval= x:-E|--print= x:-L|--load= x:-J|--sysimage= x:-m=",
     "julia(1)"},
    {"just", "", "", "text*",
     "-l|--list --summary -n|--dry-run -q|--quiet -v|--verbose --evaluate --show= --dump --color= "
     "x:-f|--justfile= x:-c|--command= x:--shell= x:--shell-arg= x:--shell-command x:--set== "
     "x:-e|--edit x:--choose x:--chooser= d:-d|--working-directory=",
     "just(1)"},
    {"kubectl", "", "", "text*",
     "--context= -n|--namespace= x:--kubeconfig= --cluster= --user= x:-s|--server= x:--token= "
     "x:--as= x:--as-group= -v|--v= --request-timeout= w:--cache-dir= "
     "x:--certificate-authority= x:--client-certificate= x:--client-key= "
     "--insecure-skip-tls-verify --match-server-version --tls-server-name= --warnings-as-errors",
     "kubectl"},
    {"kubectl", "get,describe,explain,api-resources,api-versions,version,cluster-info", "", "text*",
     "--recursive --api-version= --namespaced= --verbs= --client --short --show-events", "kubectl",
     kKubeGet},
    {"kubectl",
     "logs,top,events,rollout status,rollout history,config view,config get-contexts,"
     "config current-context,auth can-i",
     "", "text*",
     "--follow -c|--container= -p|--previous --since= --since-time= --tail= --timestamps "
     "--all-containers --prefix --limit-bytes= --max-log-requests= --containers --for= --types= "
     "--revision= --minify --timeout= --list",
     "kubectl", kKubeGet},
    {"kubectl", "delete", "s", "text*",
     "--force --grace-period= --now --all -A|--all-namespaces -l|--selector= r:-f|--filename= "
     "--wait= --timeout= --cascade? --ignore-not-found -o|--output= --field-selector=",
     "kubectl"},
    {"ld", "", "xW", "text*", "", "ld(1)"},
    {"lua", "", "", "script text*", "-v -E -W x:-i x:-e= x:-l=", "lua(1)"},
    {"luajit", "", "", "script text*", "-v -E -O? x:-i x:-e= x:-l= x:-b= x:-j=", "luajit"},
    {"make", "", "", "text*",
     "-b -m -B|--always-make d:-C|--directory= -d --debug? x:-E|--eval= -e|--environment-overrides "
     "x:-f|--file|--makefile= -i|--ignore-errors x:-I|--include-dir= -j? --jobs? "
     "-k|--keep-going -l? --load-average? -L|--check-symlink-times "
     "-n|--just-print|--dry-run|--recon "
     "-o|--old-file|--assume-old= -O? --output-sync? -p|--print-data-base -q|--question "
     "-r|--no-builtin-rules -R|--no-builtin-variables -s|--silent|--quiet -S|--no-keep-going "
     "-t|--touch --trace -v|--version -w|--print-directory --no-print-directory "
     "-W|--what-if|--new-file|--assume-new= --warn-undefined-variables -h|--help",
     "make(1)"},
    {"mocha", "", "", "text*",
     "-g|--grep= -f|--fgrep= -b|--bail -t|--timeout= m:-R|--reporter= --exit --parallel "
     "--recursive "
     "--watch -w --forbid-only --version --help x:-r|--require= x:--config= x:--package= x:-u= "
     "x:--ui=",
     "mocha"},
    {"mypy", "", "", "read*",
     "--strict --ignore-missing-imports --no-error-summary --pretty --show-error-codes --version "
     "--python-version= -p= --no-incremental --no-color-output",
     "mypy"},
    {"ninja", "", "", "text*",
     "--version -v|--verbose --quiet -j= -k= -l= -n -d= -t= x:-f= d:-C=", "ninja"},
    {"node", "", "", "script text*",
     "-c|--check -C|--conditions= x:-e|--eval= x:-p|--print= x:-pe= x:-r|--require= x:--import= "
     "x:--loader= x:--experimental-loader= x:-i|--interactive --enable-source-maps --no-warnings "
     "--trace-warnings --trace-uncaught --trace-deprecation --no-deprecation --throw-deprecation "
     "--pending-deprecation --unhandled-rejections= --input-type= --preserve-symlinks --title= "
     "--max-old-space-size= --stack-trace-limit= --expose-gc --test --test-only --watch "
     "--test-name-pattern= m:--test-reporter= --test-concurrency= --test-timeout= --test-shard= "
     "--experimental-vm-modules --experimental-strip-types --experimental-test-coverage "
     "-v|--version -h|--help",
     "node(1)"},
    {"npm", "", "", "text*",
     "d:-C|--prefix= d:-w|--workspace= --workspaces --ws --include-workspace-root -iwr --loglevel= "
     "x:--registry= x:--userconfig= x:--globalconfig= x:--cache= -s|--silent -q|--quiet -d -dd "
     "-ddd --verbose W:-g|--global W:--location= --if-present --ignore-scripts --no-audit --audit "
     "--no-fund --fund --json -p|--parseable -l|--long --offline --prefer-offline --prefer-online "
     "-y|--yes --color? --no-color --no-progress --progress -h|--help -v|--version --usage "
     "x:--script-shell= x:--node-options= x:--git= x:--shell= x:--editor= x:--viewer= x:--call= "
     "x:--browser=",
     "npm-config(7)"},
    {"npm", "test,run,start,stop,restart", "", "text*", "", "npm-run(1)"},
    {"npm", "help", "x", "text*", "", "npm-help(1)"},
    {"npm", "install,ci,update,uninstall,dedupe,rebuild,prune,install-test", "w", "text*", "",
     "npm-install(1)", kNpmInstall},
    {"npm",
     "ls,view,outdated,explain,root,bin,ping,search,fund,query,doctor,prefix,whoami,sbom,"
     "find-dupes,help-search,completion,diff,get,stars,dist-tag ls,dist-tag list,owner ls,"
     "team ls,org ls,access list,cache ls",
     "", "text*",
     "-a|--all -g|--global --depth= --omit= --include= --package-lock-only --diff= --sbom-format= "
     "--sbom-type= --searchlimit= --searchopts= --searchexclude= --no-which --which "
     "--expect-results --diff-name-only --diff-unified=",
     "npm-ls(1)"},
    {"npm", "audit signatures", "", "", "", "npm-audit(1)"},
    {"npm", "audit", "", "", "--audit-level= --omit= --include= --package-lock-only --production",
     "npm-audit(1)"},
    {"npm", "config get,config list,config ls,pkg get", "", "text*", "", "npm-config(1)"},
    {"npm", "version", "we", "text",
     "-m|--message= --no-git-tag-version --allow-same-version --preid=", "npm-version(1)"},
    {"npm", "pack", "w", "text*", "i:--pack-destination= n:--dry-run", "npm-pack(1)"},
    {"npm", "publish,unpublish,deprecate", "s", "text*",
     "--tag= --access= n:--dry-run --otp= -f|--force", "npm-publish(1)"},
    {"npm", "exec,explore,edit,init,create", "x", "text*", "", "npm-exec(1)"},
    // What stands behind the program is read as its words.
    {"npx", "", "", "text*",
     "x:-y|--yes --no --no-install -q|--quiet --prefer-offline --offline -v|--version x:-c|--call= "
     "x:-p|--package= x:--node-options= x:--script-shell=",
     "npx(1)"},
    {"perl", "", "", "script text*",
     "-c -w -W -X -t -T -a -l -C -CS -CSD -CSDA -CSAD -CA -CO -CI -0 -00 -0777 -v|--version -V "
     "-h|--help x:-e= x:-E= x:-M= x:-m= x:-I= x:-n x:-p x:-x x:-d x:-D "
     "o:-i",
     "perlrun(1)"},
    {"php", "", "", "script text*",
     "-l|--syntax-check r:-f|--file= -v|--version -i|--info -m|--modules -h|--help -n|--no-php-ini "
     "-q "
     "x:-r= x:-B= x:-R= x:-E= x:-d= x:-c= x:-z= x:-a x:-S=",
     "php(1)"},
    {"pip", "", "", "text*",
     "-v|--verbose -q|--quiet --debug --isolated --no-input x:--proxy= --retries= --timeout= "
     "x:--trusted-host= x:--cert= x:--client-cert= x:--cache-dir= --no-cache-dir "
     "--disable-pip-version-check --no-color x:--python= w:--log= n:-h|--help -V|--version",
     "pip(1)"},
    {"pip", "install", "w", "text*",
     "xr:-r|--requirement= r:-c|--constraint= --no-deps --pre -U|--upgrade --upgrade-strategy= "
     "--force-reinstall -I|--ignore-installed --no-build-isolation --user --only-binary= "
     "--no-binary= --prefer-binary --require-hashes --dry-run --no-compile --progress-bar= "
     "x:-i|--index-url= x:--extra-index-url= x:-f|--find-links= x:-e|--editable= "
     "x:--config-settings= x:--global-option= w:-t|--target= w:--prefix= w:--root=",
     "pip-install"},
    {"pip",
     "list,show,freeze,check,index versions,inspect,debug,help,config list,config get,config debug,"
     "cache list,cache info,cache dir",
     "", "text*",
     "-o|--outdated -u|--uptodate -f|--files -l|--local --user --format= --not-required "
     "-e|--editable --exclude-editable --include-editable --pre --exclude= --all l:--path= "
     "r:-r|--requirement= --json --global --site --abspath",
     "pip-list"},
    {"pip", "hash", "", "read*", "-a|--algorithm=", "pip-hash"},
    {"pip", "uninstall", "w", "text*", "-y|--yes r:-r|--requirement=", "pip-uninstall"},
    {"pnpm", "", "", "text*",
     "d:-C|--dir= -F|--filter= -r|--recursive -w|--workspace-root -s|--silent --reporter= --color "
     "--no-color --if-present --parallel x:--script-shell= x:--node-options= x:--userconfig= "
     "-v|--version -h|--help --json --depth= --long --prod -P -D|--dev",
     "pnpm"},
    {"pnpm", "test,run,start", "", "text*", "", "pnpm"},
    // No commands of pnpm, so they are scripts of the package: `pnpm run build`.
    {"pnpm", "build,check,dev,format,lint,typecheck", "", "text*", "", "pnpm-run"},
    {"pnpm", "install,add,remove,update", "w", "text*",
     "--frozen-lockfile --no-frozen-lockfile --ignore-scripts --offline --prefer-offline "
     "--save-dev "
     "-E|--save-exact",
     "pnpm"},
    {"pnpm",
     "list,ls,la,ll,why,outdated,audit,root,bin,licenses list,licenses ls,"
     "store path,help,view,info,show",
     "", "text*", "", "pnpm"},
    {"pnpm", "exec,dlx,create", "x", "text*", "", "pnpm"},
    {"podman", "", "x", "text*", "", "podman(1)"},
    {"prettier", "", "", "read*",
     "n:-c|--check n:-l|--list-different o:-w|--write --log-level= --loglevel= --no-color --color "
     "--single-quote --tab-width= --print-width= --parser= --ignore-unknown -u --no-config "
     "--no-semi --trailing-comma= --stdin-filepath= --version --help "
     "--no-error-on-unmatched-pattern "
     "--cache x:--config= x:--plugin=",
     "prettier"},
    // A module of python, behind -m.
    {"py_compile", "", "w", "read*", "-q|--quiet", "python(1)"},
    {"pytest", "", "", "rev*",
     "-k= -m= -x|--exitfirst --maxfail= -q|--quiet -v|--verbose -vv -s --capture= -l|--showlocals "
     "--tb= -r= --lf|--last-failed --ff|--failed-first --nf|--new-first --sw|--stepwise "
     "--co|--collect-only "
     "--durations= --durations-min= --color= --no-header --no-summary --disable-warnings "
     "--deselect= --ignore= --ignore-glob= --runxfail --strict-markers --strict-config --markers "
     "--fixtures --setup-show --setup-only --setup-plan --cache-clear --cache-show? "
     "--show-capture= "
     "--import-mode= --doctest-modules --cov? --cov-branch --no-cov --cov-fail-under= -n= "
     "--numprocesses= --dist= --timeout= --reruns= --version -h|--help --log-level= "
     "--log-cli-level= "
     "x:-p= x:-c= x:--confcutdir= d:--rootdir= x:-o|--override-ini= x:--pdbcls= x:--trace x:--pdb "
     "x:-W= w:--basetemp= w:--junit-xml= w:--junitxml= W:--debug? --cov-report= x:--cov-config=",
     "pytest"},
    {"python", "", "", "script text*",
     "-b -B -d -E -I -O -OO -P -q -R -s -S -u -v -x -V|--version -h|--help x:-c= Mx:-m= x:-i x:-X= "
     "x:-W= --check-hash-based-pycs=",
     "python(1)"},
    // Like make: a Rakefile says what a task is.
    {"rake", "", "", "text*",
     "-T|--tasks? -P|--prereqs -n|--dry-run -N|--no-search -q|--quiet -s|--silent -t|--trace? "
     "-v|--verbose -V|--version -h|--help -j|--jobs? -m|--multitask",
     "rake"},
    {"ruby", "", "", "script text*",
     "-c -w -W -W0 -W1 -W2 -v|--version -h|--help --verbose --yjit --jit x:-e= x:-r= x:-I= d:-C= "
     "x:-n x:-p x:-s x:-x x:-X=",
     "ruby(1)"},
    {"ruff", "", "", "",
     "-q|--quiet -v|--verbose -s|--silent --isolated -h|--help -V|--version x:--config=", "ruff"},
    {"ruff", "check", "", "read*",
     "n:--diff oy:--fix oy:--fix-only --no-fix --unsafe-fixes --no-unsafe-fixes -n|--no-cache "
     "--statistics --output-format= --select= --ignore= --extend-select= --extend-ignore= "
     "--per-file-ignores= --line-length= --target-version= --exclude= -e|--exit-zero --show-fixes "
     "--show-files --preview --no-preview -w|--watch w:-o|--output-file= y:--add-noqa "
     "--stdin-filename= --respect-gitignore --force-exclude --exit-non-zero-on-fix",
     "ruff"},
    {"ruff", "format", "w", "write*",
     "n:--check n:--diff -n|--no-cache --line-length= --target-version= --exclude= --preview "
     "--stdin-filename= --respect-gitignore --force-exclude",
     "ruff"},
    {"ruff", "rule,linter,config,version", "", "text*", "--all --output-format=", "ruff"},
    {"task", "", "", "text*",
     "-l|--list -a|--list-all -n|--dry --summary -v|--verbose -s|--silent -p|--parallel -f|--force "
     "--version -h|--help -j|--json -c|--color -o|--output= --status d:-d|--dir= x:-t|--taskfile= "
     "x:-g|--global x:-i|--init",
     "task"},
    {"tclsh", "", "", "script text*", "", "tclsh(1)"},
    {"terraform", "", "", "text*", "d:-chdir= -version -help", "terraform"},
    {"terraform",
     "validate,version,providers,graph,show,output,state list,state show,workspace list,"
     "workspace show",
     "", "read*", "-raw -id= -state= -type= -test-directory= -plan= -draw-cycles", "terraform",
     kTerraform},
    {"terraform", "plan", "", "text*",
     "-destroy -refresh-only -refresh= -replace= -target= -detailed-exitcode -parallelism= -state= "
     "-lock-timeout= w:-out= w:-generate-config-out=",
     "terraform", kTerraform},
    {"terraform", "fmt", "w", "write*", "n:-check -diff -recursive -list= n:-write=false -no-color",
     "terraform"},
    {"terraform", "init", "w", "text*",
     "-upgrade -reconfigure -migrate-state -backend= -get= -force-copy -from-module= -lockfile= "
     "x:-backend-config= x:-plugin-dir=",
     "terraform", kTerraform},
    {"terraform", "apply,destroy", "s", "read*",
     "-auto-approve -destroy -refresh-only -refresh= -replace= -target= -parallelism= -state= "
     "w:-state-out= w:-backup= -lock-timeout=",
     "terraform", kTerraform},
    {"terraform", "state rm,state mv,state push,import,taint,untaint,force-unlock", "s", "text*",
     "-force -state= -allow-missing -dry-run", "terraform", kTerraform},
    {"tsc", "", "w", "read*",
     "n:--noEmit -b|--build -w|--watch --strict --skipLibCheck --pretty n:-v|--version n:-h|--help "
     "--incremental --listFiles n:--showConfig --diagnostics --extendedDiagnostics -t|--target= "
     "-m|--module= --moduleResolution= --jsx= --lib= --esModuleInterop --allowJs --checkJs "
     "--noEmitOnError --declaration -d --emitDeclarationOnly d:-p|--project= --dry --verbose "
     "--traceResolution --resolveJsonModule --sourceMap --noImplicitAny --noUnusedLocals "
     "--noUnusedParameters --preserveWatchOutput w:--outDir= w:--outFile= w:--declarationDir= "
     "w:--tsBuildInfoFile= w:--generateTrace= x:--plugins=",
     "tsc"},
    // A module of python, behind -m.
    {"unittest", "", "", "read*",
     "-v|--verbose -q|--quiet -f|--failfast -c|--catch -b|--buffer -k= --locals "
     "d:-s|--start-directory= -p|--pattern= d:-t|--top-level-directory= --durations= -h|--help",
     "python(1)"},
    {"vitest", "", "", "text*", "", "vitest", kVitest},
    // Alone it installs.
    {"yarn", "", "w", "text*",
     "d:--cwd= -s|--silent --verbose n:-v|--version n:-h|--help --json --offline --non-interactive "
     "--frozen-lockfile --immutable",
     "yarn"},
    {"yarn", "test,run,start", "", "text*", "", "yarn"},
    // No commands of yarn, so they are scripts of the package: `yarn run build`.
    {"yarn", "build,dev,format,lint,typecheck", "", "text*", "", "yarn-run"},
    {"yarn", "install,add,remove,upgrade", "w", "text*",
     "-D|--dev -E|--exact --ignore-scripts --production --check-files", "yarn"},
    {"yarn",
     "list,info,why,outdated,audit,bin,help,versions,workspaces info,workspaces list,"
     "licenses list,cache dir,cache list,npm info,npm audit",
     "", "text*",
     "--depth= --pattern= --level= --groups= -A|--all -R|--recursive -f|--fields= -i|--virtuals",
     "yarn"},
    {"yarn", "exec,dlx,node,config,create", "x", "text*", "", "yarn"},
});

}  // namespace

std::span<const Usage> builders_table() {
  return kBuilders;
}

}  // namespace pawl::shell
