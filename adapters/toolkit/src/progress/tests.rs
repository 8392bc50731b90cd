use super::*;
use serde_json::json;

fn window(n: u64) -> Slice {
    Slice::window([("n", n)])
}

fn incremental() -> Progress {
    Progress::new(Saved::new(SyncMode::Incremental), true, Cursor::default())
}

#[test]
fn a_state_covers_no_more_than_the_slices_without_a_gap() {
    let mut progress = incremental();
    for n in 0..3 {
        assert_eq!(progress.admit(window(n)).unwrap().0, usize::try_from(n).unwrap());
    }
    assert!(!progress.finish(2, Some(json!(30))).unwrap());
    assert!(!progress.advance(1, json!(15)).unwrap());
    assert!(progress.finish(0, Some(json!(10))).unwrap());
    assert_eq!(progress.publish()["cursor"], 15, "the next one vouched for a part of it");
    assert!(progress.finish(1, Some(json!(20))).unwrap());
    assert_eq!(progress.publish()["cursor"], 30);
    assert_eq!(progress.conclude(), None);
}

#[test]
fn partitions_keep_a_cursor_each_and_windows_begin_where_the_read_did() {
    let blob = json!({"version": 1, "mode": "incremental", "cursor": 5,
        "slices": [{"slice": {"p": 1}, "at": 7}]});
    let saved = Saved::load(Some(&blob), SyncMode::Incremental).unwrap();
    let mut progress = Progress::new(saved, true, Cursor::default());
    let (first, slice) = progress.admit(Slice::partition([("p", 1)])).unwrap();
    assert_eq!(slice.cursor::<u64>().unwrap(), Some(7));
    assert!(progress.finish(first, Some(json!(9))).unwrap());
    let (second, slice) = progress.admit(window(1)).unwrap();
    assert_eq!(slice.cursor::<u64>().unwrap(), Some(5));
    assert_eq!(slice.position::<u64>().unwrap(), None);
    assert!(progress.finish(second, Some(json!(8))).unwrap());
    let (_, slice) = progress.admit(window(2)).unwrap();
    assert_eq!(slice.cursor::<u64>().unwrap(), Some(5), "other windows may run at the same time");
    let state = progress.publish();
    assert_eq!((&state["cursor"], &state["slices"][0]["at"]), (&json!(8), &json!(9)));
}

#[test]
fn a_full_refresh_leaves_out_what_was_done_and_begins_anew_after_its_end() {
    let mut progress = Progress::new(Saved::new(SyncMode::FullRefresh), true, Cursor::default());
    progress.admit(window(0)).unwrap();
    progress.admit(window(1)).unwrap();
    assert!(progress.finish(0, None).unwrap());
    assert!(progress.advance(1, json!("page 3")).unwrap());
    let cut = progress.publish();
    let mut rest = Progress::new(
        Saved::load(Some(&cut), SyncMode::FullRefresh).unwrap(),
        true,
        Cursor::default(),
    );
    assert!(rest.admit(window(0)).is_none());
    let (number, slice) = rest.admit(window(1)).unwrap();
    assert_eq!(slice.position::<String>().unwrap().as_deref(), Some("page 3"));
    rest.finish(number, None).unwrap();
    let end = rest.conclude().unwrap();
    assert_eq!(end, json!({"version": 1, "mode": "full_refresh", "complete": true}));
    let mut anew = Progress::new(
        Saved::load(Some(&end), SyncMode::FullRefresh).unwrap(),
        true,
        Cursor::default(),
    );
    assert!(anew.admit(window(0)).is_some());
}

#[test]
fn a_slice_that_comes_twice_is_read_once_where_a_state_would_vouch_for_both() {
    let mut progress = Progress::new(Saved::new(SyncMode::FullRefresh), true, Cursor::default());
    let (number, _) = progress.admit(window(0)).unwrap();
    assert!(progress.admit(window(0)).is_none(), "while it is read");
    progress.finish(number, None).unwrap();
    assert!(progress.admit(window(0)).is_none(), "and afterwards");
    let mut plain = Progress::new(Saved::new(SyncMode::FullRefresh), false, Cursor::default());
    assert!(plain.admit(window(0)).is_some() && plain.admit(window(0)).is_some());
    let mut incremental = incremental();
    assert!(incremental.admit(window(0)).is_some() && incremental.admit(window(0)).is_some());
}

#[test]
fn what_cannot_go_on_has_one_state_at_its_end() {
    let mut progress = Progress::new(Saved::new(SyncMode::FullRefresh), false, Cursor::default());
    let (number, _) = progress.admit(window(0)).unwrap();
    assert!(!progress.advance(number, json!(1)).unwrap());
    assert!(!progress.finish(number, None).unwrap());
    assert_eq!(progress.conclude().unwrap()["complete"], true);
}

#[test]
fn all_states_together_dont_cost_the_square() {
    let mut progress = incremental();
    let mut bytes = 0;
    for n in 0..4000_u64 {
        let (number, _) = progress.admit(Slice::partition([("p", n)])).unwrap();
        if progress.finish(number, Some(json!(n))).unwrap() {
            bytes += progress.publish().to_string().len();
        }
    }
    let last = progress.publish().to_string().len();
    assert!(bytes < 40 * last, "{bytes} bytes of states, the last of {last}");
}

#[test]
fn a_state_that_was_held_back_is_published_when_the_last_one_is_long_ago() {
    let mut progress = incremental();
    let step = |progress: &mut Progress| {
        let n = progress.saved.len() as u64;
        let (number, _) = progress.admit(Slice::partition([("p", n)])).unwrap();
        progress.finish(number, Some(json!(n))).unwrap()
    };
    while step(&mut progress) {
        progress.publish();
    }
    progress.publish();
    progress.published_at = Instant::now().checked_sub(LONG).unwrap();
    assert!(step(&mut progress));
    progress.publish();
    assert!(!step(&mut progress));
}

#[test]
fn who_is_ahead_waits_for_the_slowest() {
    let mut progress = incremental();
    progress.admit(window(0)).unwrap();
    for n in 1..AHEAD {
        assert!(progress.has_room());
        let (number, _) = progress.admit(window(n as u64)).unwrap();
        progress.finish(number, None).unwrap();
    }
    assert!(!progress.has_room());
    progress.finish(0, None).unwrap();
    assert!(progress.has_room());
}
