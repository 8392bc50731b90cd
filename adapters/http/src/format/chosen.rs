use super::or_json::OrJson;
use super::packed::{FormatOf, MaybePacked};
use super::recoded::{self, Recoded, WrittenIn};
use super::{Csv, Each, Format, Gzip, Json, JsonLines, Missing, Rest, USUAL, Xml, Zip};
use crate::RecordPath;
use crate::lookups::PathLookup;
use airbyte_singer_runtime::{Error, Result};
use encoding_rs::Encoding;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use url::Url;

/// The format of an answer, going by its `Content-Type`, and by the name in its address for what is
/// inside of a gzip. In doubt it is JSON, with its records at a path; of XML the path is that of its
/// elements.
pub fn format_of(headers: &HeaderMap, url: &Url, records: &RecordPath) -> Arc<dyn Format> {
    Reading::at(records.clone()).format(Kind::Auto, headers, url)
}

/// What answers are written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What they say themselves.
    #[default]
    Auto,
    Json,
    JsonLines,
    Csv,
    Tsv,
    Xml,
    Zip,
}

/// How our own formats read an answer.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// Where the records are.
    records: RecordPath,
    /// Where it is noted that there are none where they should be.
    missing: Option<Missing>,
    max_record_bytes: u64,
    /// Where it is noted whether answers have what the path wants.
    lookup: Option<PathLookup>,
    /// What the header says that texts are written in.
    told: WrittenIn,
    /// What stands between the values of CSV.
    delimiter: Option<u8>,
    /// What texts are written in, if the user says so.
    encoding: Option<&'static Encoding>,
    /// Whether it was said that another delimiter may be meant.
    was_hinted: Arc<AtomicBool>,
}

impl Zip {
    /// What is inside goes by the files' names: `.jsonl`, `.csv`, `.xml` and so on, otherwise JSON with
    /// its records at a path.
    pub fn by_name(records: RecordPath) -> Self {
        Reading::at(records).zip()
    }
}

/// A format that has nothing of what records should get from around them.
struct Refused(&'static str);

impl Format for Refused {
    fn decode(&self, _: &mut dyn BufRead, _: &mut Each<'_>) -> Result<Rest> {
        Err(Error::system(format!(
            "the body is {}, but keys and fields around records can be had of JSON only",
            self.0
        )))
    }
}

/// XML, of which it is noted whether there are elements at its path: without records they aren't there.
struct Watched {
    xml: Xml,
    lookup: Option<PathLookup>,
}

impl Format for Watched {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        let mut is_found = false;
        let rest = self.xml.decode(body, &mut |record| {
            is_found = true;
            each(record)
        })?;
        // A root with other elements isn't empty.
        let root = rest.as_object().and_then(|rest| rest.values().next()).and_then(Rest::as_object);
        let has_others = root.is_some_and(|root| root.keys().any(|name| !name.starts_with('@')));
        if let Some(lookup) = self.lookup.as_ref().filter(|_| is_found || has_others) {
            lookup.path().note(is_found);
        }
        Ok(rest)
    }
}

impl Reading {
    /// Of answers with their records at a path.
    pub(crate) fn at(records: RecordPath) -> Self {
        Self {
            records,
            missing: None,
            lookup: None,
            max_record_bytes: USUAL,
            told: WrittenIn::Unknown,
            delimiter: None,
            encoding: None,
            was_hinted: Arc::default(),
        }
    }

    /// Whose CSV has this between its values; `was_hinted` says whether the user was told of the setting.
    pub(crate) fn delimited(mut self, by: Option<u8>, was_hinted: &Arc<AtomicBool>) -> Self {
        self.delimiter = by;
        self.was_hinted = Arc::clone(was_hinted);
        self
    }

    /// Whose texts are in this encoding.
    pub(crate) const fn encoded(mut self, in_this: Option<&'static Encoding>) -> Self {
        self.encoding = in_this;
        self
    }

    /// Of which a record takes no more than this.
    pub(crate) const fn bounded(mut self, bytes: u64) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// Notes that there are no records, rather than to fail for it.
    pub(crate) fn noting(mut self, missing: Missing) -> Self {
        self.missing = Some(missing);
        self
    }

    /// Notes whether answers have what the path wants, where they may lack it.
    pub(crate) fn watching(mut self, lookup: Option<PathLookup>) -> Self {
        self.lookup = lookup;
        self
    }

    /// The format of an answer with these headers, from this address.
    pub(crate) fn format(&self, kind: Kind, headers: &HeaderMap, url: &Url) -> Arc<dyn Format> {
        let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let given = given.unwrap_or_default();
        let mut reading = self.clone();
        reading.told = recoded::told(given);
        let format = reading.plain(kind, given, url);
        match kind {
            Kind::Zip => format,
            Kind::Auto => Arc::new(MaybePacked::named(format, reading.by_names())),
            _ => Arc::new(MaybePacked::of(format)),
        }
    }

    /// The format of what is in no archive.
    fn plain(&self, kind: Kind, given: &str, url: &Url) -> Arc<dyn Format> {
        match kind {
            Kind::Auto => self.by_type(given, url),
            Kind::Json => self.json(),
            Kind::JsonLines => self.json_lines(),
            Kind::Csv => self.csv(b','),
            Kind::Tsv => self.csv(b'\t'),
            Kind::Xml => self.xml(),
            Kind::Zip => Arc::new(self.clone().zip()),
        }
    }

    fn by_type(&self, given: &str, url: &Url) -> Arc<dyn Format> {
        let kind = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            // Those say nothing of what is inside.
            "application/gzip"
            | "application/x-gzip"
            | "application/a-gzip"
            | "application/octet-stream"
            | "binary/octet-stream"
            | "application/x-download"
            | "application/force-download" => self.by_name(url.path()),
            "application/zip" | "application/x-zip-compressed" => Arc::new(self.clone().zip()),
            "text/csv" | "application/csv" => self.csv(b','),
            "text/tab-separated-values" => self.csv(b'\t'),
            "text/xml" | "application/xml" => self.xml(),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/json-lines"
            | "application/x-json-stream"
            | "application/stream+json" => self.json_lines(),
            kind if kind.ends_with("+xml") => self.xml(),
            _ => self.json(),
        }
    }

    /// A zip whose files go by their names.
    fn zip(self) -> Zip {
        Zip::named(self.by_names())
    }

    /// The formats of files by their names.
    fn by_names(self) -> Box<FormatOf> {
        Box::new(move |name| self.by_name(name))
    }

    /// The format of a file.
    fn by_name(&self, name: &str) -> Arc<dyn Format> {
        let name = name.to_ascii_lowercase();
        let (name, is_gzip) = match name.strip_suffix(".gz") {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let inside = match name.rsplit('.').next() {
            Some("csv") => self.csv(b','),
            Some("tsv") => self.csv(b'\t'),
            Some("xml") => self.xml(),
            Some("jsonl" | "ndjson") => self.json_lines(),
            _ => self.json(),
        };
        if is_gzip { Arc::new(Gzip::of(inside)) } else { inside }
    }

    fn recoded(&self, format: Arc<dyn Format>) -> Arc<dyn Format> {
        let written_in = self.encoding.map_or(self.told, WrittenIn::Said);
        Arc::new(Recoded { format, written_in })
    }

    fn json(&self) -> Arc<dyn Format> {
        let json = Json::at(self.records.clone()).noting(self.missing.clone());
        let json = json.watching(self.lookup.clone());
        self.recoded(Arc::new(json.max_record_bytes(self.max_record_bytes)))
    }

    fn json_lines(&self) -> Arc<dyn Format> {
        match self.records.around().is_any() {
            true => Arc::new(Refused("JSON lines")),
            false => {
                self.recoded(Arc::new(JsonLines::new().max_record_bytes(self.max_record_bytes)))
            }
        }
    }

    fn csv(&self, delimiter: u8) -> Arc<dyn Format> {
        let csv = Csv::new().delimiter(self.delimiter.unwrap_or(delimiter));
        let csv = csv.max_record_bytes(self.max_record_bytes);
        let csv = match self.delimiter {
            Some(_) => csv,
            None => csv.hinting(Arc::clone(&self.was_hinted)),
        };
        self.or_json(csv, "CSV")
    }

    fn xml(&self) -> Arc<dyn Format> {
        let xml = Xml::at(self.records.clone()).noting(self.missing.clone());
        let xml = xml.max_record_bytes(self.max_record_bytes);
        self.or_json(Watched { xml, lookup: self.lookup.clone() }, "XML")
    }

    fn or_json(&self, format: impl Format + 'static, name: &'static str) -> Arc<dyn Format> {
        if self.records.around().is_any() {
            return Arc::new(Refused(name));
        }
        match &self.missing {
            Some(missing) => self.recoded(Arc::new(OrJson::new(format, name, missing.clone()))),
            None => self.recoded(Arc::new(format)),
        }
    }
}
