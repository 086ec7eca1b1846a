#!/bin/sh
# Checks a bundle of audit records with a shell and openssl alone.
#
#   verify-bundle.sh BUNDLE VERIFIER-KEY
#
# VERIFIER-KEY is the ledger's public key as text (name+hash+base64). It must
# have come to you by a way that the ledger's host does not control. Exit status
# 0 means: the holder of that key signed a ledger of the size that is printed,
# and every record of the bundle is in it, at its index, byte for byte; and, if
# the bundle has a known checkpoint, that nothing which that one covers was
# changed or removed since. It does not mean that these are all records there
# are. With -r the records are printed after they were checked.
#
# Needs openssl 1.1.1 or later. Sources: RFC 6962 (hashes), RFC 9162 sections
# 2.1.3.2 and 2.1.4.2 (proofs), C2SP signed-note and tlog-checkpoint (signature).
set -eu
LC_ALL=C
export LC_ALL
show=
if [ "${1-}" = -r ]; then show=1; shift; fi
[ $# -eq 2 ] || { echo "usage: verify-bundle.sh [-r] BUNDLE VERIFIER-KEY" >&2; exit 2; }
bundle=$1 vkey=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM

refuse() { echo "REFUSED: $*" >&2; exit 1; }

# Base64 to bytes and back. Hashes are kept as octal escapes, which printf takes.
bytes() { printf %s "$1" | openssl base64 -d -A; }
text() { openssl base64 -A; }
octal() { od -An -v -to1 | tr -d '\n' | tr ' ' '\\'; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
sum() { openssl dgst -sha256 -binary | octal; }
node() { printf "\\001$1$2" | sum; }

# plain FILE: no control characters but newlines.
plain() { [ "$(tr -d '\n\040-\377' <"$1" | wc -c)" -eq 0 ] && [ "$(tail -c 1 "$1" | hex)" = 0a ] || refuse "line $line: not text"; }
# one VALUE: it is base64 in its one spelling.
one() { [ -n "$1" ] && [ "$(bytes "$1" | text)" = "$1" ] || refuse "line $line: not base64"; }
# hash VALUE: it is a hash in base64; sets h.
hash() {
	case $1 in *[!A-Za-z0-9+/]*=) refuse "line $line: not base64" ;; *[AEIMQUYcgkosw048]=) ;; *) refuse "line $line: not a hash" ;; esac
	h=$(bytes "$1" | octal)
	[ ${#1} -eq 44 ] && [ ${#h} -eq 128 ] || refuse "line $line: not a hash"
}
number() { case $1 in 0) ;; '' | 0* | *[!0-9]* | ???????????????????*) refuse "line $line: not a number" ;; esac; }

# The key: name+hash+base64 of one byte (1, Ed25519) and the public key.
name=${vkey%%+*} rest=${vkey#*+} line=0
keyhash=${rest%%+*} key=${rest#*+}
one "$key"
case $(bytes "$key" | hex) in 01*) ;; *) refuse "the verifier key is not of Ed25519" ;; esac
bytes "$key" | tail -c +2 >"$tmp/key"
[ "$(wc -c <"$tmp/key")" -eq 32 ] || refuse "the verifier key has a wrong length"
[ "$( { printf '%s\n' "$name"; bytes "$key"; } | openssl dgst -sha256 -binary | hex | cut -c 1-8)" = "$keyhash" ] || refuse "the verifier key is mistyped"
{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'; cat "$tmp/key"; } >"$tmp/der"
openssl pkey -pubin -inform DER -in "$tmp/der" -out "$tmp/pem" 2>/dev/null || refuse "openssl does not take the key"

# checkpoint VALUE: checks the signed note; sets size and root.
checkpoint() {
	one "$1"
	bytes "$1" >"$tmp/note"
	plain "$tmp/note"
	[ "$(wc -c <"$tmp/note")" -le 65536 ] || refuse "the checkpoint is too long"
	sed -n 1,3p "$tmp/note" >"$tmp/signed"
	[ "$(sed -n 1p "$tmp/note")" = "$name" ] || refuse "the checkpoint is of another ledger"
	[ -z "$(sed -n 4p "$tmp/note")" ] || refuse "the checkpoint has more than three lines"
	size=$(sed -n 2p "$tmp/note")
	number "$size"
	hash "$(sed -n 3p "$tmp/note")"
	root=$h
	found= others=0
	sed 1,4d "$tmp/note" >"$tmp/signatures"
	while IFS= read -r whole; do
		by=${whole#— } by=${by%% *} sig=${whole##* } others=$((others + 1))
		[ "$whole" = "— $by $sig" ] && [ $others -le 100 ] || refuse "the checkpoint has a malformed signature line"
		case $by in "$name") ;; '' | *+* | *[!!-~]*) refuse "the checkpoint has a malformed signature line" ;; esac
		one "$sig"
		s=$(bytes "$sig" | hex)
		[ ${#s} -ge 10 ] || refuse "the checkpoint has a malformed signature line"
		[ "$by" = "$name" ] && [ "${s%"${s#????????}"}" = "$keyhash" ] || continue
		[ -z "$found" ] || refuse "the checkpoint is signed twice"
		[ ${#s} -eq 136 ] || refuse "the signature of the checkpoint is wrong"
		bytes "$sig" | tail -c 64 >"$tmp/sig"
		openssl pkeyutl -verify -pubin -inkey "$tmp/pem" -rawin -in "$tmp/signed" -sigfile "$tmp/sig" >/dev/null 2>&1 ||
			refuse "the signature of the checkpoint is wrong"
		found=1
	done <"$tmp/signatures"
	[ -n "$found" ] || refuse "the key did not sign the checkpoint"
}

# step HASH: one hash of a proof; a is the path of both, b that of the old tree.
step() {
	[ "$sn" -gt 0 ] || refuse "a proof is too long"
	if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
		a=$(node "$1" "$a")
		[ -z "$b" ] || b=$(node "$1" "$b")
		while [ $((fn & 1)) -eq 0 ] && [ "$fn" -gt 0 ]; do fn=$((fn >> 1)) sn=$((sn >> 1)); done
	else
		a=$(node "$a" "$1")
	fi
	fn=$((fn >> 1)) sn=$((sn >> 1))
}

# finish the proof of the entry or of the consistency that was read.
finish() {
	case $state in
	proof) [ "$sn" -eq 0 ] && [ "$a" = "$root" ] || refuse "entry $index is not in the ledger as it stands in the bundle"
		[ -z "$show" ] || { bytes "$record"; echo; } ;;
	known) [ "$sn" -eq 0 ] && [ "$a" = "$root" ] && [ "$b" = "$oldroot" ] || refuse "the known checkpoint is not of this ledger" ;;
	entry) refuse "entry $index has no record" ;;
	esac
}

state=start entries=0 last=-1 line=0
plain "$bundle"
while IFS= read -r whole; do
	line=$((line + 1)) word=${whole%% *} value=${whole#* }
	case $state:$value in start:*) word=$whole ;; *' '*) refuse "line $line: more than two words" ;; esac
	case $state:$word in
	start:io.github.safeguard-sdk.audit.bundle.v1) state=magic ;;
	magic:checkpoint) checkpoint "$value"; newsize=$size newroot=$root state=checkpoint ;;
	checkpoint:known)
		checkpoint "$value"
		oldsize=$size oldroot=$root size=$newsize root=$newroot state=known
		[ "$oldsize" -le "$size" ] || refuse "the known checkpoint is newer"
		fn=$((oldsize - 1)) sn=$((size - 1)) a= b=
		if [ "$oldsize" -eq "$size" ]; then sn=0 fn=0 a=$oldroot b=$oldroot
		elif [ "$oldsize" -eq 0 ]; then sn=0 fn=0 a=$root b=$(sum </dev/null)
		else
			while [ $((fn & 1)) -eq 1 ]; do fn=$((fn >> 1)) sn=$((sn >> 1)); done
			[ $((oldsize & (oldsize - 1))) -ne 0 ] || { a=$oldroot b=$oldroot; }
		fi ;;
	known:consistency) hash "$value"; if [ -z "$a" ]; then a=$h b=$h; else step "$h"; fi ;;
	checkpoint:entry | known:entry | proof:entry)
		finish; number "$value"; index=$value state=entry entries=$((entries + 1))
		[ "$index" -gt "$last" ] && [ "$index" -lt "$size" ] || refuse "entry $index is out of place"
		last=$index ;;
	entry:record)
		one "$value"; record=$value b= fn=$index sn=$((size - 1)) state=proof
		a=$({ printf '\000'; bytes "$value"; } | sum) ;;
	proof:hash) hash "$value"; step "$h" ;;
	checkpoint:end | known:end | proof:end)
		finish; [ "$value" = "$entries" ] || refuse "the bundle has not the entries that it says"
		state=ended ;;
	*) refuse "line $line: not a bundle" ;;
	esac
done <"$bundle"
[ "$state" = ended ] || refuse "the bundle is cut off"
echo "GOOD: $name, $size records signed, $entries of them proven here${oldsize:+, an older checkpoint of $oldsize is of the same ledger}"
