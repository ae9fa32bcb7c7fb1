# shellcheck shell=bash
# The set-up that scripts/app, scripts/test and scripts/lock share; they source it, nobody runs it.
#
# Everything lives in .venv of the checkout. A stamp in it says what was installed; while the stamp is right nothing
# is installed, asked or downloaded. The stamp is written last, and a mark stands while an installation runs: where
# the mark is found without its run, that run was killed, and the environment is built again (downloads are cached).

uv_version=0.13.8 # the installer; the only package that pip installs

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
venv=$(readlink -f -- "$root/.venv") # it may be a link to a roomier disk
python=$venv/bin/python
command_name=scripts/$(basename -- "$(readlink -f -- "$0")")
underway=$venv/.rsviz-underway
log=$venv/.rsviz-setup.log

# Without stored bytecode each process would compile torch and Streamlit from source again, for seconds
unset PYTHONDONTWRITEBYTECODE

say() { printf 'rsviz: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# Print the comment on top of the calling script, which is its help.
print_help() { sed -n '2,${/^#/!q;/^# shellcheck/!s/^# \{0,1\}//p}' "$0"; }

# --- the stamp ---

# What the stamp of these requirement files must say: their hash, the interpreter, and which torch lies there
# (a torch exchanged by hand is checked again).
stamp_for() {
    local version
    version=$("$python" -V 2>/dev/null) || return 1
    (
        cd -- "$root" || exit 1
        printf '%s uv %s\n' "${version%.*}" "$uv_version"
        hash_of "$@"
        cd -- "$venv" && printf '%s\n' lib/python3*/site-packages/torch{,vision}-*.dist-info
    )
}

hash_of() {
    if command -v sha256sum >/dev/null; then sha256sum -- "$@"; else shasum -a 256 -- "$@"; fi
}

is_ready() { # is_ready NAME FILE...
    local stamp=$venv/.rsviz-$1
    shift
    [ -f "$stamp" ] && [ ! -e "$underway" ] && [ "$(cat -- "$stamp")" = "$(stamp_for "$@")" ]
}

write_stamp() { # write_stamp NAME FILE...
    local stamp=$venv/.rsviz-$1
    shift
    stamp_for "$@" >"$stamp.$$" && mv -f -- "$stamp.$$" "$stamp"
}

# --- the installation ---

# Make .venv hold what the requirement FILE names, under the stamp NAME.
ensure_installed() { # ensure_installed NAME FILE
    is_ready "$@" && return
    hold_lock
    if ! is_ready "$@"; then
        ensure_venv
        install_requirements "$2"
        rm -f -- "$underway"
        [ "$1" != app ] || check_torch_pair
        [ "$1" != test ] || check_playwright
        write_stamp "$@" || fail "cannot write into $venv; free some space there and run $command_name again."
    fi
    release_lock
}

# One set-up at a time. Installers inherit the lock: one that outlives its killed script still holds it.
hold_lock() {
    if ! { mkdir -p -- "$venv" && [ -w "$venv" ] && exec 9>>"$venv/.rsviz-lock"; } 2>/dev/null; then
        fail "cannot write to $venv; run $command_name in a copy of the checkout that belongs to you."
    fi
    trap 'say "stopped; run $command_name again to go on."; exit 130' INT
    command -v flock >/dev/null || return 0
    flock -n 9 && return
    say "another set-up of this checkout is under way; waiting for it"
    flock 9 || true # a file system without locks: go on alone
}

release_lock() {
    exec 9>&-
    trap - INT
}

# A virtual environment with the pinned uv in it, and the mark that an installation is under way.
ensure_venv() {
    if [ -e "$underway" ] || { [ -e "$venv/pyvenv.cfg" ] && ! "$python" -V >/dev/null 2>&1; }; then
        say "the environment in $venv is broken (a set-up was cut short, or its Python is gone); building it again"
        # all but the lock
        find "$venv/" -mindepth 1 -maxdepth 1 ! -name .rsviz-lock -exec rm -rf -- {} +
    fi
    local base=
    if [ ! -e "$venv/pyvenv.cfg" ]; then
        base=$(find_python) || exit 1
        ensure_ensurepip "$base"
    fi
    : >"$underway" || fail "cannot write into $venv; free some space there and run $command_name again."
    if [ -n "$base" ]; then
        say "setting up in $venv (once; about 6 GB, most of it torch)"
        "$base" -m venv "$venv" >"$log" 2>&1 || fail_with_log "making a virtual environment with $base"
        # uv then writes console scripts that find their interpreter beside them: a moved checkout keeps working
        echo 'relocatable = true' >>"$venv/pyvenv.cfg"
    fi
    [ "$("$python" -m uv --version 2>/dev/null | cut -d' ' -f2)" = "$uv_version" ] && return
    # settings that would send a package elsewhere than into this environment are not for us
    local index=${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-}}
    env -u PIP_USER -u PIP_TARGET -u PIP_PREFIX "$python" -m pip --disable-pip-version-check --retries 2 \
        install --no-user ${index:+--index-url "$index"} "uv==$uv_version" >"$log" 2>&1 ||
        fail_with_log "installing uv"
}

# A Python for which every pinned package has a build.
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    name=$(python3 -V 2>&1) || name="no python3"
    fail "needs Python 3.11 to 3.14 and found $name;" \
        "install one (Debian, Ubuntu: sudo apt-get install python3 python3-venv) and run $command_name again."
}

# Debian and Ubuntu keep what `python3 -m venv` needs in a package of its own.
ensure_ensurepip() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    local package
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    apt_install "$package" && "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    fail "Python's venv module is missing; run 'sudo apt-get install $package' and then $command_name again."
}

install_requirements() {
    local progress='^ *(Resolved|Downloading|Downloaded|Building|Built|Prepared|Installed) '
    "$python" -m uv pip install --python "$python" -r "$root/$1" 2>&1 |
        { tee -- "$log" 2>/dev/null || true; } |
        { grep --line-buffered -E "$progress" >&2 || true; } ||
        fail_with_log "installing the packages of $1"
}

# Turn the log of a failed step into one sentence.
fail_with_log() {
    local reason
    if grep -qiE 'no space left|os error 28|quota exceeded|os error 122' "$log" || disk_is_full; then
        fail "the disk is full; $venv and the installer's cache need about 6 GB" \
            "(.venv may be a link to a folder on another disk): make room and run $command_name again."
    elif grep -qiE 'certificate|UnknownIssuer' "$log"; then
        rm -f -- "$underway" # pip and uv fetch everything before they touch the environment
        fail "the package registry's certificate is not trusted here;" \
            "point SSL_CERT_FILE at your network's certificates and run $command_name again."
    elif grep -qiE 'dns error|name resolution|connect|unreachable|timed out|sending request|proxy' "$log"; then
        rm -f -- "$underway"
        fail "the package registry cannot be reached, and the first set-up needs it;" \
            "connect to the network (or set UV_DEFAULT_INDEX to a mirror) and run $command_name again."
    fi
    reason=$(grep -iE 'error|caused by|because' "$log" | tail -n 1 | sed 's/^[^[:alnum:]]*//')
    fail "$1 failed: ${reason:-no reason given} (the whole story: $log)"
}

disk_is_full() { [ "$(df -Pk -- "$venv" | awk 'NR == 2 { print $4 }')" -lt 1024 ]; }

# A torch from one source beside a torchvision from another installs without complaint and does not import.
check_torch_pair() {
    local error
    error=$("$python" -c 'import torch, torchvision; torchvision.ops.nms' 2>&1 >/dev/null) && return
    error=$(printf '%s\n' "$error" | tail -n 1)
    case $error in
    *"torchvision::nms does not exist"*)
        error="they were built for different devices, as a CPU-only torch beside the registry's torchvision"
        ;;
    esac
    fail "torch and torchvision do not import together ($error); delete $venv, unset whatever makes the installer or" \
        "PYTHONPATH take one of them from another place than the other, and run $command_name again."
}

# Playwright's driver is a program of its own, which wants a library that the smallest machines lack.
check_playwright() {
    playwright_starts && return
    apt_install libatomic1 && playwright_starts && return
    fail "Playwright does not start here ($(tail -n 1 -- "$log"));" \
        "run 'sudo apt-get install libatomic1' and then $command_name again."
}

playwright_starts() { "$python" -m playwright --version >>"$log" 2>&1; }

# --- the machine ---

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

# Install a package of the distribution, without a question; fails where that takes a password or the package is none.
apt_install() {
    command -v apt-get >/dev/null && as_root true || return 1
    say "installing $1 with apt-get"
    apt_get install --no-install-recommends "$1" ||
        { apt_get update && apt_get install --no-install-recommends "$1"; }
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1
}

# --- Chromium, for the tests ---

# Set and export RSVIZ_CHROMIUM: the person's own, the one found last time, or one found or installed now.
ensure_chromium() {
    local found=$venv/.rsviz-chromium
    if [ -n "${RSVIZ_CHROMIUM:-}" ]; then
        is_chromium "$RSVIZ_CHROMIUM" || fail "RSVIZ_CHROMIUM is $RSVIZ_CHROMIUM, which does not start as a Chromium."
    elif [ -f "$found" ] && [ -x "$(cat -- "$found")" ]; then
        RSVIZ_CHROMIUM=$(cat -- "$found")
    else
        hold_lock
        RSVIZ_CHROMIUM=$(chromium_on_path || chromium_of_playwright || install_chromium) ||
            fail "the browser tests need Chromium; install one (Debian: sudo apt-get install chromium;" \
                "elsewhere: .venv/bin/python -m playwright install --with-deps chromium), or set RSVIZ_CHROMIUM to one."
        printf '%s\n' "$RSVIZ_CHROMIUM" >"$found.$$" && mv -f -- "$found.$$" "$found"
        release_lock
    fi
    export RSVIZ_CHROMIUM
}

# A program that tells its version, and no snap: Ubuntu's stub starts nothing, and a snap sees no temporary files.
is_chromium() {
    [ -x "$1" ] || return 1
    case $(readlink -f -- "$1") in */snap | /snap/*) return 1 ;; esac
    ! head -c 4096 -- "$1" | grep -qa /snap/ || return 1
    timeout 30 "$1" --version 2>/dev/null </dev/null | grep -qiE 'chrom(e|ium)'
}

chromium_on_path() {
    local name path
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        path=$(command -v "$name") && is_chromium "$path" && printf '%s\n' "$path" && return
    done
    return 1
}

chromium_of_playwright() {
    local path
    path=$("$python" -c 'from playwright.sync_api import sync_playwright
with sync_playwright() as playwright: print(playwright.chromium.executable_path)' 2>/dev/null) || return 1
    is_chromium "$path" && printf '%s\n' "$path"
}

# The distribution's package where it is a real one (Ubuntu's is a snap), else Playwright's download.
install_chromium() {
    : >"$log"
    if grep -q '^ID=debian' /etc/os-release 2>/dev/null; then
        apt_install chromium && chromium_on_path && return
    fi
    say "downloading Playwright's Chromium"
    if as_root true; then
        "$python" -m playwright install --with-deps chromium >>"$log" 2>&1
    else
        "$python" -m playwright install chromium >>"$log" 2>&1
    fi && chromium_of_playwright
}
