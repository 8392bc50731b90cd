use serde_json::Value;

/// A set of JSON types, as `type` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Types(u8);

/// Every type with its bit, in the order in which we write them: null first, as clients expect.
const NAMES: [(&str, Types); 7] = [
    ("null", Types::NULL),
    ("string", Types::STRING),
    ("number", Types::NUMBER),
    ("integer", Types::INTEGER),
    ("boolean", Types::BOOLEAN),
    ("object", Types::OBJECT),
    ("array", Types::ARRAY),
];

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const STRING: Self = Self(1 << 1);
    pub(super) const NUMBER: Self = Self(1 << 2);
    pub(super) const INTEGER: Self = Self(1 << 3);
    pub(super) const BOOLEAN: Self = Self(1 << 4);
    pub(super) const OBJECT: Self = Self(1 << 5);
    pub(super) const ARRAY: Self = Self(1 << 6);

    /// Reads a `type` keyword. None means open: absent, empty, or with a name that is no JSON
    /// type, for then nobody knows what the values are.
    pub(super) fn parse(keyword: &Value) -> Option<Self> {
        let named = |name: &str| NAMES.iter().find(|(n, _)| *n == name).map(|(_, bit)| *bit);
        match keyword {
            Value::String(name) => named(name),
            Value::Array(names) if !names.is_empty() => names
                .iter()
                .map(|name| named(name.as_str()?))
                .try_fold(Self::default(), |all, one| Some(all.with(one?))),
            _ => None,
        }
    }

    /// The type of a value, for `enum` and `const`.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(n) if n.is_i64() || n.is_u64() => Self::INTEGER,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether this is `other` alone, null aside.
    pub(super) fn is_just(self, other: Self) -> bool {
        self.without(Self::NULL).tidy() == other
    }

    /// What both allow. An integer is a number. Null survives when either side has it: a merge
    /// that forgets a null would be wrong, one that allows it is only wider.
    pub(super) fn intersect(self, other: Self) -> Self {
        let widen = |t: Self| if t.has(Self::NUMBER) { t.with(Self::INTEGER) } else { t };
        let both = Self(widen(self).0 & widen(other).0);
        both.with(Self((self.0 | other.0) & Self::NULL.0))
    }

    /// Integers beside numbers are numbers.
    pub(super) fn tidy(self) -> Self {
        if self.has(Self::NUMBER) { self.without(Self::INTEGER) } else { self }
    }

    /// The types' names, null first.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter(move |(_, bit)| self.has(*bit)).map(|(name, _)| *name)
    }

    /// The `type` keyword: a name, or a list with null in front.
    pub(super) fn to_value(self) -> Value {
        let mut names: Vec<Value> = self.tidy().names().map(Value::from).collect();
        if names.len() == 1 { names.remove(0) } else { Value::Array(names) }
    }
}
