//! The name that a misspelt one was probably meant to be.

use airbyte_protocol::StreamDescriptor;

/// Longer names are compared with nothing: comparing takes the product of both lengths.
const LONGEST: usize = 128;

/// The one of `known` that `name` was probably meant to be: the one with the fewest letters added, left
/// out, exchanged or swapped, at most a third of them. Case and the kind of separator don't count. Of
/// several that are equally near the first one is given.
///
/// ```
/// use airbyte_singer_sdk::runtime::nearest;
/// assert_eq!(nearest("strat_date", ["end_date", "start_date"]), Some("start_date"));
/// assert_eq!(nearest("Start-Date", ["start_date"]), Some("start_date"));
/// assert_eq!(nearest("planets", ["people"]), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let wanted = plain(name);
    let near = known.into_iter().filter(|one| one.len() <= LONGEST).filter_map(|one| {
        let other = plain(one);
        let allowed = wanted.chars().count().max(other.chars().count()) / 3;
        let distance = strsim::osa_distance(&wanted, &other);
        (distance <= allowed).then_some((distance, one))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, one)| one)
}

/// The one of `known` that `wanted` was probably meant to be: of the same name in another namespace, or
/// else the [`nearest`].
pub fn nearest_stream<'a>(
    wanted: &StreamDescriptor,
    known: impl IntoIterator<Item = &'a StreamDescriptor>,
) -> Option<String> {
    let known: Vec<(&StreamDescriptor, String)> =
        known.into_iter().map(|one| (one, one.to_string())).collect();
    let same_name = known.iter().find(|(one, _)| one.name == wanted.name);
    if let Some((_, name)) = same_name {
        return Some(name.clone());
    }
    nearest(&wanted.to_string(), known.iter().map(|(_, name)| name.as_str())).map(str::to_owned)
}

fn plain(name: &str) -> String {
    let one = |c: char| if matches!(c, '-' | '.' | ' ') { '_' } else { c };
    name.chars().map(one).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["users", "orders", "order_items", "id"];
        let cases = [
            ("user", Some("users")),
            ("odrers", Some("orders")),
            ("ORDER-ITEM", Some("order_items")),
            ("ordr_itmes", Some("order_items")),
            ("planets", None),
            ("ib", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
        assert_eq!(nearest(&"x".repeat(200), [&*"x".repeat(200)]), None);
    }

    #[test]
    fn a_stream_of_that_name_in_another_namespace_comes_first() {
        let known = [
            StreamDescriptor::new("user"),
            StreamDescriptor::new("users").in_namespace("public"),
            StreamDescriptor::new("orders").in_namespace("public"),
        ];
        let near = |wanted: StreamDescriptor| nearest_stream(&wanted, &known);
        assert_eq!(near(StreamDescriptor::new("users")).as_deref(), Some("public.users"));
        let misspelt = StreamDescriptor::new("order").in_namespace("public");
        assert_eq!(near(misspelt).as_deref(), Some("public.orders"));
        assert_eq!(near(StreamDescriptor::new("planets")), None);
    }
}
