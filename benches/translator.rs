//! What translating records costs, without pipes: `cargo bench -p airbyte-singer --bench translator`.

mod lines;

use airbyte_protocol::{StreamDescriptor, record::Envelope};
use airbyte_singer::translate::record::FieldFilter;
use criterion::{BenchmarkId, Criterion, Throughput};
use serde_json::{Map, Value};
use singer_protocol::{Chunk, Message, Parser, epoch_millis};

/// Reads each line, takes its deselected fields out, and writes the record for Airbyte; gives back
/// how much was written.
fn translate(lines: &str, filter: &mut FieldFilter, out: &mut Vec<u8>) -> usize {
    let mut envelope = Envelope::new(&StreamDescriptor::new("customers"));
    let mut scratch = Vec::new();
    out.clear();
    let mut parser = Parser::default();
    if !filter.is_empty() {
        parser.note_fields();
    }
    let mut chunk = Chunk::new(lines.as_bytes());
    while let Some((_, message)) = parser.next(&mut chunk) {
        let Ok(Message::Record(record)) = message else { continue };
        let at = record.time_extracted.as_deref().and_then(epoch_millis).unwrap_or_default();
        envelope.write(out, filter.apply(record.record, parser.fields(), &mut scratch), at, &[]);
    }
    out.len()
}

/// A filter that takes out every second field.
fn half(line: &str) -> FieldFilter {
    let Ok(Message::Record(record)) = Message::parse(line.as_bytes()) else {
        return FieldFilter::default();
    };
    let fields: Map<String, Value> = serde_json::from_str(record.record).unwrap_or_default();
    FieldFilter::new(fields.into_iter().skip(1).step_by(2).map(|(name, _)| name))
}

fn translator(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("translator");
    let mut out = Vec::new();
    for (shape, kind) in lines::SHAPES {
        let lines = lines::lines(kind);
        let text = lines.join("\n") + "\n";
        group.throughput(Throughput::Bytes(text.len() as u64));
        let whole = translate(&text, &mut FieldFilter::default(), &mut out);
        let filters = [("all fields", FieldFilter::default()), ("half", half(&lines[0]))];
        for (name, mut filter) in filters {
            let written = translate(&text, &mut filter, &mut out);
            assert!(written > 0 && (written < whole) != filter.is_empty(), "{name} of {shape}");
            group.bench_with_input(
                BenchmarkId::new(name, shape),
                text.as_str(),
                |bencher, text| {
                    bencher.iter(|| translate(text, &mut filter, &mut out));
                },
            );
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    translator(&mut criterion);
    criterion.final_summary();
}
