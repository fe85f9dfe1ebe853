// What is known of git: its subcommands as of 2.39, with what later versions have of the same
// names.
#include <array>

#include "lang/shell/programs.h"

namespace pawl::shell {
namespace {

// Options of commits that are walked, and of differences that are shown.
constexpr std::string_view kLog =
    "-# -n= --max-count= --skip= --since= --after= --until= --before= --author= --committer= "
    "--grep= --grep-reflog= --all-match --invert-grep -i|--regexp-ignore-case --basic-regexp "
    "-E|--extended-regexp -F|--fixed-strings -P|--perl-regexp --remove-empty --merges --no-merges "
    "--min-parents= --max-parents= --no-min-parents --no-max-parents --first-parent --not --all "
    "--branches? --tags? --remotes? --glob= --exclude= --reflog --cherry-mark --cherry-pick "
    "--left-only --right-only --left-right --cherry -g|--walk-reflogs --boundary --simplify-merges "
    "--simplify-by-decoration --full-history --dense --sparse --ancestry-path --show-pulls "
    "--date-order --author-date-order --topo-order --reverse --no-walk? --do-walk --pretty? "
    "--format= --abbrev-commit --no-abbrev-commit --oneline --encoding= --notes? --no-notes "
    "--show-signature --relative-date --date= --parents --children --graph --show-linear-break? "
    "--follow --decorate? --no-decorate --decorate-refs= --decorate-refs-exclude= "
    "--clear-decorations "
    "--source --log-size v:-L= --stdin --bisect --mailmap --no-mailmap --use-mailmap --full-diff "
    "--count --objects --timestamp --header --no-commit-header --commit-header --quiet "
    "--no-expand-tabs --expand-tabs? --show-notes? --standard-notes --no-standard-notes ";
constexpr std::string_view kDiff =
    "-p|-u|--patch -s|--no-patch -U= --unified= --raw --patch-with-raw --indent-heuristic "
    "--no-indent-heuristic --minimal --patience --histogram --anchored= --diff-algorithm= --stat? "
    "--compact-summary --numstat --shortstat --dirstat? -X? --cumulative --summary "
    "--patch-with-stat -z --name-only --name-status --submodule? --color? --no-color "
    "--color-moved? --no-color-moved --color-moved-ws= --word-diff? --word-diff-regex= "
    "--color-words? --no-renames --rename-empty --no-rename-empty --check --ws-error-highlight= "
    "--full-index --binary --abbrev? --no-abbrev -B? --break-rewrites? -M? --find-renames? -C? "
    "--find-copies? --find-copies-harder -D|--irreversible-delete -l= --diff-filter= -S= -G= "
    "--find-object= --pickaxe-all --pickaxe-regex r:-O= --skip-to= --rotate-to= -R --relative? "
    "--no-relative -a|--text --ignore-cr-at-eol --ignore-space-at-eol -b|--ignore-space-change "
    "-w|--ignore-all-space --ignore-blank-lines -I= --ignore-matching-lines= "
    "--inter-hunk-context= -W|--function-context --no-function-context --exit-code "
    "x:--ext-diff --no-ext-diff x:--textconv --no-textconv --ignore-submodules? --src-prefix= "
    "--dst-prefix= --no-prefix --line-prefix= --ita-invisible-in-index --ita-visible-in-index "
    "w:--output= --output-indicator-new= --output-indicator-old= --output-indicator-context= "
    "-c|--cc --combined-all-paths -m --diff-merges= --no-diff-merges -t -r -v ";
constexpr std::string_view kList =
    "n:--contains= n:--no-contains= n:--merged? n:--no-merged? n:--points-at= --sort= --format= "
    "--color? --column? -i|--ignore-case ";
constexpr std::string_view kPick =
    "--quit --continue !:--abort !:--skip --cleanup= -n|--no-commit -e|--edit -s|--signoff "
    "-m|--mainline= --rerere-autoupdate --strategy= -X|--strategy-option= -S|--gpg-sign? -x --ff "
    "--allow-empty --allow-empty-message --keep-redundant-commits --reference --commit ";
constexpr std::string_view kFetch =
    "-v|--verbose -q|--quiet --all --set-upstream -a|--append --atomic x:--upload-pack= "
    "-f|--force -m|--multiple -t|--tags -j|--jobs= --prefetch -p|--prune -P|--prune-tags "
    "--recurse-submodules? --dry-run --write-fetch-head -k|--keep -u|--update-head-ok --progress "
    "--depth= --shallow-since= --shallow-exclude= --deepen= --unshallow --refetch "
    "--update-shallow --refmap= x:-o|--server-option= -4|--ipv4 -6|--ipv6 --negotiation-tip= "
    "--negotiate-only --filter= --auto-maintenance --auto-gc --show-forced-updates "
    "--write-commit-graph --no-tags ";

constexpr auto kGit = std::to_array<Usage>({
    {"git", "", "", "text*",
     "d:-C= x:-c= x:--git-dir= x:--work-tree= --namespace= x:--config-env= x:--super-prefix= "
     "x:--attr-source= x:--exec-path= --html-path --man-path --info-path -p|--paginate "
     "-P|--no-pager --bare --no-replace-objects --no-lazy-fetch --no-optional-locks --no-advice "
     "--literal-pathspecs --glob-pathspecs --noglob-pathspecs --icase-pathspecs -v|--version "
     "-h|--help",
     "git(1)"},
    {"git", "status", "", "look*",
     "-v|--verbose -s|--short -b|--branch --show-stash --ahead-behind --porcelain? --long "
     "-z|--null -u|--untracked-files? --ignored? --ignore-submodules? --column? --no-renames "
     "-M|--find-renames? --renames",
     "git-status(1)"},
    {"git", "add", "w", "read*",
     "n:-n|--dry-run -v|--verbose x:-i|--interactive x:-p|--patch x:-e|--edit -f|--force "
     "-u|--update --renormalize -N|--intent-to-add -A|--all|--no-ignore-removal --ignore-removal "
     "--refresh --ignore-errors --ignore-missing --sparse --chmod= r:--pathspec-from-file= "
     "--pathspec-file-nul --warn-embedded-repo",
     "git-add(1)"},
    {"git", "commit", "w", "read*",
     "-q|--quiet -v|--verbose r:-F|--file= --author= --date= -m|--message= -c|--reedit-message= "
     "-C|--reuse-message= --fixup= --squash= --reset-author --trailer= -s|--signoff "
     "r:-t|--template= -e|--edit --cleanup= --status -S|--gpg-sign? -a|--all -i|--include "
     "x:--interactive x:-p|--patch -o|--only -n|--no-verify n:--dry-run --short --branch "
     "--ahead-behind --porcelain --long -z|--null --amend --no-post-rewrite "
     "-u|--untracked-files? r:--pathspec-from-file= --pathspec-file-nul --allow-empty "
     "--allow-empty-message --verify --post-rewrite",
     "git-commit(1)"},
    {"git", "switch", "w", "text*",
     "-c|--create= -C|--force-create= --guess !:-f|--force|--discard-changes -q|--quiet "
     "--recurse-submodules? --progress -m|--merge --conflict= -d|--detach -t|--track? --orphan= "
     "--overwrite-ignore --ignore-other-worktrees",
     "git-switch(1)"},
    {"git", "checkout", "w!e", "write*",
     "k:-b= k:-B= -l --guess --overlay -q|--quiet --recurse-submodules? --progress -m|--merge "
     "--conflict= k:-d|--detach k:-t|--track? !:-f|--force k:--orphan= --overwrite-ignore "
     "--ignore-other-worktrees !:-2|--ours !:-3|--theirs x:-p|--patch "
     "--ignore-skip-worktree-bits r:--pathspec-from-file= --pathspec-file-nul",
     "git-checkout(1)"},
    {"git", "restore", "w!", "write*",
     "-s|--source= k:-S|--staged !:-W|--worktree --ignore-unmerged --overlay -q|--quiet "
     "--recurse-submodules? --progress -m|--merge --conflict= -2|--ours -3|--theirs x:-p|--patch "
     "--ignore-skip-worktree-bits r:--pathspec-from-file= --pathspec-file-nul",
     "git-restore(1)"},
    {"git", "stash", "w", "",
     "-k|--keep-index -S|--staged x:-p|--patch -q|--quiet -u|--include-untracked -a|--all "
     "-m|--message= r:--pathspec-from-file= --pathspec-file-nul",
     "git-stash(1)"},
    {"git", "stash push,stash save", "w", "look*",
     "-k|--keep-index -S|--staged x:-p|--patch -q|--quiet -u|--include-untracked -a|--all "
     "-m|--message= r:--pathspec-from-file= --pathspec-file-nul",
     "git-stash(1)"},
    {"git", "stash list", "", "rev*", kLog, "git-stash(1)", kDiff},
    {"git", "stash show", "", "rev*", "-u|--include-untracked --only-untracked", "git-stash(1)",
     kDiff},
    {"git", "stash pop,stash apply", "w", "rev", "-q|--quiet --index", "git-stash(1)"},
    {"git", "stash branch", "w", "text rev", "", "git-stash(1)"},
    {"git", "stash create,stash store", "w", "text*", "-m|--message= -q|--quiet", "git-stash(1)"},
    {"git", "stash drop", "w!", "rev", "-q|--quiet", "git-stash(1)"},
    {"git", "stash clear", "w!", "", "", "git-stash(1)"},
    {"git", "branch", "we", "text*",
     "-v|--verbose -q|--quiet -t|--track? W:-u|--set-upstream-to= W:--unset-upstream -r|--remotes "
     "--abbrev? n:-a|--all W:-d|--delete !:-D W:-m|--move !:-M W:-c|--copy !:-C n:-l|--list "
     "n:--show-current --create-reflog x:--edit-description !:-f|--force --recurse-submodules",
     "git-branch(1)", kList},
    {"git", "tag", "we", "text*",
     "n:-l|--list n:-n? !:-d|--delete n:-v|--verify -a|--annotate -m|--message= r:-F|--file= "
     "-e|--edit -s|--sign --cleanup= -u|--local-user= !:-f|--force --create-reflog",
     "git-tag(1)", kList},
    {"git", "fetch", "w", "look*", kFetch, "git-fetch(1)"},
    {"git", "pull", "w", "look*",
     "-r|--rebase? -n --stat --log? --signoff? --squash --commit --edit --cleanup= --ff --ff-only "
     "--verify --verify-signatures --autostash -s|--strategy= -X|--strategy-option= "
     "-S|--gpg-sign? --allow-unrelated-histories --summary",
     "git-pull(1)", kFetch},
    {"git", "push", "s", "look*",
     // Not `--recurse-submodules`, which pushes other repositories, nor `--push-option`, which may
     // ask the server for anything, to merge among it.
     "-v|--verbose -q|--quiet --repo= --all|--branches --mirror -d|--delete --tags n:-n|--dry-run "
     "--porcelain -f|--force --force-with-lease? --force-if-includes --thin "
     "x:--receive-pack= x:--exec= -u|--set-upstream --progress --prune --no-verify --follow-tags "
     "--signed? --atomic -4|--ipv4 -6|--ipv6 --verify",
     "git-push(1)"},
    {"git", "clone", "w", "look into",
     "-v|--verbose -q|--quiet --progress --reject-shallow -n|--no-checkout --bare --mirror "
     "-l|--local --no-hardlinks -s|--shared x:--recurse-submodules? x:--recursive? -j|--jobs= "
     "x:--template= l:--reference= l:--reference-if-able= --dissociate -o|--origin= -b|--branch= "
     "x:-u|--upload-pack= --depth= --shallow-since= --shallow-exclude= --single-branch --no-tags "
     "--shallow-submodules x:--separate-git-dir= x:-c|--config= x:--server-option= -4|--ipv4 "
     "-6|--ipv6 --filter= --also-filter-submodules --remote-submodules --sparse",
     "git-clone(1)"},
    {"git", "init", "w", "into",
     "x:--template= --bare --shared? -q|--quiet x:--separate-git-dir= -b|--initial-branch= "
     "--object-format=",
     "git-init(1)"},
    {"git", "merge", "w", "rev*",
     "-n --stat --summary --log? --squash --commit -e|--edit --cleanup= --ff --ff-only "
     "--rerere-autoupdate --verify-signatures -s|--strategy= -X|--strategy-option= -m|--message= "
     "r:-F|--file= --into-name= -v|--verbose -q|--quiet !:--abort --quit --continue "
     "--allow-unrelated-histories --progress -S|--gpg-sign? --autostash --signoff --no-verify "
     "--verify",
     "git-merge(1)"},
    {"git", "rebase", "w", "rev*",
     "--onto= --keep-base --no-verify -q|--quiet -v|--verbose -n|--no-stat --signoff "
     "--committer-date-is-author-date --reset-author-date --ignore-whitespace --whitespace= "
     "-f|--force-rebase --no-ff --continue !:--skip !:--abort --quit x:--edit-todo "
     "--show-current-patch --apply -m|--merge x:-i|--interactive --rerere-autoupdate --empty= "
     "--autosquash --update-refs -S|--gpg-sign? --autostash x:-x|--exec= -r|--rebase-merges? "
     "--fork-point -s|--strategy= -X|--strategy-option= --root --reapply-cherry-picks --keep-empty "
     "--verify --stat --ff",
     "git-rebase(1)"},
    {"git", "cherry-pick,revert", "w", "rev*", kPick, "git-cherry-pick(1)"},
    {"git", "reset", "w", "look*",
     "-q|--quiet --no-refresh --mixed --soft !:--hard !:--merge !:--keep --recurse-submodules? "
     "x:-p|--patch -N|--intent-to-add r:--pathspec-from-file= --pathspec-file-nul --refresh",
     "git-reset(1)"},
    {"git", "rm", "w", "write*",
     "n:-n|--dry-run -q|--quiet --cached !:-f|--force -r --ignore-unmatch --sparse "
     "r:--pathspec-from-file= --pathspec-file-nul",
     "git-rm(1)"},
    {"git", "mv", "w", "move* write", "-v|--verbose n:-n|--dry-run !:-f|--force -k --sparse",
     "git-mv(1)"},
    {"git", "clean", "w!", "write*",
     "-q|--quiet n:-n|--dry-run -f|--force x:-i|--interactive -d -e|--exclude= -x -X",
     "git-clean(1)"},
    {"git", "log,whatchanged,reflog,reflog show", "", "rev*", kLog, "git-log(1)", kDiff},
    {"git", "show", "", "rev*", kLog, "git-show(1)", kDiff},
    {"git", "rev-list", "", "rev*",
     "--objects? --disk-usage? --unpacked --bisect-vars --bisect-all --no-object-names "
     "--object-names --in-commit-order --use-bitmap-index --filter= --missing= --max-age= "
     "--min-age=",
     "git-rev-list(1)", kLog},
    {"git", "diff", "", "rev*",
     "--cached|--staged --merge-base --no-index -0 --base -1 -2 --ours -3 --theirs --quiet",
     "git-diff(1)", kDiff},
    {"git", "diff-tree,diff-index,diff-files", "", "rev*",
     "--cached --merge-base --root --stdin --pretty? --format= --no-commit-id --always -q -s -m",
     "git-diff-tree(1)", kDiff},
    {"git", "range-diff", "", "rev*",
     "--creation-factor= --no-dual-color --dual-color --left-only --right-only",
     "git-range-diff(1)", kDiff},
    {"git", "reflog exists", "", "text", "", "git-reflog(1)"},
    {"git", "reflog expire,reflog delete,reflog drop,reflog write", "w!", "text*",
     "n:-n|--dry-run --all --expire= --expire-unreachable= --updateref --rewrite --stale-fix "
     "--verbose --single-worktree",
     "git-reflog(1)"},
    {"git", "shortlog", "", "rev*",
     "-c|--committer -n|--numbered -s|--summary -e|--email -w? --group= --all --since= --until= "
     "--after= "
     "--before= --no-merges --merges --author= --branches? --tags? --remotes? --first-parent",
     "git-shortlog(1)"},
    {"git", "blame,annotate", "", "rev*",
     "--incremental -b --root --show-stats --progress --score-debug -f|--show-name "
     "-n|--show-number -p|--porcelain --line-porcelain -c -t -l -s -e|--show-email -w "
     "--ignore-rev= r:--ignore-revs-file= --color-lines --color-by-age --minimal r:-S= "
     "r:--contents= -C? -M? -L= --abbrev? --date= --first-parent --since=",
     "git-blame(1)"},
    {"git", "grep", "", "pattern rev*",
     "--cached --no-index --untracked --exclude-standard --recurse-submodules -v|--invert-match "
     "-i|--ignore-case -w|--word-regexp -a|--text -I x:--textconv -r|--recursive --max-depth= "
     "-E|--extended-regexp -G|--basic-regexp -F|--fixed-strings -P|--perl-regexp "
     "-n|--line-number --column -h -H --full-name -l|--files-with-matches|--name-only "
     "-L|--files-without-match -z|--null -o|--only-matching -c|--count --color? --break --heading "
     "-C|--context= -B|--before-context= -A|--after-context= --threads= -# -p|--show-function "
     "-W|--function-context pr:-f= p:-e= --and --or --not -q|--quiet --all-match "
     "x:-O|--open-files-in-pager? -m|--max-count= --index",
     "git-grep(1)"},
    {"git", "ls-files", "", "look*",
     "-z -t -v -f -c|--cached -d|--deleted -m|--modified -o|--others -i|--ignored -s|--stage "
     "-k|--killed --directory --eol --empty-directory -u|--unmerged --resolve-undo -x|--exclude= "
     "r:-X|--exclude-from= --exclude-per-directory= --exclude-standard --full-name "
     "--recurse-submodules --error-unmatch --with-tree= --abbrev? --debug --deduplicate --sparse "
     "--format=",
     "git-ls-files(1)"},
    {"git", "ls-tree", "", "text look*",
     "-d -r -t -z -l|--long --name-only --name-status --object-only --full-name --full-tree "
     "--format= --abbrev?",
     "git-ls-tree(1)"},
    {"git", "cat-file", "", "rev*",
     "-e -p -t -s --allow-unknown-type --use-mailmap --mailmap --batch-check? -z "
     "--batch-all-objects --buffer --follow-symlinks --unordered x:--textconv x:--filters --path=",
     "git-cat-file(1)"},
    {"git", "rev-parse", "", "rev*",
     "--abbrev-ref? --short? --verify -q|--quiet --all --branches? --tags? --remotes? --glob= "
     "--exclude= --disambiguate= --symbolic --symbolic-full-name --not --default= --since= "
     "--after= --until= --before= --show-toplevel --show-cdup --show-prefix --git-dir "
     "--absolute-git-dir --git-common-dir --is-inside-git-dir --is-inside-work-tree "
     "--is-bare-repository --is-shallow-repository --show-superproject-working-tree --git-path= "
     "--local-env-vars --revs-only --no-revs --flags --no-flags --path-format= "
     "--show-object-format? --shared-index-path",
     "git-rev-parse(1)"},
    {"git", "describe", "", "rev*",
     "--contains --debug --all --tags --long --first-parent --abbrev? --exact-match --candidates= "
     "--match= --exclude= --always --dirty? --broken?",
     "git-describe(1)"},
    {"git", "name-rev,merge-base,cherry,show-branch", "", "rev*",
     "--name-only --tags --refs= --all -a --undefined --always --octopus --independent "
     "--is-ancestor --fork-point --abbrev? -v|--verbose -r|--remotes --color? --list --no-name "
     "--current --sha1-name --topo-order --date-order --sparse --topics",
     "git-merge-base(1)"},
    {"git", "for-each-ref", "", "text*",
     "-s|--shell -p|--perl --python --tcl --count= --format= --color? --sort= --points-at= "
     "--merged? --no-merged? --contains? --no-contains? --ignore-case",
     "git-for-each-ref(1)"},
    {"git", "show-ref,symbolic-ref", "e", "text",
     "--tags --heads --branches --verify --head --dereference -s|--hash? --abbrev? -q|--quiet "
     "--short --recurse !:-d|--delete",
     "git-show-ref(1)"},
    {"git", "ls-remote", "", "look*",
     "-q|--quiet x:--upload-pack= x:--exec= -t|--tags -h|--heads|--branches --refs --get-url "
     "--sort= --exit-code --symref x:-o|--server-option=",
     "git-ls-remote(1)"},
    {"git", "check-ignore,check-attr", "", "text*",
     "-q|--quiet -v|--verbose --stdin -z -n|--non-matching --no-index -a|--all --cached --source=",
     "git-check-ignore(1)"},
    {"git", "count-objects,version", "", "", "-v|--verbose -H|--human-readable --build-options",
     "git-count-objects(1)"},
    {"git", "fsck", "", "rev*",
     "-v|--verbose --unreachable --dangling --no-dangling --tags --root --cache --reflogs --full "
     "--connectivity-only --strict W:--lost-found --progress --name-objects",
     "git-fsck(1)"},
    {"git", "gc,prune", "w!", "",
     "-q|--quiet --prune? --aggressive --auto --force n:-n|--dry-run -v|--verbose --expire=",
     "git-gc(1)"},
    {"git", "worktree list", "", "", "--porcelain -v|--verbose --expire= -z", "git-worktree(1)"},
    {"git", "worktree add", "w", "into text",
     "-f|--force -b= -B= -d|--detach --checkout --no-checkout --lock --reason= -q|--quiet --track "
     "--guess-remote",
     "git-worktree(1)"},
    {"git", "worktree remove", "w", "write", "!:-f|--force", "git-worktree(1)"},
    {"git", "worktree move", "w", "move write", "!:-f|--force", "git-worktree(1)"},
    {"git", "worktree prune,worktree lock,worktree unlock", "w", "text*",
     "n:-n|--dry-run -v|--verbose --expire= --reason=", "git-worktree(1)"},
    {"git", "remote", "e", "", "-v|--verbose", "git-remote(1)"},
    {"git", "remote show,remote get-url", "", "look*", "-n --push --all", "git-remote(1)"},
    {"git", "remote add,remote set-url,remote rename,remote remove,remote rm", "w", "text*",
     "-f|--fetch --tags -t|--track= -m|--master= --mirror? --push --add --delete --progress",
     "git-remote(1)"},
    {"git", "remote prune,remote update,remote set-head,remote set-branches", "w", "look*",
     "n:-n|--dry-run -p|--prune -a|--auto -d|--delete --add", "git-remote(1)"},
    // What is set may be a program to run.
    {"git", "config", "xO", "text*",
     "--global --system --local --worktree r:-f|--file= --blob= n:--get n:--get-all n:--get-regexp "
     "n:--get-urlmatch n:-l|--list n:--get-color n:--get-colorbool --fixed-value -t|--type= "
     "--bool --int --bool-or-int --bool-or-str --path --expiry-date -z|--null --name-only "
     "--includes --no-includes --show-origin --show-scope --default=",
     "git-config(1)"},
    {"git", "config get,config list", "", "text*",
     "--global --system --local --worktree r:-f|--file= --blob= --all --regexp --value= "
     "--fixed-value --url= --type= -z|--null --name-only --show-names --show-origin --show-scope "
     "--default=",
     "git-config(1)"},
    {"git", "apply,am", "W", "read*",
     "--exclude= --include= -p= n:--stat n:--numstat n:--summary n:--check --index "
     "-N|--intent-to-add --cached -z -C= --whitespace= --ignore-space-change "
     "--ignore-whitespace -R|--reverse --unidiff-zero --reject --allow-overlap -v|--verbose "
     "-q|--quiet --recount --directory= --allow-empty -3|--3way -s|--signoff -k|--keep "
     "--continue !:--skip !:--abort --quit",
     "git-apply(1)"},
    {"git", "format-patch", "w", "rev*",
     "-# -n|--numbered -N|--no-numbered -s|--signoff n:--stdout --cover-letter --numbered-files "
     "--suffix= --start-number= -v|--reroll-count= --rfc --subject-prefix= "
     "w:-o|--output-directory= "
     "-k|--keep-subject --zero-commit --add-header= --to= --cc= --base= -q|--quiet --progress",
     "git-format-patch(1)"},
    {"git", "archive", "", "rev*",
     "--format= --prefix= r:--add-file= --add-virtual-file= w:-o|--output= --worktree-attributes "
     "-v|--verbose -# -l|--list s:--remote= x:--exec=",
     "git-archive(1)"},
    {"git", "bundle create", "", "write rev*",
     "-q|--quiet --progress --all-progress --version=", "git-bundle(1)", kLog},
    {"git", "bundle verify,bundle list-heads", "", "read text*", "-q|--quiet", "git-bundle(1)"},
    // Both ask gpg.
    {"git", "verify-commit,verify-tag", "", "text*",
     "-v|--verbose --raw --format=", "git-verify-commit(1)"},
    {"git", "merge-tree", "", "text*",
     "--write-tree --trivial-merge --messages --no-messages --name-only -z --merge-base= "
     "--allow-unrelated-histories --quiet -X|--strategy-option=",
     "git-merge-tree(1)"},
    {"git", "stripspace,column,patch-id,interpret-trailers", "", "read*",
     "-s|--strip-comments -c|--comment-lines --mode= --raw-mode= --width= --indent= --nl= "
     "--padding= --stable --unstable --verbatim oy:--in-place --trim-empty --where= --if-exists= "
     "--if-missing= --only-trailers --only-input --unfold --parse --no-divider --trailer=",
     "git-column(1)"},
    {"git", "check-mailmap,check-ref-format,var", "", "text*",
     "--stdin --mailmap-file= --allow-onelevel --refspec-pattern --normalize --branch -l",
     "git-var(1)"},
    {"git", "notes", "", "", "--ref=", "git-notes(1)"},
    {"git", "notes list,notes show,notes get-ref", "", "rev*", "--ref=", "git-notes(1)"},
    {"git", "sparse-checkout list,bisect log,rerere status,rerere diff", "", "", "",
     "git-sparse-checkout(1)"},
    {"git", "submodule", "", "", "-q|--quiet --cached", "git-submodule(1)"},
    {"git", "submodule status,submodule summary", "", "look*",
     "-q|--quiet --cached --recursive --files -n|--summary-limit=", "git-submodule(1)"},
    {"git", "hash-object", "", "read*", "-t= W:-w --stdin --path= --no-filters",
     "git-hash-object(1)"},
    {"git", "bisect run", "x", "text*", "", "git-bisect(1)"},
    {"git", "help", "x", "text*", "", "git-help(1)"},
});

}  // namespace

std::span<const Usage> git_table() {
  return kGit;
}

}  // namespace pawl::shell
