//! Texts with places for what a parent gives.

use crate::pointer;
use airbyte_singer_runtime::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What parents give, by name.
pub(super) type Values = Map<String, Value>;

/// What needs no escape within a step of a path.
const STEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text, which a user may also write as a number, or as true or false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(value)?;
        plain(&value).map(Self).ok_or_else(|| D::Error::custom("no text"))
    }
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

/// A value as it stands in an address or a form; none of what has parts, or is nothing.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A field that is named by its name or by a JSON Pointer, as a pointer.
pub(super) fn pointer_to(field: &str) -> String {
    match field.starts_with('/') {
        true => field.to_owned(),
        false => pointer::below("", field),
    }
}

/// The name by which a text has the cursor's value, which isn't always there: what names it is left out
/// then.
pub(super) const CURSOR: &str = "cursor";

/// A text in which `{name}` stands for a value, and `\{name}` for itself. Braces around anything but a name
/// are themselves, as they are in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

impl Template {
    /// # Errors
    ///
    /// A config error: a name isn't among the known ones.
    pub(super) fn parse(text: &str, known: &[String]) -> Result<Self> {
        let parsed = Self::of(text, known);
        let unknown = parsed.names().find(|name| !known.iter().any(|one| one == name));
        match unknown.map(str::to_owned) {
            None => Ok(parsed),
            Some(name) => {
                let has = match known {
                    [] => "there is no parent that gives it".to_owned(),
                    known => format!("what there is: {}", known.join(", ")),
                };
                Err(Error::config(format!(
                    "nobody knows {{{name}}}; {has}; the text itself is written as \\{{{name}}}"
                )))
            }
        }
    }

    /// The text with all names in it, known or not.
    pub(super) fn of(text: &str, known: &[String]) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, inner)) = rest.split_once('{') {
            rest = inner;
            match (name_in(inner, known), before.strip_suffix('\\')) {
                (None, _) => plain.extend([before, "{"]),
                (Some(name), Some(before)) => {
                    plain.extend([before, "{", name, "}"]);
                    rest = &inner[name.len() + 1..];
                }
                (Some(name), None) => {
                    plain.push_str(before);
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Name(name.to_owned()));
                    rest = &inner[name.len() + 1..];
                }
            }
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Self(parts)
    }

    /// The text as it stands, without escapes.
    pub(super) fn plain_text(text: &str) -> String {
        let parts = Self::of(text, &[]).0;
        let parts = parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Name(name) => format!("{{{name}}}"),
        });
        parts.collect()
    }

    /// A text without names.
    pub(super) fn literal(text: &str) -> Self {
        Self(vec![Part::Text(text.to_owned())])
    }

    /// The names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Whether it names a cursor that isn't there.
    pub(super) fn lacks(&self, values: &Values) -> bool {
        !values.contains_key(CURSOR) && self.names().any(|name| name == CURSOR)
    }

    /// The text with values in it.
    pub(super) fn fill(&self, values: &Values) -> Result<String> {
        self.filled(values, |text| Ok(Cow::Borrowed(text)))
    }

    /// The text as a path, which values can't lead elsewhere.
    pub(super) fn fill_path(&self, values: &Values) -> Result<String> {
        self.filled(values, |text| match is_step(text) {
            false => Err(Error::system("a parent gives what can't be a part of a path")),
            true => Ok(utf8_percent_encode(text, STEP).into()),
        })
    }

    /// Whether one of these values can't be a part of it, where it is a path.
    pub(super) fn is_astray(&self, given: &Value) -> bool {
        let mut values = self.names().filter_map(|name| given.get(name).and_then(plain));
        values.any(|text| !is_step(&text))
    }

    /// The text, or the very value if it is nothing else.
    fn fill_value(&self, values: &Values) -> Result<Value> {
        match &self.0[..] {
            [Part::Name(name)] => values.get(name).cloned().ok_or_else(|| unknown(name)),
            _ => self.fill(values).map(Value::String),
        }
    }

    fn filled(
        &self,
        values: &Values,
        escape: impl Fn(&str) -> Result<Cow<'_, str>>,
    ) -> Result<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Name(name) => {
                    let value = values.get(name).and_then(plain).ok_or_else(|| unknown(name))?;
                    text.push_str(&escape(&value)?);
                }
            }
        }
        Ok(text)
    }
}

/// Whether a text can be a step of a path, which leads to what is below.
fn is_step(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
}

fn unknown(name: &str) -> Error {
    Error::system(format!("the slice has no `{name}`"))
}

/// The name that a text begins with, if a brace closes behind it: a known one, or letters, digits and `_`.
fn name_in<'a>(text: &'a str, known: &[String]) -> Option<&'a str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (name, _) = text.split_once('}')?;
    let is_name = !name.is_empty() && name.chars().all(is_word);
    (is_name || known.iter().any(|one| one == name)).then_some(name)
}

/// A JSON text with templates for its texts.
#[derive(Debug, Clone)]
pub(super) enum Document {
    Value(Value),
    Text(Template),
    List(Vec<Self>),
    Object(Vec<(Template, Self)>),
}

impl Document {
    /// # Errors
    ///
    /// As [`Template::parse`].
    pub(super) fn parse(value: &Value, known: &[String]) -> Result<Self> {
        Ok(match value {
            Value::String(text) => Self::Text(Template::parse(text, known)?),
            Value::Array(list) => {
                Self::List(list.iter().map(|one| Self::parse(one, known)).collect::<Result<_>>()?)
            }
            Value::Object(map) => Self::Object(
                map.iter()
                    .map(|(name, value)| {
                        Ok((Template::parse(name, known)?, Self::parse(value, known)?))
                    })
                    .collect::<Result<_>>()?,
            ),
            value => Self::Value(value.clone()),
        })
    }

    /// The document with values in it, without the members that name a cursor that isn't there.
    pub(super) fn fill(&self, values: &Values) -> Result<Value> {
        Ok(match self {
            Self::Value(value) => value.clone(),
            Self::Text(template) => template.fill_value(values)?,
            Self::List(list) => {
                let there = list.iter().filter(|one| !one.lacks(values));
                Value::Array(there.map(|one| one.fill(values)).collect::<Result<_>>()?)
            }
            Self::Object(members) => {
                let there = members
                    .iter()
                    .filter(|(name, member)| !name.lacks(values) && !member.lacks(values));
                let filled =
                    there.map(|(name, member)| Ok((name.fill(values)?, member.fill(values)?)));
                Value::Object(filled.collect::<Result<_>>()?)
            }
        })
    }

    fn lacks(&self, values: &Values) -> bool {
        matches!(self, Self::Text(template) if template.lacks(values))
    }

    /// Whether a text or name in it has that name.
    pub(super) fn names(&self, wanted: &str) -> bool {
        let has = |template: &Template| template.names().any(|name| name == wanted);
        match self {
            Self::Value(_) => false,
            Self::Text(template) => has(template),
            Self::List(list) => list.iter().any(|one| one.names(wanted)),
            Self::Object(members) => {
                members.iter().any(|(name, member)| has(name) || member.names(wanted))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn values() -> Values {
        Values::from_iter([("id".into(), json!(7)), ("name".into(), json!("a/b ü"))])
    }

    fn known() -> Vec<String> {
        vec!["id".to_owned(), "name".to_owned()]
    }

    #[test]
    fn names_stand_for_values_and_other_braces_for_themselves() {
        let filled = |text: &str| Template::parse(text, &known()).unwrap().fill(&values()).unwrap();
        assert_eq!(filled("x/{id}/{name}{id}"), "x/7/a/b ü7");
        assert_eq!(filled(r#"{"a": {}, "b": {id}"#), r#"{"a": {}, "b": 7"#);
        assert_eq!(filled("{{id}}"), "{7}");
        assert_eq!(filled(""), "");
    }

    #[test]
    fn a_path_is_not_led_elsewhere() {
        let path = Template::parse("x/{name}/y", &known()).unwrap();
        assert_eq!(path.fill_path(&values()).unwrap(), "x/a%2Fb%20%C3%BC/y");
        for odd in ["", ".", ".."] {
            let values = Values::from_iter([("name".into(), json!(odd))]);
            assert!(path.fill_path(&values).is_err());
        }
    }

    #[test]
    fn a_text_that_is_only_a_name_is_the_value() {
        let document = json!({"a": ["{id}", "no {id}", 1.5], "b": null});
        let document = Document::parse(&document, &known()).unwrap();
        let filled = document.fill(&values()).unwrap();
        assert_eq!(filled.to_string(), r#"{"a":[7,"no 7",1.5],"b":null}"#);
    }

    #[test]
    fn a_name_that_nobody_gives_is_a_fault_of_the_config() {
        let told = |known: &[String]| Template::parse("{x}", known).unwrap_err().to_string();
        let escape = r"the text itself is written as \{x}";
        assert_eq!(
            told(&[]),
            format!("nobody knows {{x}}; there is no parent that gives it; {escape}")
        );
        assert_eq!(
            told(&known()),
            format!("nobody knows {{x}}; what there is: id, name; {escape}")
        );
    }

    #[test]
    fn a_text_with_braces_is_written_with_an_escape() {
        let filled = |text: &str| Template::parse(text, &known()).unwrap().fill(&values()).unwrap();
        assert_eq!(filled(r"posts\{message}"), "posts{message}");
        assert_eq!(filled(r"\{id} \ {id}"), r"{id} \ 7");
    }

    #[test]
    fn a_known_name_may_have_any_letters() {
        let known = vec!["my-id".to_owned()];
        let values = Values::from_iter([("my-id".into(), json!(7))]);
        let filled = |text: &str| Template::parse(text, &known).unwrap().fill(&values).unwrap();
        assert_eq!(filled("{my-id}/{my-ids}"), "7/{my-ids}");
    }

    #[test]
    fn what_names_a_cursor_is_there_only_with_one() {
        let known = vec!["id".to_owned(), CURSOR.to_owned()];
        let document = json!({"since": "{cursor}", "q": ["x>{cursor}", "{id}"], "{id}": {}});
        let document = Document::parse(&document, &known).unwrap();
        let filled = document.fill(&values()).unwrap();
        assert_eq!(filled.to_string(), r#"{"q":[7],"7":{}}"#);
        let mut with_cursor = values();
        with_cursor.insert(CURSOR.into(), json!(9));
        let filled = document.fill(&with_cursor).unwrap();
        assert_eq!(filled.to_string(), r#"{"since":9,"q":["x>9",7],"7":{}}"#);
        assert!(document.names(CURSOR) && !document.names("name"));
    }
}
