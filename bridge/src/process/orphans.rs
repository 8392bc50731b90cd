//! What a tap starts and leaves to us, where we are process 1 of a container: nobody else buries it.

use rustix::process::{Pid, WaitOptions, getpgid, getpid, waitpid};
use std::time::Duration;

/// How long the dead may lie.
const EVERY: Duration = Duration::from_secs(1);

/// Buries the dead now and then for as long as it is polled, where that falls to us.
pub(super) async fn bury_now_and_then() {
    if getpid() != Pid::INIT {
        return;
    }
    loop {
        tokio::time::sleep(EVERY).await;
        bury();
    }
}

/// Buries dead children that we didn't start. A tap that we did start leads a group of its own, and
/// its end is awaited elsewhere.
fn bury() {
    for pid in children() {
        if getpgid(Some(pid)).is_ok_and(|group| group != pid) {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

/// All children of ours, as the kernel lists them for each thread.
fn children() -> Vec<Pid> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split(' ').filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>())
        .filter_map(Pid::from_raw)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::set_child_subreaper;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    #[test]
    fn orphans_are_buried_and_taps_are_not() {
        set_child_subreaper(Some(getpid())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("pid");
        let script = format!("(sleep 0.1 & echo $! > '{}')", mark.display());
        let mut tap =
            Command::new("/bin/sh").args(["-c", &script]).process_group(0).spawn().unwrap();
        let dead = |pid: &str| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit(')').next().is_some_and(|rest| rest.trim().starts_with('Z'))
        };
        let own = tap.id().to_string();
        let mut orphan = String::new();
        while !(dead(&own) && dead(orphan.trim())) {
            std::thread::sleep(Duration::from_millis(5));
            orphan = std::fs::read_to_string(&mark).unwrap_or_default();
        }
        bury();
        assert!(!std::path::Path::new("/proc").join(orphan.trim()).exists(), "it lies there");
        assert!(tap.wait().unwrap().success(), "its end was somebody else's to hear");
    }
}
