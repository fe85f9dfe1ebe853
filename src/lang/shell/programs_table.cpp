// What is known of programs. Lines of one program stand together, the program itself first; a test
// looks after that, and another compares what is said here with what the real programs do.
#include <array>

#include "lang/shell/programs.h"

namespace pawl::shell {
namespace {

constexpr auto kPrograms = std::to_array<Program>({
    {"Rscript", Style::ordered},
    {"[", Style::words},
    {"cargo", Style::getopt, "b=build c=check t=test r=run d=doc rm=remove", false, true},
    {"docker", Style::getopt, "", false, true},
    {"echo", Style::words},
    {"false", Style::words},
    {"find", Style::single},
    {"gh", Style::getopt, "", false, true},
    {"git", Style::getopt, "stage=add", false, false, true},
    {"go", Style::single},
    {"helm", Style::getopt, "ls=list del=uninstall delete=uninstall un=uninstall", false, true},
    {"java", Style::single},
    {"julia", Style::ordered},
    {"kubectl", Style::getopt, "", false, true},
    {"lua", Style::ordered},
    {"luajit", Style::ordered},
    {"node", Style::ordered},
    {"npm", Style::getopt,
     "i=install in=install ins=install inst=install add=install isntall=install ci=ci "
     "clean-install=ci ic=ci t=test tst=test rum=run urn=run run-script=run x=exec "
     "it=install-test r=uninstall rm=uninstall un=uninstall remove=uninstall unlink=uninstall "
     "up=update upgrade=update list=ls ll=ls la=ls c=config issues=bugs why=explain v=view "
     "info=view show=view",
     true, true},
    {"npx", Style::ordered},
    {"openssl", Style::single},
    {"perl", Style::ordered},
    {"php", Style::ordered},
    {"pip", Style::getopt, "", false, true},
    {"pnpm", Style::getopt, "i=install t=test rm=remove un=remove", false, true},
    {"printf", Style::words},
    {"python", Style::ordered},
    {"ruby", Style::ordered},
    {"tclsh", Style::ordered},
    {"terraform", Style::single},
    {"test", Style::words},
    {"true", Style::words},
    {"yarn", Style::getopt, "", false, true},
});

constexpr std::string_view kSums =
    "-b|--binary r:-c|--check -t|--text -z|--zero --tag --ignore-missing --quiet --status --strict "
    "-w|--warn";

constexpr auto kUsages = std::to_array<Usage>({
    {"7z", "", "W", "text*", "", "7z(1)"},
    {"R", "", "x", "text*", "", "R(1)"},
    {"[", "", "h", "text*", "", "test(1)"},
    {"ansible", "", "x", "text*", "", "ansible(1)"},
    {"ansible-playbook", "", "x", "text*", "", "ansible(1)"},
    {"ar", "", "W", "text*", "", "ar(1)"},
    {"arch", "", "h", "", "", "arch(1)"},
    {"at", "", "x", "text*", "", "at(1)"},
    // The program itself is read by code.cpp.
    {"awk", "", "c", "pattern read*",
     "-v|--assign= -F|--field-separator= -b|--characters-as-bytes -c|--traditional -C|--copyright "
     "-g|--gen-pot -h|--help -n|--non-decimal-data -N|--use-lc-numeric -M|--bignum -O|--optimize "
     "-P|--posix -r|--re-interval -s|--no-optimize -S|--sandbox -t|--lint-old -V|--version "
     "xp:-f|--file= xp:-e|--source= x:-i|--include= x:-l|--load= xp:-E|--exec= x:-W= W:-o? "
     "W:--pretty-print? W:-p? W:--profile? W:-d? W:--dump-variables? x:-D? x:--debug? x:-L? "
     "--lint?",
     "gawk(1)"},
    {"b2sum", "", "h", "read*", "r:-c|--check -l|--length=", "b2sum(1)"},
    {"base64", "", "h", "read", "-d|--decode -i|--ignore-garbage -w|--wrap=", "base64(1)"},
    {"basename", "", "h", "text*", "-a|--multiple -s|--suffix= -z|--zero", "basename(1)"},
    // What shells run is read by wrappers.cpp.
    {"bash", "", "c", "script text*", "-o= -O=", "bash(1)"},
    {"bat", "", "", "read*",
     "-A|--show-all -p|--plain -l|--language= -n|--number -d|--diff --color= --decorations= "
     "--paging= -r|--line-range= -H|--highlight-line= --style= --theme= --wrap= --tabs= "
     "--terminal-width= -s|--squeeze-blank -L|--list-languages --list-themes x:--pager= -P",
     "bat(1)"},
    {"batch", "", "x", "text*", "", "at(1)"},
    {"busybox", "", "x", "text*", "", "busybox(1)"},
    {"bwrap", "", "x", "text*", "", "bwrap(1)"},
    {"bzcat", "", "h", "read*", "", "bzip2(1)"},
    {"capsh", "", "x", "text*", "", "capsh(1)"},
    {"cat", "", "h", "read*", "-n -b -A -E -T -s", "cat(1)"},
    {"catchsegv", "", "x", "text*", "", "catchsegv(1)"},
    {"cd", "", "h", "text*", "", "bash(1)"},
    {"chgrp", "", "", "pattern write*",
     "-c|--changes -f|--silent|--quiet -v|--verbose --dereference -h|--no-dereference "
     "--preserve-root --no-preserve-root p:--reference= -R|--recursive -H -L -P",
     "chgrp(1)"},
    {"chmod", "", "", "pattern write*",
     "-c|--changes -f|--silent|--quiet -v|--verbose --preserve-root --no-preserve-root "
     "p:--reference= -R|--recursive",
     "chmod(1)"},
    {"choom", "", "x", "text*", "", "choom(1)"},
    {"chown", "", "", "pattern write*",
     "-c|--changes -f|--silent|--quiet -v|--verbose --dereference -h|--no-dereference --from= "
     "--preserve-root --no-preserve-root p:--reference= -R|--recursive -H -L -P",
     "chown(1)"},
    {"chpst", "", "x", "text*", "", "chpst(1)"},
    {"chroot", "", "x", "text*", "", "chroot(1)"},
    {"chrt", "", "x", "text*", "", "chrt(1)"},
    {"cksum", "", "h", "read*", "-a|--algorithm= --check -l|--length=", "cksum(1)"},
    {"clisp", "", "x", "text*", "", "clisp(1)"},
    {"cmp", "", "h", "read*", "-b -i|--ignore-initial= -l -n|--bytes= -s", "cmp(1)"},
    {"column", "", "h", "read*",
     "-c|--output-width= -s|--separator= -N|--table-columns= -o|--output-separator= "
     "-R|--table-right= -H|--table-hide= -T|--table-truncate= -W|--table-wrap= -t",
     "column(1)"},
    {"comm", "", "h", "read*", "--output-delimiter=", "comm(1)"},
    {"cp", "", "", "read* write",
     "-a|--archive --attributes-only B:--backup? B:-b --copy-contents -d -f|--force "
     "-i|--interactive "
     "-H -l|--link -L|--dereference -n|--no-clobber -P|--no-dereference -p --preserve? "
     "--no-preserve= --parents -R|-r|--recursive --reflink? --remove-destination --sparse= "
     "--strip-trailing-slashes -s|--symbolic-link B:-S|--suffix= t:-t|--target-directory= "
     "-T|--no-target-directory -u|--update -v|--verbose -x|--one-file-system -Z --context?",
     "cp(1)"},
    {"cpio", "", "xW", "text*", "", "cpio(1)"},
    {"crontab", "", "x", "text*", "", "crontab(1)"},
    {"csi", "", "x", "text*", "", "csi(1)"},
    {"csplit", "", "W", "text*", "", "csplit(1)"},
    {"curl", "", "", "text*",
     "-a|--append --anyauth --basic r:--cacert= --capath= r:-E|--cert= --cert-status --cert-type= "
     "--ciphers= --compressed --connect-timeout= -C|--continue-at= r:-b|--cookie= "
     "w:-c|--cookie-jar= W:--create-dirs "
     "sa:-d|--data|--data-ascii|--data-binary|--data-urlencode|--json= s:--data-raw= --digest "
     "-q|--disable w:-D|--dump-header= -f|--fail --fail-early --fail-with-body "
     "sa:-F|--form= s:--form-string= -G|--get -g|--globoff -I|--head a:-H|--header= "
     "-0|--http1.0 --http1.1 --http2 --http2-prior-knowledge --http3 -i|--include -k|--insecure "
     "r:--key= --limit-rate= -l|--list-only -L|--location --max-filesize= --max-redirs= "
     "-m|--max-time= r:-n|--netrc r:--netrc-file= -:|--next -N|--no-buffer --no-progress-meter "
     "--noproxy= w:-o|--output= i:--output-dir= -Z|--parallel --parallel-max= --path-as-is "
     "-#|--progress-bar --proto= --proto-default= -r|--range= --rate= --raw -e|--referer= "
     "W:-J|--remote-header-name W:-O|--remote-name W:--remote-name-all -R|--remote-time "
     "s:-X|--request= --retry= --retry-all-errors --retry-connrefused --retry-delay= "
     "--retry-max-time= -S|--show-error -s|--silent -Y|--speed-limit= -y|--speed-time= --ssl-reqd "
     "w:--stderr= --styled-output --tcp-nodelay --tlsv1.2 --tlsv1.3 w:--trace= w:--trace-ascii= "
     "sr:-T|--upload-file= --url= --url-query= s:-u|--user= -A|--user-agent= -v|--verbose "
     "-V|--version x:-K|--config= x:-w|--write-out= -4|--ipv4 -6|--ipv6 -h|--help",
     "curl(1)"},
    {"cut", "", "h", "read*",
     "-b|--bytes= -c|--characters= -d|--delimiter= -f|--fields= --output-delimiter=", "cut(1)"},
    {"dash", "", "c", "script text*", "-o=", "dash(1)"},
    {"date", "", "", "text",
     "-d|--date= --debug r:-f|--file= -I? --iso-8601? -R|--rfc-email --rfc-3339= l:-r|--reference= "
     "W:-s|--set= -u|--utc|--universal --help --version",
     "date(1)"},
    {"dbus-run-session", "", "x", "text*", "", "dbus-run-session(1)"},
    {"dc", "", "x", "text*", "", "dc(1)"},
    {"dd", "", "", "write*", "--help --version", "dd(1)"},
    {"df", "", "h", "look*", "-B|--block-size= -t|--type= -x|--exclude-type= --output?", "df(1)"},
    {"diff", "", "h", "read*",
     "-C|--context= -U|--unified= -F|--show-function-line= -I|--ignore-matching-lines= --label= "
     "-S|--starting-file= -x|--exclude= r:-X|--exclude-from= -W|--width= r:--from-file= "
     "r:--to-file= -D|--ifdef= -u -r|--recursive -q -N -w -b",
     "diff(1)"},
    {"dirname", "", "h", "text*", "", "dirname(1)"},
    {"dpkg", "", "x", "text*", "", "dpkg(1)"},
    {"du", "", "h", "look*",
     "-B|--block-size= -d|--max-depth= -t|--threshold= r:-X|--exclude-from= --exclude= --time? "
     "F:--files0-from=",
     "du(1)"},
    {"duckdb", "", "x", "text*", "", "duckdb(1)"},
    {"dumb-init", "", "x", "text*", "", "dumb-init(1)"},
    {"eatmydata", "", "x", "text*", "", "eatmydata(1)"},
    {"echo", "", "h", "text*", "", "echo(1)"},
    {"ecl", "", "x", "text*", "", "ecl(1)"},
    {"ed", "", "x", "text*", "", "ed(1)"},
    {"elvish", "", "x", "text*", "", "elvish(1)"},
    {"emacs", "", "x", "text*", "", "emacs(1)"},
    {"entr", "", "x", "text*", "", "entr(1)"},
    {"erl", "", "x", "text*", "", "erl(1)"},
    {"ex", "", "x", "text*", "", "vim(1)"},
    {"expand", "", "h", "read*", "-t|--tabs=", "expand(1)"},
    {"expect", "", "x", "text*", "", "expect(1)"},
    {"expr", "", "h", "text*", "", "expr(1)"},
    {"factor", "", "h", "text*", "", "factor(1)"},
    {"fakeroot", "", "x", "text*", "", "fakeroot(1)"},
    {"faketime", "", "x", "text*", "", "faketime(1)"},
    {"false", "", "h", "text*", "", "false(1)"},
    {"fd", "", "", "pattern look*",
     "-H|--hidden -I|--no-ignore -u|--unrestricted -s|--case-sensitive -i|--ignore-case -g|--glob "
     "-F|--fixed-strings -a|--absolute-path -l|--list-details -L|--follow -p|--full-path "
     "-d|--max-depth= --min-depth= -E|--exclude= -t|--type= -e|--extension= -S|--size= "
     "--changed-within= --changed-before= -0|--print0 -c|--color= -j|--threads= -1 -q|--quiet "
     "--max-results= x:-x|--exec= x:-X|--exec-batch=",
     "fd(1)"},
    {"file", "", "", "look*",
     "-b|--brief -i|--mime --mime-type --mime-encoding -k|--keep-going -L|--dereference "
     "-h|--no-dereference -z|--uncompress -s|--special-files -0|--print0 -F|--separator= "
     "F:-f|--files-from= -E -v|--version W:-C|--compile x:-m|--magic-file=",
     "file(1)"},
    // Expressions: what -exec runs is read by wrappers.cpp.
    {"find", "", "", "look*",
     "-H -L -P -D= -O1 -O2 -O3 -amin= -anewer= -atime= -cmin= -cnewer= -ctime= -daystart -depth -d "
     "-empty -executable -false -follow -fstype= -gid= -group= -ignore_readdir_race -ilname= "
     "-iname= -inum= -ipath= -iregex= -iwholename= -links= -lname= -ls -maxdepth= -mindepth= "
     "-mmin= -mount -mtime= -name= -newer= -newerBB= -newermt= -newerat= -newerct= -nogroup "
     "-noleaf -nouser -nowarn -warn -path= -perm= -print -print0 -printf= -prune -quit -readable "
     "-regex= -regextype= -samefile= -size= -true -type= -uid= -used= -user= -wholename= -writable "
     "-xdev -xtype= -a -and -o -or -not -help -version !o:-delete w:-fprint= w:-fprint0= w:-fls= "
     "w:-fprintf== x:-files0-from= -exec= -execdir= -ok= -okdir=",
     "find(1)"},
    {"fish", "", "x", "text*", "", "fish(1)"},
    {"flock", "", "x", "text*", "", "flock(1)"},
    {"fmt", "", "h", "read*", "-g|--goal= -p|--prefix= -w|--width=", "fmt(1)"},
    {"fold", "", "h", "read*", "-w|--width=", "fold(1)"},
    {"free", "", "h", "", "-s|--seconds= -c|--count=", "free(1)"},
    {"ftp", "", "x", "text*", "", "ftp(1)"},
    {"gdb", "", "x", "text*", "", "gdb(1)"},
    {"getconf", "", "h", "text*", "", "getconf(1)"},
    {"ghci", "", "x", "text*", "", "ghci(1)"},
    {"gnuplot", "", "x", "text*", "", "gnuplot(1)"},
    {"gosu", "", "x", "text*", "", "gosu(1)"},
    {"gp", "", "x", "text*", "", "gp(1)"},
    {"gpg", "", "x", "text*", "", "gpg(1)"},
    {"grep", "", "h", "pattern read*",
     "p:-e|--regexp= pr:-f|--file= -m|--max-count= -A|--after-context= -B|--before-context= "
     "-C|--context= -D|--devices= -d|--directories= --label= g:--include= --exclude= "
     "r:--exclude-from= --exclude-dir= --binary-files= --color? --colour? -# -r|--recursive "
     "-R|--dereference-recursive -i|--ignore-case|--no-ignore-case -v|--invert-match",
     "grep(1)"},
    {"groovysh", "", "x", "text*", "", "groovysh(1)"},
    {"groups", "", "h", "text*", "", "groups(1)"},
    {"head", "", "h", "read*", "-n|--lines= -c|--bytes= -#", "head(1)"},
    {"hexdump", "", "h", "read*", "-e= r:-f= -n= -s= -C", "hexdump(1)"},
    // An operand is the new name of the machine.
    {"hostname", "", "", "",
     "-s|--short -f|--fqdn|--long -i|--ip-address -I|--all-ip-addresses -d|--domain -A|--all-fqdns "
     "-V|--version",
     "hostname(1)"},
    {"id", "", "h", "text*", "", "id(1)"},
    {"iex", "", "x", "text*", "", "iex(1)"},
    {"install", "", "", "read* write",
     "B:-b B:--backup? -c -C|--compare o:-d|--directory -D -g|--group= -m|--mode= -o|--owner= "
     "-p|--preserve-timestamps -s|--strip B:-S|--suffix= t:-t|--target-directory= "
     "-T|--no-target-directory -v|--verbose x:--strip-program=",
     "install(1)"},
    {"ipython", "", "x", "text*", "", "ipython(1)"},
    {"irb", "", "x", "text*", "", "irb(1)"},
    {"join", "", "h", "read*", "-1= -2= -a= -e= -i -j= -o= -t= -v=", "join(1)"},
    {"jq", "", "h", "pattern read*",
     "pr:-f|--from-file= r:-L= --arg== --argjson== r:--slurpfile== r:--rawfile== --indent= --args "
     "--jsonargs -c -n -e -s -r -R -C -M -S",
     "jq(1)"},
    {"jshell", "", "x", "text*", "", "jshell(1)"},
    {"less", "", "x", "text*", "", "less(1)"},
    {"lftp", "", "x", "text*", "", "lftp(1)"},
    {"lldb", "", "x", "text*", "", "lldb(1)"},
    // The place that a link leads to counts like the link.
    {"ln", "", "", "write*",
     "B:-b B:--backup? -d -F -f|--force -i|--interactive -L|--logical -n|--no-dereference "
     "-P|--physical -r|--relative -s|--symbolic B:-S|--suffix= t:-t|--target-directory= "
     "-T|--no-target-directory -v|--verbose",
     "ln(1)"},
    {"locale", "", "h", "text*", "", "locale(1)"},
    {"logger", "", "W", "text*", "", "logger(1)"},
    {"ls", "", "h", "look*", "-I|--ignore= -w|--width= -T|--tabsize= --hide= --color?", "ls(1)"},
    {"lscpu", "", "h", "", "l:-s|--sysroot= -e? -p?", "lscpu(1)"},
    {"ltrace", "", "x", "text*", "", "ltrace(1)"},
    {"m4", "", "x", "text*", "", "m4(1)"},
    {"man", "", "x", "text*", "", "man(1)"},
    {"mariadb", "", "x", "text*", "", "mariadb(1)"},
    {"maxima", "", "x", "text*", "", "maxima(1)"},
    {"md5sum", "", "h", "read*", kSums, "md5sum(1)"},
    {"mkdir", "", "", "write*", "-m|--mode= -p|--parents -v|--verbose -Z --context?", "mkdir(1)"},
    {"mkfifo", "", "", "write*", "-m|--mode= -Z --context?", "mkfifo(1)"},
    {"mktemp", "", "W", "text", "-d|--directory -u|--dry-run -q|--quiet --suffix= -p= --tmpdir? -t",
     "mktemp(1)"},
    {"mongo", "", "x", "text*", "", "mongo(1)"},
    {"mongosh", "", "x", "text*", "", "mongosh(1)"},
    {"more", "", "x", "text*", "", "more(1)"},
    {"mount", "", "x", "text*", "", "mount(8)"},
    {"mv", "", "", "move* write",
     "B:-b B:--backup? -f|--force -i|--interactive -n|--no-clobber --strip-trailing-slashes "
     "B:-S|--suffix= t:-t|--target-directory= -T|--no-target-directory -u|--update -v|--verbose -Z "
     "--context?",
     "mv(1)"},
    {"mysql", "", "x", "text*", "", "mysql(1)"},
    {"nano", "", "x", "text*", "", "nano(1)"},
    {"nc", "", "x", "text*", "", "nc(1)"},
    {"ncat", "", "x", "text*", "", "ncat(1)"},
    {"nl", "", "h", "read*", "-b= -d= -f= -h= -i= -l= -n= -s= -v= -w=", "nl(1)"},
    {"nmap", "", "", "text*", "-sn -sV -Pn -p= -F -v", "nmap(1)"},
    {"nproc", "", "h", "", "--all --ignore=", "nproc(1)"},
    {"nsenter", "", "x", "text*", "", "nsenter(1)"},
    {"numactl", "", "x", "text*", "", "numactl(1)"},
    {"numfmt", "", "h", "text*",
     "-d|--delimiter= --field= --format= --from= --from-unit= --invalid= --padding= --round= "
     "--suffix= --to= --to-unit=",
     "numfmt(1)"},
    {"nvim", "", "x", "text*", "", "nvim(1)"},
    {"od", "", "h", "read*", "-A= -j= -N= -S= -t= -w?", "od(1)"},
    {"openssl", "", "", "text*", "", "openssl(1)"},
    {"openssl", "version,list,ciphers", "", "text*",
     "-a -v -V -s -tls1_3 -digest-algorithms -commands", "openssl(1)"},
    {"openssl", "x509,req,crl,verify", "", "read*",
     "r:-in= -inform= -outform= -noout -text -subject -issuer -dates -serial -fingerprint -pubkey "
     "-enddate -startdate -sha256 -modulus -hash r:-CAfile= -purpose -ext= -nameopt= -checkend= "
     "w:-out= w:-keyout= x:-config= x:-engine= x:-provider=",
     "openssl-x509(1)"},
    {"openssl", "dgst,sha256,sha1,md5", "", "read*",
     "-sha256 -sha512 -sha1 -md5 -r -hex -binary w:-out=", "openssl-dgst(1)"},
    {"openssl", "rand", "", "text*", "-hex -base64 w:-out=", "openssl-rand(1)"},
    {"osascript", "", "x", "text*", "", "osascript(1)"},
    {"parallel", "", "x", "text*", "", "parallel(1)"},
    {"paste", "", "h", "read*", "-d|--delimiters= -s", "paste(1)"},
    // The files that it changes stand in the patch.
    {"patch", "", "xW", "text*", "", "patch(1)"},
    {"perf", "", "x", "text*", "", "perf(1)"},
    {"pkexec", "", "x", "text*", "", "pkexec(1)"},
    {"pr", "", "h", "read*", "-D= -h= -l= -N= -o= -w= -W=", "pr(1)"},
    {"printf", "", "h", "text*", "", "printf(1)"},
    {"prlimit", "", "x", "text*", "", "prlimit(1)"},
    {"proot", "", "x", "text*", "", "proot(1)"},
    {"proxychains", "", "x", "text*", "", "proxychains(1)"},
    {"pry", "", "x", "text*", "", "pry(1)"},
    {"ps", "", "h", "text*", "", "ps(1)"},
    {"psql", "", "x", "text*", "", "psql(1)"},
    {"ptx", "", "W", "text*", "", "ptx(1)"},
    {"pwd", "", "h", "", "-L -P", "pwd(1)"},
    {"readlink", "", "h", "look*", "-f -e -m -n -z", "readlink(1)"},
    {"realpath", "", "h", "look*", "--relative-to= --relative-base=", "realpath(1)"},
    {"rev", "", "h", "read*", "", "rev(1)"},
    {"rg", "", "", "pattern read*",
     "p:-e|--regexp= pr:-f|--file= -A|--after-context= -B|--before-context= -C|--context= "
     "--color= --colors= -c|--count --count-matches --column --crlf -d|--max-depth= -E|--encoding= "
     "-F|--fixed-strings p:--files -l|--files-with-matches --files-without-match g:-g|--glob= "
     "g:--iglob= "
     "--heading --no-heading --hidden -. -H|--with-filename -h -i|--ignore-case -v|--invert-match "
     "--json -n|--line-number -N|--no-line-number -L|--follow -M|--max-columns= -m|--max-count= "
     "-U|--multiline --multiline-dotall --no-config --no-ignore --no-ignore-vcs --no-messages "
     "-0|--null -o|--only-matching --passthru -p|--pretty -P|--pcre2 -q|--quiet -r|--replace= "
     "-S|--smart-case -s|--case-sensitive --sort= --sortr= --stats -t|--type= -T|--type-not= "
     "--type-add= p:--type-list -u|--unrestricted -uu -uuu -w|--word-regexp -x|--line-regexp "
     "--trim --vimgrep -j|--threads= -I|--no-filename -a|--text -b|--byte-offset --max-filesize= "
     "-V|--version --help r:--ignore-file= --engine= --context-separator= -z|--search-zip "
     "--no-follow --no-hidden x:--pre= x:--hostname-bin=",
     "rg(1)"},
    {"rlwrap", "", "x", "text*", "", "rlwrap(1)"},
    {"rm", "", "", "write*",
     "-f|--force -i -I --interactive? --one-file-system --no-preserve-root --preserve-root? "
     "-r|-R|--recursive -d|--dir -v|--verbose",
     "rm(1)"},
    {"rmdir", "", "", "write*", "--ignore-fail-on-non-empty -p|--parents -v|--verbose", "rmdir(1)"},
    {"rsync", "", "s", "read* write",
     "-a|--archive -v|--verbose -q|--quiet -r|--recursive -R|--relative -u|--update -l|--links "
     "-L|--copy-links -H|--hard-links -p|--perms -t|--times -o|--owner -g|--group -D -z|--compress "
     "-n|--dry-run -P --partial --progress -h|--human-readable -i|--itemize-changes --stats "
     "--delete --delete-after --delete-excluded --exclude= --include= r:--exclude-from= "
     "r:--include-from= -c|--checksum -x|--one-file-system --bwlimit= --max-size= --min-size= "
     "x:-e|--rsh= x:--rsync-path= x:--files-from= x:-M|--remote-option= x:--daemon x:--config=",
     "rsync(1)"},
    {"run-parts", "", "x", "text*", "", "run-parts(8)"},
    {"runuser", "", "x", "text*", "", "runuser(1)"},
    {"sbcl", "", "x", "text*", "", "sbcl(1)"},
    {"scp", "", "sW", "text*", "", "scp(1)"},
    {"screen", "", "x", "text*", "", "screen(1)"},
    {"script", "", "x", "text*", "", "script(1)"},
    // The script itself is read by code.cpp.
    {"sed", "", "c", "pattern read*",
     "-n|--quiet|--silent --debug p:-e|--expression= xpr:-f|--file= -E|-r|--regexp-extended "
     "W:--follow-symlinks oB:-i? oB:--in-place? -l|--line-length= --posix -b|--binary "
     "-s|--separate "
     "--sandbox -u|--unbuffered -z|--null-data --help --version",
     "sed(1)"},
    {"seq", "", "h", "text*", "-f|--format= -s|--separator=", "seq(1)"},
    {"setarch", "", "x", "text*", "", "setarch(8)"},
    {"setpriv", "", "x", "text*", "", "setpriv(1)"},
    {"setuidgid", "", "x", "text*", "", "setuidgid(1)"},
    {"sftp", "", "x", "text*", "", "sftp(1)"},
    {"sg", "", "x", "text*", "", "sg(1)"},
    {"sh", "", "c", "script text*", "-o=", "sh(1p)"},
    {"sha1sum", "", "h", "read*", kSums, "sha1sum(1)"},
    {"sha224sum", "", "h", "read*", kSums, "sha224sum(1)"},
    {"sha256sum", "", "h", "read*", kSums, "sha256sum(1)"},
    {"sha384sum", "", "h", "read*", kSums, "sha384sum(1)"},
    {"sha512sum", "", "h", "read*", kSums, "sha512sum(1)"},
    {"shellcheck", "", "", "read*",
     "-f|--format= -s|--shell= -e|--exclude= -i|--include= -S|--severity= --color? "
     "-a|--check-sourced "
     "-o|--enable= -V|--version -W|--wiki-link-count=",
     "shellcheck(1)"},
    {"shred", "", "", "write*",
     "-f|--force -n|--iterations= -s|--size= !:-u !:--remove? -v|--verbose -x|--exact -z|--zero",
     "shred(1)"},
    {"shuf", "", "", "read",
     "-e|--echo -i|--input-range= -n|--head-count= w:-o|--output= r:--random-source= -r|--repeat "
     "-z|--zero-terminated",
     "shuf(1)"},
    {"sleep", "", "h", "text*", "", "sleep(1)"},
    {"socat", "", "x", "text*", "", "socat(1)"},
    {"softlimit", "", "x", "text*", "", "softlimit(1)"},
    {"sort", "", "", "read*",
     "-b|--ignore-leading-blanks -d|--dictionary-order -f|--ignore-case -g|--general-numeric-sort "
     "-i|--ignore-nonprinting -M|--month-sort -h|--human-numeric-sort -n|--numeric-sort "
     "-R|--random-sort r:--random-source= -r|--reverse --sort= -V|--version-sort --batch-size= "
     "-c|--check -C --debug F:--files0-from= -k|--key= -m|--merge w:-o|--output= -s|--stable "
     "-S|--buffer-size= -t|--field-separator= w:-T|--temporary-directory= --parallel= -u|--unique "
     "-z|--zero-terminated --help --version x:--compress-program=",
     "sort(1)"},
    // Its files have names that begin with the second word.
    {"split", "", "W", "read text",
     "-a|--suffix-length= --additional-suffix= -b|--bytes= -C|--line-bytes= -d "
     "--numeric-suffixes? -x --hex-suffixes? -e|--elide-empty-files -l|--lines= -n|--number= "
     "-t|--separator= -u|--unbuffered --verbose x:--filter=",
     "split(1)"},
    {"sqlite", "", "x", "text*", "", "sqlite3(1)"},
    {"sqlplus", "", "x", "text*", "", "sqlplus(1)"},
    {"ssh", "", "x", "text*", "", "ssh(1)"},
    {"ssh-keygen", "", "x", "text*", "", "ssh-keygen(1)"},
    {"start-stop-daemon", "", "x", "text*", "", "start-stop-daemon(8)"},
    {"stat", "", "h", "look*", "-c|--format= --printf= -f -L -t", "stat(1)"},
    {"strace", "", "x", "text*", "", "strace(1)"},
    {"strings", "", "h", "read*",
     "-n|--bytes= -t|--radix= -e|--encoding= -a -s|--output-separator= -T|--target= -U|--unicode=",
     "strings(1)"},
    {"su", "", "x", "text*", "", "su(1)"},
    {"su-exec", "", "x", "text*", "", "su-exec(1)"},
    {"swipl", "", "x", "text*", "", "swipl(1)"},
    {"systemctl", "", "", "text*",
     "--user --system x:-H|--host= x:-M|--machine= -t|--type= --state= -q|--quiet --no-pager "
     "--no-legend -l|--full -a|--all --now -f|--force",
     "systemctl(1)"},
    {"systemctl",
     "status,list-units,list-unit-files,list-timers,is-active,is-enabled,is-failed,cat", "",
     "text*",
     "--user -t|--type= --state= -q|--quiet --no-pager --no-legend -l|--full -a|--all -n|--lines= "
     "-o|--output= --failed",
     "systemctl(1)"},
    {"systemd-run", "", "x", "text*", "", "systemd-run(1)"},
    {"tac", "", "h", "read*", "-s|--separator=", "tac(1)"},
    {"tail", "", "h", "read*", "-n|--lines= -c|--bytes= -s|--sleep-interval= --pid= -# --follow?",
     "tail(1)"},
    // What is made, listed or taken out: see read_command.
    {"tar", "", "", "text*",
     "C:-c|--create C:-r|--append C:-u|--update C:-A|--catenate|--concatenate X:-x|--extract|--get "
     "T:-t|--list T:-d|--diff|--compare f:-f|--file= d:-C|--directory= -v|--verbose -z|--gzip "
     "-j|--bzip2 -J|--xz --zstd --lzma -a|--auto-compress -p|--preserve-permissions "
     "-k|--keep-old-files "
     "--keep-newer-files --overwrite -h|--dereference -m|--touch -O|--to-stdout "
     "-P|--absolute-names "
     "--exclude= r:-X|--exclude-from= --exclude-vcs --strip-components= --one-file-system "
     "F:-T|--files-from= --wildcards --no-recursion --totals -w|--interactive -W|--verify "
     "--numeric-owner --owner= --group= --mode= --mtime= --sort= -b|--blocking-factor= -N|--newer= "
     "-K|--starting-file= -V|--label= -l -o -S|--sparse -i|--ignore-zeros --no-same-owner "
     "--no-same-permissions w:-g|--listed-incremental= --transform= --xform= !:--remove-files "
     "x:--checkpoint-action= x:--to-command= x:-I|--use-compress-program= x:--info-script= "
     "x:--new-volume-script= x:-F= x:--rsh-command= x:--rmt-command= --version --help",
     "tar(1)"},
    {"taskset", "", "x", "text*", "", "taskset(1)"},
    {"tcpdump", "", "x", "text*", "", "tcpdump(1)"},
    {"tee", "", "", "write*", "-a|--append -i|--ignore-interrupts -p --output-error?", "tee(1)"},
    {"telnet", "", "x", "text*", "", "telnet(1)"},
    {"test", "", "h", "text*", "", "test(1)"},
    {"tini", "", "x", "text*", "", "tini(1)"},
    {"tmux", "", "x", "text*", "", "tmux(1)"},
    {"torsocks", "", "x", "text*", "", "torsocks(1)"},
    {"touch", "", "", "write*",
     "-a -c|--no-create -d|--date= -f -h|--no-dereference -m -r|--reference= -t= --time=",
     "touch(1)"},
    {"toybox", "", "x", "text*", "", "toybox(1)"},
    {"tr", "", "h", "text*", "", "tr(1)"},
    {"tree", "", "", "look*",
     "-a -d -l -f -x -L= -R -P= -I= --ignore-case --matchdirs --prune --noreport --charset= "
     "--filelimit= --dirsfirst --sort= -i -q -N -Q -p -u -g -s -h --si --du -D --timefmt= -F "
     "--inodes -v -t -c -U -r -n -C -X -J -H= -T= --nolinks -S -A --gitignore w:-o=",
     "tree(1)"},
    {"true", "", "h", "text*", "", "true(1)"},
    {"truncate", "", "", "write*",
     "-c|--no-create -o|--io-blocks -r|--reference= -s|--size=", "truncate(1)"},
    {"tsort", "", "h", "read*", "", "tsort(1)"},
    {"tty", "", "h", "", "", "tty(1)"},
    {"uname", "", "h", "", "", "uname(1)"},
    {"unbuffer", "", "x", "text*", "", "unbuffer(1)"},
    {"unexpand", "", "h", "read*", "-t|--tabs=", "unexpand(1)"},
    // The second word is the file that it writes.
    {"uniq", "", "", "read write",
     "-c|--count -d|--repeated -D --all-repeated? -f|--skip-fields= --group? -i|--ignore-case "
     "-s|--skip-chars= -u|--unique -z|--zero-terminated -w|--check-chars= --help --version",
     "uniq(1)"},
    {"unlink", "", "", "write*", "--help --version", "unlink(1)"},
    {"unshare", "", "x", "text*", "", "unshare(1)"},
    {"unzip", "", "W", "read text*",
     "n:-l n:-t n:-v n:-Z n:-Z1 n:-p n:-c -o -n -u -f -j -q -qq -C -L -a -x w:-d=", "unzip(1)"},
    {"uptime", "", "h", "", "", "uptime(1)"},
    {"valgrind", "", "x", "text*", "", "valgrind(1)"},
    {"vi", "", "x", "text*", "", "vim(1)"},
    {"view", "", "x", "text*", "", "vim(1)"},
    {"vim", "", "x", "text*", "", "vim(1)"},
    {"watch", "", "x", "text*", "", "watch(1)"},
    {"wc", "", "h", "look*", "-c -m -l -L -w F:--files0-from= --total=", "wc(1)"},
    {"wget", "", "W", "text*",
     "-q|--quiet -S|--server-response --spider -O= w:-o= w:-a= -c|--continue -T|--timeout= "
     "-t|--tries= "
     "-P= -N -r -np -nc -nv -nd -k -p -l= x:-e|--execute= x:-i|--input-file= x:--use-askpass= "
     "x:--config= sa:--post-data= sr:--post-file= --no-check-certificate -U|--user-agent= "
     "--header=",
     "wget(1)"},
    {"which", "", "h", "text*", "", "which(1)"},
    {"whoami", "", "h", "", "", "whoami(1)"},
    {"xonsh", "", "x", "text*", "", "xonsh(1)"},
    {"xterm", "", "x", "text*", "", "xterm(1)"},
    {"xxd", "", "O", "read write",
     "-a -b -C -c= -cols= -d -E -e -g= -groupsize= -h -i -l= -len= -n= -name= -o= -offset= -p -ps "
     "-plain -r -revert -R= -s= -seek= -u -v",
     "xxd(1)"},
    {"xzcat", "", "h", "read*", "", "xz(1)"},
    {"zcat", "", "h", "read*", "", "gzip(1)"},
    {"zip", "", "xW", "text*", "", "zip(1)"},
    {"zipinfo", "", "", "read text*", "-1 -2 -s -m -l -v -h -t -z -T", "zipinfo(1)"},
    {"zsh", "", "x", "text*", "", "zsh(1)"},
});

}  // namespace

std::span<const Program> program_table() {
  return kPrograms;
}

std::span<const Usage> usage_table() {
  return kUsages;
}

}  // namespace pawl::shell
