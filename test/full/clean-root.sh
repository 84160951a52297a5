#!/bin/bash
# Runs inside a clean Debian root as its only session: the README's commands as written, with figures on standard output.
# Usage: clean-root.sh CHECKOUT test
#        clean-root.sh CHECKOUT demo [ARGUMENTS OF THE DEMO]
set -m
cd "$1" || exit 2
export HOME=/root LANG=en_US.UTF-8

# Waits until the demo's table is there; fails when the demo ends before.
demo_runs() {
	local log=$1 job=$2
	until grep -q 'It runs until Ctrl-C' "$log"; do
		kill -0 "$job" 2> /dev/null || { cat "$log"; return 1; }
		sleep 0.2
	done
}

# Ctrl-C in a terminal signals the whole group of the foreground job.
end_demo() {
	kill -INT -- "-$1"
	wait "$1"
}

if [ "$2" = test ]; then
	npm install && npm test
	exit
fi

begin=$(date +%s%N)
since() { echo "FIGURE $1 $((($(date +%s%N) - begin) / 1000000))"; }

(npm install && npm run demo "${@:3}") > /tmp/first.log 2>&1 &
job=$!
demo_runs /tmp/first.log "$job" || exit 1
since first_demo_ms
cat /tmp/first.log
npm run accept
echo "ACCEPTED $?"
end_demo "$job"

begin=$(date +%s%N)
(npm install && npm run demo "${@:3}") > /tmp/second.log 2>&1 &
job=$!
demo_runs /tmp/second.log "$job" || exit 1
since second_demo_ms
cat /tmp/second.log
end_demo "$job"

# Nothing may be left, and nothing may start with the machine.
for pid in /proc/[0-9]*; do
	tr '\0' '\n' < "$pid/environ" 2> /dev/null | grep -q '^CLINIC_HUB_LAB=' && echo "LEFT $(tr '\0' ' ' < "$pid/cmdline")"
done
find /etc/systemd/system -name '*.wants' -exec find {} -name 'rabbitmq*' -o -name 'epmd*' \; | sed 's/^/ENABLED /'
find /etc/rc2.d -name 'S*rabbitmq*' 2> /dev/null | sed 's/^/ENABLED /'
[ -e /usr/sbin/policy-rc.d ] && echo "POLICY left behind"
echo DONE
