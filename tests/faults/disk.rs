//! Disks that are full, missing, or not ours: the tap's and our own.

use super::{faults, read, syncing, through};

faults! {
    tap_finds_the_disk_full: "the tap's disk is full",
        |work| read(work, "schema; row 1; echo \"CRITICAL [Errno 28] No space left on device: '/tmp/chunk.csv'\" >&2; exit 1").go(),
        ["exit 1", "system_error: tap-x: [Errno 28] No space left on device: '/tmp/chunk.csv' (the disk is full)", "people INCOMPLETE, 1 record"];
    tap_may_not_write: "the tap may not write where it wants to",
        |work| read(work, "schema; row 1; echo \"PermissionError: [Errno 13] Permission denied: '/var/lib/tap'\" >&2; exit 1").go(),
        ["exit 1", "system_error: tap-x: PermissionError: [Errno 13] Permission denied: '/var/lib/tap'", "people INCOMPLETE, 1 record"];
    our_folder_is_missing: "TMPDIR names a folder that isn't there",
        |work| read(work, "schema; row 1").env("TMPDIR", "/nowhere/tmp").go(),
        ["exit 1", "system_error: the tap's private folder can't be written below /nowhere/tmp: there is no such folder (set TMPDIR to another folder)", ""];
    our_folder_is_a_file: "TMPDIR names a file",
        |work| read(work, "schema; row 1").env("TMPDIR", "/dev/null").go(),
        ["exit 1", "system_error: the tap's private folder can't be written below /dev/null: there is no such folder (set TMPDIR to another folder)", ""];
    our_folder_takes_nothing: "no file can grow below TMPDIR (`ulimit -f 0`)",
        |work| {
            let tap = syncing(work, "schema; row 1");
            let flags = ["discover", "--catalog-flag", "catalog"];
            through(work, "trap '' XFSZ; ulimit -f 0; exec \"$@\"").args(flags).with_config("{}").arg("--tap").arg(tap).go()
        },
        ["exit 1", "system_error: the tap's config can't be written below /here/tmp: file too large (set TMPDIR to another folder)", ""];
}
