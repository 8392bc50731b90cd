//! Members of the first `*`, one by one in memory, where records get something of what is around them.

use super::find::Finder;
use crate::format::{Record, kind_of};
use crate::records::Step;
use airbyte_singer_runtime::{Error, Result};
use serde_json::Value;

/// Fields that records get, by name.
type Fields = Vec<(String, Value)>;

impl Finder<'_, '_> {
    /// Takes the records of a member of the first `*`, behind so many steps; `key` is its name in an
    /// object.
    pub(super) fn member(&mut self, key: Option<&str>, member: Value, depth: usize) -> Result<()> {
        self.within(key, member, depth, 0, &Fields::new())
    }

    /// A member of the `*` that has `level` others before it.
    fn within(
        &mut self,
        key: Option<&str>,
        member: Value,
        depth: usize,
        level: usize,
        outer: &Fields,
    ) -> Result<()> {
        let path = self.path();
        let around = path.around();
        let mut fields = outer.clone();
        let own = around.fields().enumerate().filter(|(_, field)| field.level() == level);
        for (at, field) in own {
            let value = member.pointer(field.pointer()).cloned();
            self.note_field(at, value.is_some());
            fields.push((field.name().to_owned(), value.unwrap_or_default()));
        }
        let is_last = !path.steps()[depth..].contains(&Step::Each);
        if let (Some(name), true) = (around.key_field(), is_last) {
            let Some(key) = key else {
                let at = path.named(depth - 1);
                let text = format!("what is at {at} is an array, so its members have no keys");
                return Err(Error::system(text));
            };
            fields.push((name.to_owned(), key.into()));
        }
        self.descend(member, depth, level, &fields)
    }

    fn descend(&mut self, value: Value, depth: usize, level: usize, fields: &Fields) -> Result<()> {
        let path = self.path();
        match (path.steps().get(depth), value) {
            (_, Value::Null) => {
                self.without(depth);
                Ok(())
            }
            (None, Value::Array(records)) => {
                self.reached();
                self.has_list();
                records.into_iter().try_for_each(|record| self.take_with(record, fields))
            }
            (None, record) => {
                self.reached();
                self.take_with(record, fields)
            }
            (Some(Step::Member(name)), Value::Object(mut members)) => {
                match members.swap_remove(name) {
                    Some(member) => self.descend(member, depth + 1, level, fields),
                    None => {
                        self.lacking();
                        self.without(depth);
                        Ok(())
                    }
                }
            }
            (Some(Step::Member(name)), Value::Array(mut members)) => match name.parse::<usize>() {
                Ok(at) if at < members.len() => {
                    self.descend(members.swap_remove(at), depth + 1, level, fields)
                }
                Ok(_) => {
                    self.without(depth);
                    Ok(())
                }
                Err(_) => Err(self.no_records_behind("an array", depth)),
            },
            (Some(Step::Each), Value::Object(members)) => {
                let mut members = members.into_iter();
                members.try_for_each(|(key, member)| {
                    self.within(Some(&key), member, depth + 1, level + 1, fields)
                })
            }
            (Some(Step::Each), Value::Array(members)) => {
                let mut members = members.into_iter();
                members
                    .try_for_each(|member| self.within(None, member, depth + 1, level + 1, fields))
            }
            (Some(_), value) => Err(self.no_records_behind(kind_of(&value), depth)),
        }
    }

    fn take_with(&mut self, record: Value, fields: &Fields) -> Result<()> {
        self.take(record, |record: &mut Record| {
            for (name, value) in fields {
                if record.insert(name.clone(), value.clone()).is_some() {
                    return Err(Error::system(format!(
                        "a record has a field `{name}` of its own, which would be lost"
                    )));
                }
            }
            Ok(())
        })
    }
}
