use super::*;

/// What is shown of lines that come at these times (in milliseconds), and at the end.
fn shown(lines: &[(u64, Level, &str)]) -> Vec<String> {
    let (mut flood, began) = (Flood::default(), Instant::now());
    let mut now = began;
    for (at, level, message) in lines {
        now = began + Duration::from_millis(*at);
        flood.take(Log::new(*level, *message), true, now);
    }
    flood.finish(now);
    told(&mut flood)
}

fn told(flood: &mut Flood) -> Vec<String> {
    std::iter::from_fn(|| flood.next()).map(|log| log.message).collect()
}

#[test]
fn what_repeats_itself_is_counted() {
    use Level::{Error, Info};
    let lines = [
        (0, Info, "a"),
        (1, Info, "a"),
        (2, Info, "a"),
        (3, Info, "b"),
        (4, Error, "c"),
        (5, Error, "c"),
    ];
    assert_eq!(shown(&lines), ["a", "a (repeated 2 times)", "b", "c", "c (repeated once)"]);
    // Another level or another trace is another line.
    assert_eq!(shown(&[(0, Info, "a"), (1, Error, "a")]), ["a", "a"]);
    let mut flood = Flood::default();
    for trace in ["one", "two"] {
        let log = Log { stack_trace: Some(trace.into()), ..Log::new(Error, "a") };
        flood.take(log, true, Instant::now());
    }
    assert_eq!(told(&mut flood), ["a", "a"]);
}

#[test]
fn a_repetition_is_told_after_a_second_and_counted_on() {
    let (mut flood, began) = (Flood::default(), Instant::now());
    let take = |flood: &mut Flood, at| {
        flood.take(Log::new(Level::Info, "a"), true, began + Duration::from_millis(at));
        told(flood)
    };
    assert_eq!(take(&mut flood, 0), ["a"]);
    assert!(take(&mut flood, 5000).is_empty());
    assert!(take(&mut flood, 5999).is_empty());
    assert_eq!(take(&mut flood, 6000), ["a (repeated 2 times)"]);
    flood.settle(began + Duration::from_millis(6999));
    assert!(told(&mut flood).is_empty());
    // Nothing comes any more.
    flood.settle(began + Duration::from_millis(7000));
    assert_eq!(told(&mut flood), ["a (repeated once)"]);
    flood.settle(began + Duration::from_millis(9000));
    assert!(told(&mut flood).is_empty());
}

#[test]
fn a_hundred_lines_a_second_and_level_pass_and_the_others_are_counted() {
    let texts: Vec<String> = (0..1000).map(|n| format!("line {n}")).collect();
    for (level, name) in [(Level::Info, "INFO"), (Level::Warn, "WARN"), (Level::Debug, "DEBUG")] {
        let mut lines: Vec<_> = texts.iter().map(|text| (5, level, text.as_str())).collect();
        lines.push((1005, level, "later"));
        let shown = shown(&lines);
        assert_eq!(shown[..100], texts[..100]);
        assert_eq!(shown[100], format!("900 more {name} lines were left out in this second"));
        assert_eq!(shown[101..], ["later"]);
    }
    let lines: Vec<_> = texts[..101].iter().map(|text| (0, Level::Info, text.as_str())).collect();
    assert_eq!(shown(&lines).last().unwrap(), "1 more INFO line was left out in this second");
}

#[test]
fn errors_always_pass() {
    for level in [Level::Error, Level::Fatal] {
        let texts: Vec<String> = (0..1000).map(|n| format!("line {n}")).collect();
        let lines: Vec<_> = texts.iter().map(|text| (0, level, text.as_str())).collect();
        assert_eq!(shown(&lines), texts);
    }
}

#[test]
fn repetitions_count_among_what_is_bounded() {
    let texts: Vec<String> = (0..1000).map(|n| format!("line {}", n / 2)).collect();
    let lines: Vec<_> = texts.iter().map(|text| (0, Level::Info, text.as_str())).collect();
    let shown = shown(&lines);
    assert_eq!(shown.len(), 101);
    assert_eq!(shown[..2], ["line 0", "line 0 (repeated once)"]);
    assert_eq!(shown[100], "900 more INFO lines were left out in this second");
}

#[test]
fn our_own_words_always_pass() {
    let (mut flood, now) = (Flood::default(), Instant::now());
    let lines = |who: &str| (0..300).map(|n| format!("{who} {n}")).collect::<Vec<_>>();
    for (own, heard) in lines("own").into_iter().zip(lines("heard")) {
        flood.take(Log::new(Level::Warn, heard), true, now);
        flood.take(Log::new(Level::Warn, own), false, now);
    }
    let told = told(&mut flood);
    let of =
        |who: &str| told.iter().filter(|line| line.starts_with(who)).cloned().collect::<Vec<_>>();
    assert_eq!(of("own"), lines("own"));
    assert_eq!(of("heard"), lines("heard")[..100]);
}
