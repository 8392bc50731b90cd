//! What reading a tap's lines costs: `cargo bench -p airbyte-singer-singer-protocol`.

mod lines;

use criterion::{BenchmarkId, Criterion, Throughput};
use singer_protocol::Message;
use std::hint::black_box;

/// Reads lines one after the other and counts the records.
type Reader = fn(&[String]) -> usize;

/// The ways to read, each of which reads the same.
const READERS: [(&str, Reader); 1] = [("generic", generic)];

fn generic(lines: &[String]) -> usize {
    let messages = lines.iter().map(|line| black_box(Message::parse(line.as_bytes())));
    messages.filter(|message| matches!(message, Ok(Message::Record(_)))).count()
}

fn scanner(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scanner");
    for (shape, kind) in lines::SHAPES {
        let lines = lines::lines(kind);
        let size: usize = lines.iter().map(String::len).sum();
        group.throughput(Throughput::Bytes(size as u64));
        for (name, read) in READERS {
            assert_eq!(read(&lines), lines.len(), "{name} reads every record");
            group.bench_with_input(BenchmarkId::new(name, shape), &lines, |bencher, lines| {
                bencher.iter(|| read(lines));
            });
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    scanner(&mut criterion);
    criterion.final_summary();
}
