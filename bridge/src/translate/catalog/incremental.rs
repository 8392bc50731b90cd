use crate::translate::overrides::{Method, StreamOverride};
use airbyte_protocol::SyncMode;
use singer_protocol as singer;
use singer_protocol::ReplicationMethod;

/// The columns that taps add to a stream that is read from the database's log.
pub(super) const DELETED_AT: &str = "_sdc_deleted_at";
pub(super) const LSN: &str = "_sdc_lsn";

/// How a tap may be asked for what is new in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Incremental {
    /// Not at all.
    No,
    /// By the database's log; the cursor is the tap's business.
    LogBased {
        /// The replication key that the tap's catalog names, if any.
        key: Option<String>,
    },
    /// By one of these fields, the tap's own choice first; never empty.
    Keys(Vec<String>),
    /// By something that the tap keeps to itself.
    Keyless,
    /// By any column: database taps take what they are given.
    AnyColumn,
}

/// How a tap is asked for all of a stream: by FULL_TABLE, with no key that could make it honour a
/// bookmark. But a tap that reads a stream only incrementally refuses that, or ignores the stream: it
/// is asked for what it does, and gets no bookmark.
///
/// That the entry's top says INCREMENTAL counts where no database is behind it: there it is a setting
/// that may be left over, and every database tap reads full tables.
pub(super) fn in_full(
    entry: &singer::Entry,
    over: &StreamOverride,
) -> (ReplicationMethod, Option<String>) {
    let incremental = |method: Option<ReplicationMethod>| {
        method.is_some_and(|method| method == ReplicationMethod::Incremental)
    };
    let only = incremental(entry.forced_replication_method())
        || !entry.is_database()
            && entry.forced_replication_method().is_none()
            && incremental(entry.top_replication_method());
    if !only || over.replication_method == Some(Method::FullTable) {
        return (ReplicationMethod::FullTable, None);
    }
    let own = over.cursor.clone().or_else(|| entry.replication_key());
    let key = own.or_else(|| entry.valid_replication_keys().into_iter().next());
    (ReplicationMethod::Incremental, key)
}

impl Incremental {
    /// What the tap and the profile say together.
    ///
    /// INCREMENTAL that was never declared worked on all SQL taps tried and was ignored, or
    /// yielded nothing, on the others: so any column will do only where there are columns of a
    /// database, and never against a tap that insists on FULL_TABLE.
    pub(super) fn of(entry: &singer::Entry, over: &StreamOverride, has_columns: bool) -> Self {
        let wanted = over.sync_modes.as_ref().map(|modes| modes.contains(&SyncMode::Incremental));
        if wanted == Some(false) || over.replication_method == Some(Method::FullTable) {
            return Self::No;
        }
        let forced = entry.forced_replication_method();
        let declared = entry.replication_method();
        let log_based = match over.replication_method {
            Some(method) => method == Method::LogBased,
            None => declared == Some(ReplicationMethod::LogBased) && over.cursor.is_none(),
        };
        if log_based {
            return Self::LogBased { key: over.cursor.clone().or(entry.replication_key()) };
        }
        if let Some(cursor) = &over.cursor {
            return Self::Keys(vec![cursor.clone()]);
        }
        let asked = wanted == Some(true) || over.replication_method.is_some();
        let elsewise =
            matches!(forced, Some(ReplicationMethod::FullTable | ReplicationMethod::Other(_)));
        if elsewise && !asked {
            return Self::No;
        }
        let mut keys: Vec<String> = entry.replication_key().into_iter().collect();
        for key in entry.valid_replication_keys() {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if !keys.is_empty() {
            Self::Keys(keys)
        } else if entry.is_database() && has_columns {
            Self::AnyColumn
        } else if asked || declared == Some(ReplicationMethod::Incremental) {
            Self::Keyless
        } else {
            Self::No
        }
    }

    /// The cursor to publish: the one the source would use itself.
    pub(super) fn default_cursor(&self) -> Option<&str> {
        match self {
            Self::LogBased { key } => Some(key.as_deref().unwrap_or(LSN)),
            Self::Keys(keys) => keys.first().map(String::as_str),
            Self::No | Self::Keyless | Self::AnyColumn => None,
        }
    }

    /// Whether the user has no say in the cursor; None where nothing is incremental.
    pub(super) fn source_defined(&self) -> Option<bool> {
        match self {
            Self::No => None,
            Self::LogBased { .. } | Self::Keyless => Some(true),
            Self::Keys(keys) => Some(keys.len() == 1),
            Self::AnyColumn => Some(false),
        }
    }
}
