#!/usr/bin/env bash
# Bad input, full disks, signals, strangers: a clear message, the right exit
# code, nothing lost, no partial file left.
# shellcheck source=/dev/null disable=SC2154,SC2015,SC2238
. "$(dirname "$0")/lib.bash"

# ---- arguments ---------------------------------------------------------------
K26_exit_codes_of_wrong_arguments() {
	local hash argument
	echo text >file
	hash=$(put file)
	for argument in 0+2 200+56 3 3+ +2 a+b -1+2 3+-2 99999999999+1 ''; do
		expect 2 put file --rs "$argument"
		says "--rs"
	done
	for argument in -0 3-1 a-b 5 --5 -5-10 1-2-3 '' \
		99999999999999999999999- 0-99999999999999999999999; do
		expect 2 get "$hash" --range "$argument"
		says "--range"
	done
	expect 2 put
	expect 2 get
	expect 2 get "$hash" --nonsense
	expect 2 get "$hash" -o
	expect 2 get "$hash" --force
	says "does not take --force"
	expect 2 stats more
	expect 2 keys
	expect 2 keys nonsense
	expect 2 keys remove
	expect 2 put file --name ''
	expect 2 put file --name "$(printf 'n%.0s' {1..1025})"
	expect 2 --json=yes ls
	expect 0 get -- "$hash"
}

garbage_hashes_are_not_found() {
	local text
	echo text >file
	put file >/dev/null
	for text in ffffffff '////////' abc '' '=====' $'\x1b[0m' '../../etc' \
		"$(head -c 32 /dev/zero | base64)" "$(printf 'f%.0s' {1..64})" \
		"$(printf 'f%.0s' {1..900})" name:nothing; do
		o get "$text" >out 2>err
		case $? in 2 | 3) ;; *) fail "exit $? for '$text'" ;; esac
		[ -s err ] || fail "no word about '$text'"
		! grep -q $'\x1b' err || fail "a control character got through"
	done
	expect 2 get 'hash:!!!!'
	expect 3 get hash:ffffffff
}

a_missing_store_is_not_made() {
	local command
	for command in "get abcd" "rm abcd" ls "info abcd" verify repair stats \
		gc "keys show" "keys export"; do
		# shellcheck disable=SC2086
		expect 3 $command
		says "--dir"
	done
	[ ! -e store ] || fail "a store was made"
	unset OUROBOROS_DIR
	echo text >file
	expect 0 put file
	[ -d .ouroboros ] || fail "not in the home directory"
	expect 0 --dir elsewhere put file
	[ -d elsewhere ] || fail "--dir before the command"
	HOME='' expect 2 ls
}

# ---- files to be stored ------------------------------------------------------
bad_files_are_named_and_the_others_stored() {
	echo good >good
	echo better >better
	mkdir folder
	expect 1 put good missing folder better
	says "missing: No such file"
	says "folder: is a directory"
	same "$(wc -l <out)" 2
	same "$(count_listed)" 2
}

an_unreadable_file_is_named() {
	local plain=()
	[ "$(id -u)" -ne 0 ] || # a root that may not read everything
		plain=(setpriv '--bounding-set=-dac_override,-dac_read_search')
	echo good >good
	echo secret >secret
	chmod 0 secret
	! "${plain[@]}" cat secret 2>/dev/null || skip "everything is readable"
	"${plain[@]}" "$program" put secret good >out 2>err
	same $? 1
	says "secret: Permission denied"
	same "$(wc -l <out)" 1
	mkdir -m 500 closed
	"${plain[@]}" "$program" --dir closed/store put good >out 2>err
	same $? 5
	says "closed/store.*Permission denied"
	"${plain[@]}" "$program" get "$(put good)" -o closed/copy 2>err
	same $? 5
	says "closed/copy: Permission denied"
}

# True while a process has read some of a file.
is_reading() { # pid file
	local fd
	for fd in "/proc/$1/fd/"*; do
		[ "$fd" -ef "$2" ] || continue
		grep -q '^pos:[[:space:]]*[1-9]' "/proc/$1/fdinfo/${fd##*/}"
		return
	done
	return 1
}

# Stores a file and, while it is read, does something to it.
put_changing() { # file command...
	local file=$1 try pid
	shift
	echo other >other
	random 150000000 >base # a hole would be stored at once
	for try in {1..10}; do
		cp base "$file"
		"$program" put "$file" other >out 2>err &
		pid=$!
		while [ -e "/proc/$pid/fd" ] && ! is_reading $pid "$file"; do
			:
		done 2>/dev/null
		kill -STOP $pid 2>/dev/null
		if is_reading $pid "$file" 2>/dev/null; then
			"$@"
			kill -CONT $pid
			wait $pid
			same $? 1
			return
		fi
		kill -CONT $pid 2>/dev/null
		wait $pid
		echo "try $try came too late"
	done
	fail "never met it reading"
}

a_file_that_grows_is_not_stored() {
	put_changing grows truncate -s 401M grows
	says "grows: changed while it was read"
	same "$(wc -l <out)" 1
	same "$(count_listed)" 1
}

a_file_that_shrinks_is_not_stored() {
	put_changing shrinks truncate -s 1M shrinks
	says "shrinks: changed while it was read"
	same "$(wc -l <out)" 1
	same "$(count_listed)" 1
}

a_file_written_to_is_not_stored() {
	put_changing written dd if=/dev/urandom of=written bs=1 seek=100 \
		count=1 conv=notrunc status=none
	says "written: was written to while it was read"
	same "$(count_listed)" 1
}

# ---- disks -------------------------------------------------------------------
a_full_disk_loses_nothing() {
	local hash
	mount_disk 24m
	export OUROBOROS_DIR=$PWD/disk/store
	random 300000 >small
	random 40000000 >large
	hash=$(put small)
	expect 7 put large
	says "space"
	same "$(wc -l <out)" 0
	expect 0 get "$hash"
	cmp -s out small || fail "what was there differs"
	same "$(count_listed)" 1
	expect 0 verify
	mkdir disk/copies
	expect 7 put large small
}

a_full_disk_leaves_no_partial_output() {
	local hash
	mount_disk 2m
	random 9000000 >file
	hash=$(put file)
	expect 7 get "$hash" -o disk/copy
	says "disk/copy"
	same "$(find disk -type f | wc -l)" 0
}

a_read_only_disk_can_be_read() {
	local hash
	mount_disk 24m
	export OUROBOROS_DIR=$PWD/disk/store
	random 300000 >file
	hash=$(put file)
	mount -o remount,ro disk || skip "cannot remount"
	expect 5 put file
	expect 0 get "$hash"
	cmp -s out file || fail "it differs"
	expect 0 ls
	OUROBOROS_DIR=$PWD/disk/other expect 5 put file
	[ ! -e disk/other ] || fail "a store was made"
}

M18_nobody_else_can_read_the_store() {
	local wrong
	umask 0
	random 700000 >file
	put file >/dev/null
	expect 0 gc
	wrong=$(find store -type f ! -perm 600 -o -type d ! -perm 700)
	same "$wrong" ""
}

# ---- processes ---------------------------------------------------------------
# A put that waits for more input, in the background; its pid is in holder.
hold_store() {
	mkfifo pipe
	env --default-signal=INT,TERM,HUP "$program" put - <pipe >held 2>held.err &
	holder=$!
	exec 5>pipe
	wait_until test -e store/OUROBOROS
	random 2000000 >&5
}

M10_a_second_process_is_refused_with_the_pid() {
	hold_store
	expect 6 ls
	says "(^|[^0-9])$holder([^0-9]|\$)"
	expect 6 --json ls
	answers '"code":"LOCKED"'
	exec 5>&-
	wait $holder || fail "the first process failed"
	expect 0 get "$(cat held)"
	same "$(wc -c <out)" 2000000
}

signals_stop_a_put_cleanly() {
	local signal code
	echo before >before
	put before >/dev/null
	for signal in INT TERM HUP; do
		hold_store
		kill -$signal $holder
		wait $holder
		code=$?
		same "$code" $((128 + $(kill -l $signal)))
		exec 5>&-
		rm pipe
		[ ! -s held ] || fail "a hash was printed"
		same "$(count_listed)" 1
	done
	expect 0 verify
}

signals_leave_no_partial_file() {
	local hash delay code stopped=0
	random 300000000 >large
	hash=$(put large)
	mkdir target
	for delay in 0.02 0.05 0.1 0.2 0.3 0.5; do
		env --default-signal=INT,TERM "$program" get "$hash" \
			-o target/copy 2>/dev/null &
		sleep $delay
		kill -TERM $! 2>/dev/null
		wait $!
		code=$?
		case $code in
		143)
			stopped=$((stopped + 1))
			same "$(find target -type f | wc -l)" 0
			;;
		0) rm -f target/copy ;;
		*) fail "exit $code" ;;
		esac
	done
	[ $stopped -gt 0 ] || fail "never stopped in the middle"
	expect 0 get "$hash" -o target/copy
	cmp -s target/copy large || fail "it differs"
}

a_killed_put_leaves_a_store_that_opens() {
	local hash
	random 300000 >file
	hash=$(put file)
	hold_store
	kill -KILL $holder
	wait $holder
	exec 5>&-
	expect 0 get "$hash"
	cmp -s out file || fail "it differs"
	same "$(count_listed)" 1
	expect 0 gc
	expect 0 verify
}

# ---- keys --------------------------------------------------------------------
passphrases_protect_the_key() {
	local hash
	echo text >file
	hash=$(put file)
	OUROBOROS_NEW_PASSPHRASE=horse expect 0 keys passwd
	expect 5 get "$hash"
	says "OUROBOROS_PASSPHRASE"
	OUROBOROS_PASSPHRASE=donkey expect 5 get "$hash"
	OUROBOROS_PASSPHRASE=donkey expect 5 --json get "$hash"
	answers '"code":"WRONG_KEY"'
	OUROBOROS_PASSPHRASE=horse expect 0 get "$hash"
	cmp -s out file || fail "it differs"
	OUROBOROS_PASSPHRASE=horse OUROBOROS_NEW_PASSPHRASE='' \
		expect 0 keys passwd
	expect 0 get "$hash"
	expect 2 keys passwd
	says "OUROBOROS_NEW_PASSPHRASE"
}

# Types lines at prompts: ask ANSWER... -- argument...
ask() {
	python3 - "$program" "$@" <<'END'
import os, pty, sys
split = sys.argv.index("--")
answers, command = sys.argv[2:split], sys.argv[1:2] + sys.argv[split + 1:]
pid, fd = pty.fork()
if pid == 0:
    os.execv(command[0], command)
seen = b""
while True:
    try:
        data = os.read(fd, 1000)
    except OSError:
        break
    if not data:
        break
    seen += data
    if data.endswith(b": ") and answers:
        os.write(fd, answers.pop(0).encode() + b"\n")
sys.stdout.buffer.write(seen)
status = os.waitpid(pid, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status) if not answers else 99)
END
}

passphrases_are_asked_for_on_a_terminal() {
	local hash
	need_python
	echo text >file
	hash=$(put file)
	ask horse donkey -- keys passwd >out && fail "two different ones"
	expect 0 get "$hash"
	ask horse horse -- keys passwd >out || fail "keys passwd"
	! grep -q horse out || fail "it was echoed"
	expect 5 get "$hash"
	ask donkey horse -- get "$hash" >out || fail "get"
	grep -q '^text' out || fail "no content"
	! grep -q horse out || fail "it was echoed"
	ask donkey donkey donkey -- get "$hash" >out
	same $? 5
}

K28_damaged_key_files_are_told() {
	local hash size
	echo text >file
	hash=$(put file)
	same "$(stat -c %a store/member.key)" 600
	cp store/member.key good.key
	size=$(stat -c %s good.key)
	for length in 0 1 $((size / 2)) $((size - 3)); do
		head -c "$length" good.key >store/member.key
		o get "$hash" >out 2>err && fail "$length bytes of a key opened it"
		says "member.key"
	done
	rm store/member.key
	expect 3 get "$hash"
	says "member.key is missing"
	! grep -q "right store" err || fail "it is the right store"
	OUROBOROS_DIR=$PWD/none expect 3 get "$hash"
	says "right store"
	expect 0 get --key good.key "$hash"
	cmp -s out file || fail "it differs"
	OUROBOROS_KEY=$PWD/good.key expect 0 get "$hash"
	OUROBOROS_DIR=$PWD/other expect 0 put --key other.key file
	expect 5 get --key other.key "$hash"
}

the_recovery_key_alone_restores() {
	local hash key
	random 400000 >file
	hash=$(put file)
	expect 0 keys export
	key=$(cat out)
	says "only once"
	rm store/member.key
	expect 3 get "$hash"
	OUROBOROS_RECOVERY_KEY=$key expect 0 get "$hash"
	cmp -s out file || fail "it differs"
	OUROBOROS_RECOVERY_KEY=${key%?????}AAAAA expect_failure get "$hash"
	expect 2 keys import
	OUROBOROS_RECOVERY_KEY=$key expect 0 keys import
	[ -s store/member.key ] || fail "no new key file"
	same "$(stat -c %a store/member.key)" 600
	expect 0 get "$hash"
	cmp -s out file || fail "it differs with the new key"
	OUROBOROS_RECOVERY_KEY=$key expect 1 keys import
	expect 0 keys show
	answers ' recovery '
	answers 'this key'
}

# Any exit code but 0, with a message.
expect_failure() {
	o "$@" >out 2>err && fail "went well: $*"
	[ -s err ] || fail "no message: $*"
}

keys_rotate_and_members_leave() {
	local hash first
	echo one >one
	echo two >two
	hash=$(put one)
	expect 0 keys export
	expect 0 keys rotate
	first=$(put two)
	expect 0 info "$first"
	answers '^key epoch +[2-9]'
	expect 0 get "$hash"
	expect 0 keys show
	first=$(awk '$2 == "recovery" { print $1 }' out)
	expect 0 keys remove "${first:0:10}"
	expect 0 keys show
	! grep -q recovery out || fail "it is still a member"
	expect 3 keys remove ffffffffffff
	expect 0 get "$hash"
}

nothing_is_written_through_links() {
	local hash
	echo text >file
	echo precious >precious
	hash=$(put file)
	mv store/member.key stick.key
	ln -s ../stick.key store/member.key
	expect 0 get "$hash"
	OUROBOROS_NEW_PASSPHRASE=horse expect 5 keys passwd
	says "store/member.key is a symbolic link"
	[ -L store/member.key ] || fail "the link was replaced"
	expect 0 get "$hash"
	rm store/LOCK
	ln -s ../precious store/LOCK
	expect 5 put file
	says "LOCK is a symbolic link"
	same "$(cat precious)" precious
	rm store/LOCK
	mkfifo store/LOCK
	timeout 10 "$program" put file >out 2>err && fail "a pipe is no file"
	says "LOCK is neither a file nor a directory"
}

stores_made_at_once_share_their_new_key() {
	local i
	echo text >file
	for i in 1 2 3 4 5 6; do
		o --dir "store$i" --key "$PWD/one.key" put file >"out$i" 2>&1 &
	done
	wait
	for i in 1 2 3 4 5 6; do
		expect 0 --dir "store$i" --key "$PWD/one.key" ls
		answers file
	done
}

an_older_keyring_is_refused() {
	local hash
	echo text >file
	hash=$(put file)
	cp store/keyring old
	expect 0 keys rotate
	cp store/keyring new
	cp old store/keyring
	cp old store/keyring.copy
	expect 4 get "$hash"
	says "older than its data"
	cp new store/keyring
	expect 0 get "$hash"
}

K22_space_to_stay_free_is_left() {
	local hash
	echo hello > file
	hash=$("$program" put file 2>/dev/null) || fail "put"
	export OURO_MINIMUM_FREE_SPACE_GB=1000000
	echo more > other
	expect 7 put other
	says "are to stay free"
	expect 0 get "$hash"
	expect 0 rm "$hash"
	OUROBOROS_DIR=$PWD/new expect 7 put file
	OURO_MINIMUM_FREE_SPACE_GB=much expect 2 put file
	says "OURO_MINIMUM_FREE_SPACE_GB"
	OURO_MINIMUM_FREE_SPACE_GB=1MiB expect 0 put other
}

check K26_exit_codes_of_wrong_arguments K22_space_to_stay_free_is_left garbage_hashes_are_not_found \
	a_missing_store_is_not_made bad_files_are_named_and_the_others_stored \
	an_unreadable_file_is_named a_file_that_grows_is_not_stored \
	a_file_that_shrinks_is_not_stored a_file_written_to_is_not_stored a_full_disk_loses_nothing \
	a_full_disk_leaves_no_partial_output a_read_only_disk_can_be_read \
	M18_nobody_else_can_read_the_store \
	M10_a_second_process_is_refused_with_the_pid signals_stop_a_put_cleanly \
	signals_leave_no_partial_file a_killed_put_leaves_a_store_that_opens \
	passphrases_protect_the_key passphrases_are_asked_for_on_a_terminal \
	K28_damaged_key_files_are_told \
	the_recovery_key_alone_restores keys_rotate_and_members_leave \
	nothing_is_written_through_links stores_made_at_once_share_their_new_key \
	an_older_keyring_is_refused
finish
